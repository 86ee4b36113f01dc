# SPDX-License-Identifier: GPL-3.0-or-later

# Samples for /etc/pam.d: who wants them copies them there.
jauthpamdir = $(jauthdatadir)/pam
dist_jauthpam_DATA = conf/pam/jauth-console conf/pam/jauth-remote
