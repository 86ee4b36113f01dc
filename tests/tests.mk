# SPDX-License-Identifier: GPL-3.0-or-later
EXTRA_DIST += runtests quickstart bootstrap tests/common.sh tests/packages tests/layers \
	tests/check-installed tests/junit-cases tests/e2e

noinst_PROGRAMS += qrshow
qrshow_SOURCES = tests/e2e/qrshow.c
qrshow_LDFLAGS = $(PIE_LINK)
qrshow_LDADD = libjauthd.la
