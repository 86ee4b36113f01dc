# SPDX-License-Identifier: GPL-3.0-or-later

# Samples for /etc/pam.d: who wants them copies them there.
jauthpamdir = $(jauthdatadir)/pam
dist_jauthpam_DATA = conf/pam/jauth-console conf/pam/jauth-remote

# Files that name installed paths are made from their .in.
SUBSTITUTE = $(AM_V_GEN)$(MKDIR_P) conf && sed \
	-e 's,@sbindir[@],$(sbindir),g' \
	-e 's,@jauthlibexecdir[@],$(jauthlibexecdir),g' \
	-e 's,@jauthconfdir[@],$(jauthconfdir),g' \
	-e 's,@localstatedir[@],$(localstatedir),g'
substituted = conf/jauthd.service conf/jauth-http.service conf/jauth-http.socket \
	conf/jauth.tmpfiles conf/org.jauth1.service
EXTRA_DIST += $(substituted:=.in) conf/jauth.sysusers
CLEANFILES += $(substituted)
$(substituted): $(substituted:=.in) Makefile
	$(SUBSTITUTE) $(srcdir)/$@.in >$@.new && mv -f $@.new $@

systemdsystemunit_DATA = conf/jauthd.service conf/jauth-http.service conf/jauth-http.socket
dbusservice_DATA = conf/org.jauth1.service
dist_dbuspolicy_DATA = conf/org.jauth1.conf
noinst_DATA = conf/jauth.tmpfiles

# sysusers.d and tmpfiles.d want the package's name with their own suffix.
install-data-local: install-jauthd-conf
	$(MKDIR_P) "$(DESTDIR)$(sysusersdir)" "$(DESTDIR)$(tmpfilesdir)"
	$(INSTALL_DATA) $(srcdir)/conf/jauth.sysusers "$(DESTDIR)$(sysusersdir)/jauth.conf"
	$(INSTALL_DATA) conf/jauth.tmpfiles "$(DESTDIR)$(tmpfilesdir)/jauth.conf"

uninstall-local: uninstall-jauthd-conf
	rm -f "$(DESTDIR)$(sysusersdir)/jauth.conf" "$(DESTDIR)$(tmpfilesdir)/jauth.conf"

# jauthd's configuration. A file that is there already belongs to the sysadmin and stays.
EXTRA_DIST += conf/jauthd.conf
install-jauthd-conf:
	$(MKDIR_P) '$(DESTDIR)$(jauthconfdir)/jauthd.conf.d'
	test -e '$(DESTDIR)$(jauthconfdir)/jauthd.conf' || \
		$(INSTALL_DATA) '$(srcdir)/conf/jauthd.conf' '$(DESTDIR)$(jauthconfdir)/jauthd.conf'
# Only what was not changed goes away again.
uninstall-jauthd-conf:
	! cmp -s '$(srcdir)/conf/jauthd.conf' '$(DESTDIR)$(jauthconfdir)/jauthd.conf' || \
		rm -f '$(DESTDIR)$(jauthconfdir)/jauthd.conf'
	rmdir '$(DESTDIR)$(jauthconfdir)/jauthd.conf.d' '$(DESTDIR)$(jauthconfdir)' 2>/dev/null || :
.PHONY: install-jauthd-conf uninstall-jauthd-conf
