# SPDX-License-Identifier: GPL-3.0-or-later
EXTRA_DIST += runtests quickstart bootstrap tests/common.sh tests/packages tests/layers \
	tests/check-installed tests/junit-cases tests/e2e docs/login.png

noinst_PROGRAMS += qrshow
qrshow_SOURCES = tests/e2e/qrshow.c
qrshow_LDFLAGS = $(PIE_LINK)
qrshow_LDADD = libjauthd.la

# A program that uses PAM, for tests/e2e/test_pam.py.
noinst_PROGRAMS += tests/e2e/pamclient
tests_e2e_pamclient_SOURCES = tests/e2e/pamclient.c
tests_e2e_pamclient_LDADD = -lpam
