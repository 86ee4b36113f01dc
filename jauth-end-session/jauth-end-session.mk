# SPDX-License-Identifier: GPL-3.0-or-later
# In its folder: a program can not have the name of a folder beside it.
jauthlibexec_PROGRAMS += jauth-end-session/jauth-end-session

# The whole program but main.c, so that tests link the same objects. It runs as root: of our
# libraries it has nothing, of others' libdbus.
noinst_LTLIBRARIES += libjauth-end-session.la
libjauth_end_session_la_SOURCES = \
	base/end-session.c base/end-session.h \
	jauth-end-session/linger.c \
	jauth-end-session/logind.c jauth-end-session/logind.h \
	jauth-end-session/processes.c jauth-end-session/processes.h \
	jauth-end-session/session.c jauth-end-session/session.h
libjauth_end_session_la_CFLAGS = $(AM_CFLAGS) $(DBUS_CFLAGS)
libjauth_end_session_la_LIBADD = $(DBUS_LIBS)

jauth_end_session_jauth_end_session_SOURCES = jauth-end-session/main.c
jauth_end_session_jauth_end_session_LDADD = libjauth-end-session.la $(DBUS_LIBS)
jauth_end_session_jauth_end_session_LDFLAGS = $(PIE_LINK)
