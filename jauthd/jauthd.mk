# SPDX-License-Identifier: GPL-3.0-or-later
# libjauthd.la is the whole daemon but main.c, so that tests link the same objects.
noinst_LTLIBRARIES += libjauthd.la
libjauthd_la_SOURCES = jauthd/qr.c jauthd/qr.h
libjauthd_la_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(DBUS_CFLAGS) $(SQLITE_CFLAGS) \
	$(QRENCODE_CFLAGS) $(XCRYPT_CFLAGS) $(CRYPTO_CFLAGS)
libjauthd_la_LIBADD = libjauth-base.la libjauth-protocol.la libjauth-providers.la \
	$(SYSTEMD_LIBS) $(DBUS_LIBS) $(SQLITE_LIBS) $(QRENCODE_LIBS) $(XCRYPT_LIBS) $(CRYPTO_LIBS)
libjauthd_la_SOURCES += jauthd/accounts.c jauthd/accounts.h jauthd/audit.c jauthd/audit.h \
	jauthd/names.c jauthd/names.h jauthd/password.c jauthd/password.h \
	jauthd/password-check.c jauthd/password-check.h jauthd/throttle.c jauthd/throttle.h
libjauthd_la_SOURCES += jauthd/enrolments.c jauthd/enrolments.h jauthd/glass.c jauthd/glass.h \
	jauthd/login-glass.c jauthd/bus-glass.c \
	jauthd/keyed-hash.c \
	jauthd/keyed-hash.h jauthd/phones.c jauthd/phones.h
libjauthd_la_SOURCES += jauthd/host-ids.c jauthd/host-ids.h jauthd/people.c jauthd/people.h \
	jauthd/people-claim.c jauthd/people-collisions.c jauthd/people-collisions.h \
	jauthd/people-groups.c jauthd/people-locks.c jauthd/people-uids.c \
	jauthd/publish.c jauthd/publish.h jauthd/publish-picture.c jauthd/publish-picture.h
libjauthd_la_SOURCES += jauthd/store-schema.c jauthd/store-schema.h jauthd/store.c jauthd/store.h \
	jauthd/worker.c jauthd/worker.h
libjauthd_la_SOURCES += jauthd/address.c jauthd/address.h jauthd/check.c jauthd/check.h \
	jauthd/config.c jauthd/config.h jauthd/config-accounts.c jauthd/config-gateways.c jauthd/config-general.c \
	jauthd/config-methods.c jauthd/config-parts.c jauthd/config-parts.h \
	jauthd/config-offline.c jauthd/config-registration.c jauthd/config-services.c jauthd/mapping.c jauthd/mapping.h jauthd/policy.c jauthd/policy.h
libjauthd_la_SOURCES += jauthd/bus.c jauthd/bus.h jauthd/bus-accounts.h jauthd/bus-admin.c \
	jauthd/bus-admin.h jauthd/bus-audit.c jauthd/bus-audit.h jauthd/bus-reload.c \
	jauthd/bus-limits.c jauthd/bus-limits.h jauthd/bus-links.c jauthd/bus-loop.c jauthd/bus-loop.h \
	jauthd/bus-login.c jauthd/bus-login.h jauthd/bus-people.c jauthd/bus-phones.c jauthd/bus-users.c \
	jauthd/bus-work.c jauthd/bus-work.h jauthd/channel.c jauthd/channel.h \
	jauthd/core.h jauthd/bus-facts.c jauthd/bus-facts.h jauthd/limits.h
libjauthd_la_SOURCES += jauthd/http.c jauthd/http.h jauthd/relay.c jauthd/relay.h \
	jauthd/relay-events.c jauthd/relay-private.h jauthd/relay-push.c \
	jauthd/relay-server.c \
	jauthd/relay-message.c jauthd/relay-message.h jauthd/config-relay.c \
	jauthd/login-push.c jauthd/login-relay.c jauthd/login-ways.c
