# SPDX-License-Identifier: GPL-3.0-or-later
# libjauth-base: helpers for the programs. libjauth-protocol: what the module shares with them.
# base/wipe-free.c is in neither: jauthd and jauth-http name it among their own sources.
noinst_LTLIBRARIES += libjauth-base.la libjauth-protocol.la

libjauth_base_la_SOURCES = \
	base/buf.c base/buf.h \
	base/catalog.c base/catalog.h \
	base/conf.c base/conf-apply.c base/conf.h \
	base/crypto.c base/crypto.h \
	base/digits.c base/digits.h base/glass-code.c base/glass-code.h \
	base/end-session.c base/end-session.h \
	base/file.c base/file.h \
	base/http-message.c base/http-message.h \
	base/json.c base/json.h \
	base/jws.c base/jws.h \
	base/log.c base/log.h \
	base/macro.h \
	base/nearest.c base/nearest.h \
	base/parameters.c base/parameters.h \
	base/people-list.c base/people-list.h \
	base/phone.c base/phone.h \
	base/program.c base/program.h \
	base/relay-protocol.c base/relay-protocol.h \
	base/secret.c base/secret.h \
	base/secret-file.c base/secret-file.h \
	base/snapshot.c base/snapshot-form.c base/snapshot-form.h base/snapshot.h \
	base/snapshot-write.c \
	base/ssh-key.c base/ssh-key.h \
	base/text.c base/text.h \
	base/totp.c base/totp.h \
	base/traces.c base/traces.h \
	base/uid-overrides.c base/uid-overrides.h \
	base/url.c base/url.h
libjauth_base_la_CPPFLAGS = $(AM_CPPFLAGS)
libjauth_base_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(JOSE_CFLAGS) $(CRYPTO_CFLAGS)
libjauth_base_la_LIBADD = $(JOSE_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS)

libjauth_protocol_la_SOURCES = base/login-protocol.c base/login-protocol.h
libjauth_protocol_la_CFLAGS = $(AM_CFLAGS) $(DBUS_CFLAGS)
libjauth_protocol_la_LIBADD = $(DBUS_LIBS)

# The socket between jauthd and jauth-http, for those two only: it needs the loop.
noinst_LTLIBRARIES += libjauth-stream.la
libjauth_stream_la_SOURCES = base/http-stream.c base/http-stream.h
libjauth_stream_la_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
libjauth_stream_la_LIBADD = $(SYSTEMD_LIBS)
