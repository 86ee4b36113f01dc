# SPDX-License-Identifier: GPL-3.0-or-later

noinst_PROGRAMS += fuzz-catalog
fuzz_catalog_SOURCES = tests/fuzz/fuzz-catalog.c
fuzz_catalog_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_catalog_LDADD = libjauth-base.la
