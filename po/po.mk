# SPDX-License-Identifier: GPL-3.0-or-later
# Translations. One more language: po/NAME.po, its lines here, its row in base/catalog.c.
EXTRA_DIST += po/jauth.pot po/zh_CN.po po/update
TESTS += po/update
CLEANFILES += po/zh_CN/LC_MESSAGES/jauth.mo

zh_CN_modir = $(localedir)/zh_CN/LC_MESSAGES
zh_CN_mo_DATA = po/zh_CN/LC_MESSAGES/jauth.mo

# -c also compares the printf conversions; little-endian is what base/catalog.c reads.
po/zh_CN/LC_MESSAGES/jauth.mo: po/zh_CN.po
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(MSGFMT) -c --endianness=little -o $@ $<
