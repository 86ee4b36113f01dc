# SPDX-License-Identifier: GPL-3.0-or-later
# libjauth-client: a login through jauthd without PAM, for the module and jauthctl.
# libpam-jauth: the whole module, so that tests link the same objects; pam_jauth.so adds the
# symbol list. Neither links libjauth-base: the module brings nothing but libdbus into sshd.
noinst_LTLIBRARIES += libjauth-client.la libpam-jauth.la
pam_LTLIBRARIES = pam_jauth.la
EXTRA_DIST += pam_jauth/pam_jauth.sym

libjauth_client_la_SOURCES = \
	pam_jauth/begin.c pam_jauth/begin.h \
	pam_jauth/client.c pam_jauth/client.h \
	pam_jauth/deadline.h \
	pam_jauth/screen.c pam_jauth/screen.h
libjauth_client_la_CFLAGS = $(AM_CFLAGS) $(DBUS_CFLAGS)
libjauth_client_la_LIBADD = libjauth-protocol.la $(DBUS_LIBS)

libpam_jauth_la_SOURCES = \
	pam_jauth/conversation.c pam_jauth/conversation.h \
	pam_jauth/exempt.c pam_jauth/exempt.h \
	pam_jauth/hangup.c pam_jauth/hangup.h \
	pam_jauth/login.c pam_jauth/login.h \
	pam_jauth/options.c pam_jauth/options.h \
	pam_jauth/outcome.c pam_jauth/outcome.h \
	pam_jauth/pam_jauth.c \
	pam_jauth/session.c pam_jauth/session.h
libpam_jauth_la_LIBADD = libjauth-client.la -lpam

# Every symbol must be found when the module is linked; the sanitizers' are in the program.
if !SANITIZERS
if !FUZZING
MODULE_DEFS = -Wl,-z,defs
endif
endif

# nodelete: libdbus keeps state that must not lose its code when PAM unloads us.
pam_jauth_la_SOURCES =
pam_jauth_la_LIBADD = libpam-jauth.la
pam_jauth_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared $(MODULE_DEFS) \
	-Wl,-z,nodelete -Wl,--version-script=$(top_srcdir)/pam_jauth/pam_jauth.sym
pam_jauth_la_DEPENDENCIES = libpam-jauth.la pam_jauth/pam_jauth.sym

# Nobody links a PAM module.
install-data-hook:
	rm -f $(DESTDIR)$(pamdir)/pam_jauth.la
uninstall-hook:
	rm -f $(DESTDIR)$(pamdir)/pam_jauth.so
