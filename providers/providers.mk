# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LTLIBRARIES += libjauth-providers.la
libjauth_providers_la_SOURCES = providers/provider.h
libjauth_providers_la_CFLAGS = $(AM_CFLAGS)
libjauth_providers_la_LIBADD = libjauth-base.la
libjauth_providers_la_SOURCES += providers/password-rule.c providers/password-rule.h providers/password.c
