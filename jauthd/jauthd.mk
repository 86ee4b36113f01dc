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
libjauthd_la_SOURCES += jauthd/store-schema.c jauthd/store-schema.h jauthd/store.c jauthd/store.h \
	jauthd/worker.c jauthd/worker.h
libjauthd_la_SOURCES += jauthd/address.c jauthd/address.h jauthd/check.c jauthd/check.h \
	jauthd/config.c jauthd/config.h jauthd/config-methods.c jauthd/config-parts.h \
	jauthd/config-services.c jauthd/mapping.c jauthd/mapping.h jauthd/policy.c jauthd/policy.h