libjauthd_la_SOURCES += jauthd/codes.c jauthd/codes.h
libjauthd_la_SOURCES += jauthd/config-directories.c jauthd/directory-batch.c \
	jauthd/directory-batch.h jauthd/directory-departments.c \
	jauthd/directory-departments.h jauthd/directory-file.c jauthd/directory-file.h \
	jauthd/directory-keeping.c jauthd/directory-keeping.h \
	jauthd/directory-listing.c jauthd/directory-listing.h \
	jauthd/directory-loading.c jauthd/directory-loading.h \
	jauthd/directory-member.c jauthd/directory-member.h jauthd/directory-report.c \
	jauthd/directory-report.h jauthd/directory-scan.c \
	jauthd/directory-stage.c jauthd/directory-stage.h jauthd/login-list.c \
	jauthd/directory.c jauthd/directory.h jauthd/directory-apply.c jauthd/directory-apply.h \
	jauthd/directory-audit.c jauthd/directory-private.h jauthd/directory-run.c
libjauthd_la_SOURCES += jauthd/bus-directories.c jauthd/bus-requests.c jauthd/bus-setup.c \
	jauthd/bus-ways.c jauthd/requests.c jauthd/requests.h
libjauthd_la_SOURCES += jauthd/login-link.c jauthd/login-link-decide.c jauthd/notices.c \
	jauthd/notices.h jauthd/bus-own.c jauthd/bus-rates.c jauthd/bus-rates.h \
	jauthd/key-refresh.c jauthd/key-refresh.h jauthd/login-quiet.c jauthd/notify.c \
	jauthd/notify.h jauthd/ssh-keys.c jauthd/ssh-keys.h
libjauthd_la_SOURCES += jauthd/console.c jauthd/console.h jauthd/good-login.c jauthd/good-login.h \
	jauthd/login-offline.c jauthd/login-offline-decide.c
libjauthd_la_SOURCES += jauthd/metrics.c jauthd/metrics.h
libjauthd_la_SOURCES += jauthd/bus-sessions.c jauthd/sessions.c jauthd/sessions.h \
	jauthd/sessions-helper.c jauthd/sessions-helper.h jauthd/sessions-keeper.c
libjauthd_la_SOURCES += jauthd/login.c jauthd/login.h jauthd/login-checks.c \
	jauthd/login-checks.h jauthd/login-codes.c jauthd/login-decide.c jauthd/login-identity.c \
	jauthd/login-life.c jauthd/login-look-up.c jauthd/login-newcomer.c jauthd/login-phases.c \
	jauthd/login-private.h \
	jauthd/login-provider.c jauthd/login-row.c jauthd/login-screen.c jauthd/login-verdict.c \
	jauthd/login-verdict.h jauthd/login-view.c jauthd/logins.c jauthd/logins.h jauthd/preparations.c \
	jauthd/preparations.h
libjauthd_la_SOURCES += jauthd/budget.c jauthd/budget.h jauthd/budget-call.c \
	jauthd/budget-private.h jauthd/budget-rows.c jauthd/budget-rules.c jauthd/budget-stops.c jauthd/budget-watch.c
libjauthd_la_LIBADD += libjauth-stream.la

sbin_PROGRAMS += jauthd/jauthd
jauthd_jauthd_SOURCES = jauthd/main.c base/wipe-free.c
nodist_jauthd_jauthd_SOURCES = jauthd/org.jauth1.xml.h
jauthd_jauthd_CFLAGS = $(libjauthd_la_CFLAGS)
jauthd_jauthd_LDFLAGS = $(PIE_LINK)
jauthd_jauthd_LDADD = libjauthd.la

# The interfaces as a C string.
BUILT_SOURCES += jauthd/org.jauth1.xml.h
CLEANFILES += jauthd/org.jauth1.xml.h
jauthd/org.jauth1.xml.h: $(srcdir)/jauthd/org.jauth1.xml
	$(AM_V_GEN)$(MKDIR_P) jauthd && { \
		echo 'static const char introspection_xml[] ='; \
		sed -e 's/[\\"]/\\&/g' -e 's/.*/	"&\\n"/' $(srcdir)/jauthd/org.jauth1.xml; \
		echo '	;'; } >$@
dist_dbusinterfaces_DATA = jauthd/org.jauth1.xml
