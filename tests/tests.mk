# SPDX-License-Identifier: GPL-3.0-or-later
EXTRA_DIST += runtests quickstart bootstrap tests/common.sh tests/packages tests/layers \
	tests/check-installed tests/junit-cases tests/README.md tests/e2e tests/fuzz/seeds docs/login.png docs/relay.png

# EXTRA_DIST takes tests/e2e whole, from the build too: what was made there stays at home. An
# object in the release would be found through VPATH and then missed by the linker.
dist-hook:
	cd '$(distdir)/tests/e2e' && rm -f *.o *.lo *.la .dirstamp pamclient relaystore \
		makeperson snapshotwrite && \
		find . '(' -name .deps -o -name .libs -o -name __pycache__ ')' -prune \
			-exec rm -r {} +

noinst_PROGRAMS += qrshow
qrshow_SOURCES = tests/e2e/qrshow.c
qrshow_LDFLAGS = $(PIE_LINK)
qrshow_LDADD = libjauthd.la

# A program that uses PAM, for tests/e2e/test_pam.py.
noinst_PROGRAMS += tests/e2e/pamclient
tests_e2e_pamclient_SOURCES = tests/e2e/pamclient.c
tests_e2e_pamclient_LDADD = -lpam

# People in a database, for tests/e2e/test_uids.py.
noinst_PROGRAMS += tests/e2e/makeperson
tests_e2e_makeperson_SOURCES = tests/e2e/makeperson.c
tests_e2e_makeperson_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
tests_e2e_makeperson_LDFLAGS = $(PIE_LINK)
tests_e2e_makeperson_LDADD = libjauthd.la

# A snapshot of the user database, for tests/e2e/test_userdb.py and the benchmark.
noinst_PROGRAMS += tests/e2e/snapshotwrite
tests_e2e_snapshotwrite_SOURCES = tests/e2e/snapshotwrite.c
tests_e2e_snapshotwrite_LDADD = libjauth-base.la

# A clock that tests move, preloaded into jauthd; tests/e2e/clock.py.
noinst_LTLIBRARIES += tests/e2e/movedclock.la
tests_e2e_movedclock_la_SOURCES = tests/e2e/movedclock.c
tests_e2e_movedclock_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
noinst_LTLIBRARIES += tests/e2e/killedat.la
tests_e2e_killedat_la_SOURCES = tests/e2e/killedat.c
tests_e2e_killedat_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
