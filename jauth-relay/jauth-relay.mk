# SPDX-License-Identifier: GPL-3.0-or-later
# libjauth-relay.la is the whole program but main.c, so that tests link the same objects.
noinst_LTLIBRARIES += libjauth-relay.la
libjauth_relay_la_SOURCES = \
	jauth-relay/api.c jauth-relay/api.h \
	jauth-relay/api-events.c jauth-relay/api-keys.c jauth-relay/api-links.c \
	jauth-relay/api-pushes.c \
	jauth-relay/app.c jauth-relay/app.h \
	jauth-relay/bytes.c jauth-relay/bytes.h \
	jauth-relay/change.c jauth-relay/change.h \
	jauth-relay/config.c jauth-relay/config.h \
	jauth-relay/expiry.c jauth-relay/expiry.h \
	jauth-relay/files.c jauth-relay/files.h \
	jauth-relay/hosts.c jauth-relay/hosts.h \
	jauth-relay/hosts-cli.c jauth-relay/hosts-cli.h \
	jauth-relay/hosts-file.c jauth-relay/hosts-file.h jauth-relay/hosts-line.c \
	jauth-relay/limits.h \
	jauth-relay/link.c jauth-relay/link-bytes.c jauth-relay/link-confirm.c \
	jauth-relay/link-json.c jauth-relay/link.h jauth-relay/link-private.h \
	jauth-relay/listen.c jauth-relay/listen.h \
	jauth-relay/listeners.c jauth-relay/listeners.h \
	jauth-relay/metrics.c jauth-relay/metrics.h \
	jauth-relay/mini.c jauth-relay/mini.h \
	jauth-relay/page.c jauth-relay/page-apps.c jauth-relay/page-dingtalk.c \
	jauth-relay/page-parts.c jauth-relay/page-text.c jauth-relay/page.h \
	jauth-relay/page-private.h jauth-relay/page-text.h \
	jauth-relay/phone.c jauth-relay/phone-answer.c jauth-relay/phone-callback.c \
	jauth-relay/phone-dingtalk.c jauth-relay/phone-mini.c jauth-relay/phone-press.c \
	jauth-relay/phone-rules.c jauth-relay/phone.h jauth-relay/phone-mini.h \
	jauth-relay/phone-private.h \
	jauth-relay/push.c jauth-relay/push.h \
	jauth-relay/pushes.c jauth-relay/pushes.h \
	jauth-relay/records.c jauth-relay/records.h \
	jauth-relay/relay.h \
	jauth-relay/request.c jauth-relay/request.h \
	jauth-relay/routes.c jauth-relay/routes.h \
	jauth-relay/server.c jauth-relay/server-exchange.c jauth-relay/server.h \
	jauth-relay/server-private.h \
	jauth-relay/slow.c jauth-relay/slow.h \
	jauth-relay/store.c jauth-relay/store.h jauth-relay/store-private.h \
	jauth-relay/store-memory.c \
	jauth-relay/store-redis.c jauth-relay/store-redis-connection.c \
	jauth-relay/store-redis-request.c jauth-relay/store-redis-scripts.c \
	jauth-relay/store-redis.h \
	jauth-relay/strangers.c jauth-relay/strangers.h \
	jauth-relay/waits.c jauth-relay/waits.h
libjauth_relay_la_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(HIREDIS_CFLAGS) $(MICROHTTPD_CFLAGS)
libjauth_relay_la_LIBADD = libjauth-base.la $(SYSTEMD_LIBS) $(HIREDIS_LIBS) $(MICROHTTPD_LIBS)

# In its folder: a program can not have the name of a folder beside it.
sbin_PROGRAMS += jauth-relay/jauth-relay
jauth_relay_jauth_relay_SOURCES = jauth-relay/main.c base/wipe-free.c
jauth_relay_jauth_relay_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
jauth_relay_jauth_relay_LDADD = libjauth-relay.la $(SYSTEMD_LIBS)
jauth_relay_jauth_relay_LDFLAGS = $(PIE_LINK)
