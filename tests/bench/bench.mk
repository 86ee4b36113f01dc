# SPDX-License-Identifier: GPL-3.0-or-later
# Built on demand by tests/bench/run.
EXTRA_PROGRAMS = bench-load bench-login bench-names bench-unit bench-wait
CLEANFILES += $(EXTRA_PROGRAMS)
EXTRA_DIST += tests/bench/run tests/bench/bench.py tests/bench/bench_directory.py \
	tests/bench/bench_names.py tests/bench/bench_relay.py tests/bench/directory.py \
	tests/bench/measure.py tests/bench/watch.py

bench_load_SOURCES = tests/bench/bench-load.c tests/bench/clock.h
bench_load_LDADD = -lpam -ldl
bench_login_SOURCES = tests/bench/bench-login.c tests/bench/clock.h
bench_login_LDADD = -lpam
bench_names_SOURCES = tests/bench/bench-names.c tests/bench/clock.h
bench_unit_SOURCES = tests/bench/bench-unit.c tests/bench/clock.h
bench_unit_CFLAGS = $(AM_CFLAGS) $(DBUS_CFLAGS) $(XCRYPT_CFLAGS)
bench_unit_LDADD = $(DBUS_LIBS) $(XCRYPT_LIBS)
bench_wait_SOURCES = tests/bench/bench-wait.c tests/bench/clock.h
bench_wait_LDADD = libjauth-client.la
