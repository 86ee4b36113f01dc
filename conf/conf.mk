# SPDX-License-Identifier: GPL-3.0-or-later

# Samples for /etc/pam.d: who wants them copies them there.
jauthpamdir = $(jauthdatadir)/pam
dist_jauthpam_DATA = conf/pam/jauth-console conf/pam/jauth-remote

# Samples for the proxy before jauth-relay.
jauthrelaydir = $(jauthdatadir)/relay
dist_jauthrelay_DATA = conf/nginx-jauth-relay.conf conf/Caddyfile-jauth-relay

# The mini program of the login type wechat-mini-program: who wants it copies it and uploads that.
miniprogramdir = $(jauthdatadir)/wechat-mini-program
miniprogrampagedir = $(miniprogramdir)/pages/login
miniprogram_source = conf/wechat-mini-program
dist_miniprogram_DATA = $(miniprogram_source)/README.md $(miniprogram_source)/app.js \
	$(miniprogram_source)/app.json $(miniprogram_source)/config.js \
	$(miniprogram_source)/project.config.json $(miniprogram_source)/sitemap.json
dist_miniprogrampage_DATA = $(miniprogram_source)/pages/login/flow.js \
	$(miniprogram_source)/pages/login/index.js $(miniprogram_source)/pages/login/index.json \
	$(miniprogram_source)/pages/login/index.wxml $(miniprogram_source)/pages/login/index.wxss \
	$(miniprogram_source)/pages/login/texts.js

# Files that name installed paths are made from their .in.
SUBSTITUTE = $(AM_V_GEN)$(MKDIR_P) conf && sed \
	-e 's,@bindir[@],$(bindir),g' -e 's,@sbindir[@],$(sbindir),g' \
	-e 's,@jauthlibexecdir[@],$(jauthlibexecdir),g' \
	-e 's,@jauthconfdir[@],$(jauthconfdir),g' \
	-e 's,@localstatedir[@],$(localstatedir),g'
substituted = conf/jauthd.service conf/jauth-http.service conf/jauth-http.socket \
	conf/jauth-userdb.service conf/jauth-userdb.socket \
	conf/jauth-relay.service conf/jauth-relay.socket \
	conf/jauth-relay-unix.service conf/jauth-relay-unix.socket \
	conf/jauth-end-session.socket conf/jauth-end-session@.service \
	conf/jauth-service-rollback.service \
	conf/jauth.tmpfiles conf/org.jauth1.service
EXTRA_DIST += $(substituted:=.in) conf/jauth.sysusers
CLEANFILES += $(substituted)
$(substituted): $(substituted:=.in) Makefile
	$(SUBSTITUTE) $(srcdir)/$@.in >$@.new && mv -f $@.new $@

systemdsystemunit_DATA = conf/jauthd.service conf/jauth-http.service conf/jauth-http.socket \
	conf/jauth-userdb.service conf/jauth-userdb.socket \
	conf/jauth-relay.service conf/jauth-relay.socket \
	conf/jauth-relay-unix.service conf/jauth-relay-unix.socket \
	conf/jauth-end-session.socket conf/jauth-end-session@.service \
	conf/jauth-service-rollback.service
dbusservice_DATA = conf/org.jauth1.service
dist_dbuspolicy_DATA = conf/org.jauth1.conf
noinst_DATA = conf/jauth.tmpfiles

# Nobody would think of enabling this one; it does nothing unless something waits.
rollback_unit = jauth-service-rollback.service
rollback_wants = basic.target.wants

# sysusers.d and tmpfiles.d want the package's name with their own suffix.
install-data-local: install-configurations
	$(MKDIR_P) "$(DESTDIR)$(sysusersdir)" "$(DESTDIR)$(tmpfilesdir)"
	$(INSTALL_DATA) $(srcdir)/conf/jauth.sysusers "$(DESTDIR)$(sysusersdir)/jauth.conf"
	$(INSTALL_DATA) conf/jauth.tmpfiles "$(DESTDIR)$(tmpfilesdir)/jauth.conf"
	$(MKDIR_P) "$(DESTDIR)$(systemdsystemunitdir)/$(rollback_wants)"
	cd "$(DESTDIR)$(systemdsystemunitdir)/$(rollback_wants)" && \
		$(LN_S) -f ../$(rollback_unit) $(rollback_unit)

uninstall-local: uninstall-configurations
	rm -f "$(DESTDIR)$(systemdsystemunitdir)/$(rollback_wants)/$(rollback_unit)"
	rm -f "$(DESTDIR)$(sysusersdir)/jauth.conf" "$(DESTDIR)$(tmpfilesdir)/jauth.conf"

# Configuration. A file that is there already belongs to the sysadmin and stays.
configurations = jauthd.conf jauth-relay.conf
EXTRA_DIST += $(configurations:%=conf/%)
install-configurations:
	for f in $(configurations); do \
		$(MKDIR_P) "$(DESTDIR)$(jauthconfdir)/$$f.d" && \
		{ test -e "$(DESTDIR)$(jauthconfdir)/$$f" || \
			$(INSTALL_DATA) "$(srcdir)/conf/$$f" "$(DESTDIR)$(jauthconfdir)/$$f"; } || \
		exit 1; \
	done
# Only what was not changed goes away again.
uninstall-configurations:
	for f in $(configurations); do \
		! cmp -s "$(srcdir)/conf/$$f" "$(DESTDIR)$(jauthconfdir)/$$f" || \
			rm -f "$(DESTDIR)$(jauthconfdir)/$$f"; \
		rmdir "$(DESTDIR)$(jauthconfdir)/$$f.d" 2>/dev/null || :; \
	done
	rmdir "$(DESTDIR)$(jauthconfdir)" 2>/dev/null || :
.PHONY: install-configurations uninstall-configurations
