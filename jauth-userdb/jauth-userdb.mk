# SPDX-License-Identifier: GPL-3.0-or-later
# In its folder: a program can not have the name of a folder beside it.
jauthlibexec_PROGRAMS += jauth-userdb/jauth-userdb

# libjauth-userdb.la is the whole program but main.c, so that tests link the same objects.
noinst_LTLIBRARIES += libjauth-userdb.la
libjauth_userdb_la_SOURCES = \
	jauth-userdb/interfaces.c jauth-userdb/interfaces.h \
	jauth-userdb/limits.h \
	jauth-userdb/records.c jauth-userdb/records.h \
	jauth-userdb/server.c jauth-userdb/server.h \
	jauth-userdb/source.c jauth-userdb/source.h \
	jauth-userdb/varlink.c jauth-userdb/varlink.h
libjauth_userdb_la_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
libjauth_userdb_la_LIBADD = libjauth-base.la $(SYSTEMD_LIBS)

jauth_userdb_jauth_userdb_SOURCES = jauth-userdb/main.c
jauth_userdb_jauth_userdb_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
jauth_userdb_jauth_userdb_LDADD = libjauth-userdb.la $(SYSTEMD_LIBS)
jauth_userdb_jauth_userdb_LDFLAGS = $(PIE_LINK)
