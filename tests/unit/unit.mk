# SPDX-License-Identifier: GPL-3.0-or-later
# One program a module. `make check` runs them all; ./runtests unit does the same.
UNIT_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -DTEST_SOURCE_DIR='"$(abs_top_srcdir)/tests"'
UNIT_LIBS = libjauth-base.la $(CMOCKA_LIBS)

check_PROGRAMS += t-qr
t_qr_SOURCES = tests/unit/t-qr.c
t_qr_CFLAGS = $(UNIT_CFLAGS) $(QRENCODE_CFLAGS)
t_qr_LDADD = libjauthd.la $(UNIT_LIBS) $(QRENCODE_LIBS)

check_PROGRAMS += t-login-protocol
t_login_protocol_SOURCES = tests/unit/t-login-protocol.c
t_login_protocol_CFLAGS = $(UNIT_CFLAGS) $(DBUS_CFLAGS)
t_login_protocol_LDADD = libjauth-protocol.la $(DBUS_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += t-http-message
t_http_message_SOURCES = tests/unit/t-http-message.c
t_http_message_CFLAGS = $(UNIT_CFLAGS)
t_http_message_LDADD = $(UNIT_LIBS)

check_PROGRAMS += t-catalog
t_catalog_SOURCES = tests/unit/t-catalog.c
t_catalog_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_LOCALE_DIR='"$(abs_top_builddir)/po"'
t_catalog_CFLAGS = $(UNIT_CFLAGS)
t_catalog_LDADD = $(UNIT_LIBS)
