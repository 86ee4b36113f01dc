# SPDX-License-Identifier: GPL-3.0-or-later
# In its folder: a program can not have the name of a folder beside it.
jauthlibexec_PROGRAMS += jauth-http/jauth-http

# libjauth-http.la is the whole program but main.c, so that tests link the same objects.
noinst_LTLIBRARIES += libjauth-http.la
libjauth_http_la_SOURCES = \
	jauth-http/address.c jauth-http/address.h \
	jauth-http/limits.h \
	jauth-http/server.c jauth-http/server.h \
	jauth-http/tls.c jauth-http/tls.h \
	jauth-http/transfer.c jauth-http/transfer.h \
	jauth-http/transfers.c jauth-http/transfers.h
libjauth_http_la_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(CURL_CFLAGS) $(OPENSSL_CFLAGS)
libjauth_http_la_LIBADD = libjauth-stream.la libjauth-base.la $(SYSTEMD_LIBS) $(CURL_LIBS) \
	$(OPENSSL_LIBS)

jauth_http_jauth_http_SOURCES = jauth-http/main.c base/wipe-free.c
jauth_http_jauth_http_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(CURL_CFLAGS)
jauth_http_jauth_http_LDADD = libjauth-http.la $(SYSTEMD_LIBS) $(CURL_LIBS)
jauth_http_jauth_http_LDFLAGS = $(PIE_LINK)
