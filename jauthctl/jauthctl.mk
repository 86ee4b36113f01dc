# SPDX-License-Identifier: GPL-3.0-or-later
# libjauthctl.la is the whole program but main(), so that tests link the same objects.
noinst_LTLIBRARIES += libjauthctl.la
libjauthctl_la_SOURCES = \
	jauthctl/admin.c \
	jauthctl/args.c jauthctl/args.h \
	jauthctl/break-glass.c \
	jauthctl/bus.c jauthctl/bus.h \
	jauthctl/child.c jauthctl/child.h \
	jauthctl/command.h jauthctl/commands.c jauthctl/complain.c jauthctl/directory.c \
	jauthctl/jobs.c \
	jauthctl/doctor.c jauthctl/doctor.h jauthctl/doctor-config.c jauthctl/doctor-daemons.c \
	jauthctl/doctor-directories.c \
	jauthctl/doctor-files.c \
	jauthctl/doctor-names.c jauthctl/doctor-net.c jauthctl/doctor-pam.c jauthctl/doctor-sshd.c \
	jauthctl/http-call.c jauthctl/http-call.h \
	jauthctl/link-file.c jauthctl/link-file.h \
	jauthctl/link-request.c jauthctl/link-request.h \
	jauthctl/links.c \
	jauthctl/listing.c jauthctl/listing.h \
	jauthctl/local-socket.c jauthctl/local-socket.h \
	jauthctl/log.c \
	jauthctl/message.c jauthctl/message.h \
	jauthctl/method-add.c jauthctl/method-add.h jauthctl/method-change.c \
	jauthctl/method-show.c jauthctl/method-write.c \
	jauthctl/methods.c \
	jauthctl/moment.c jauthctl/moment.h \
	jauthctl/own-name.c jauthctl/own-name.h \
	jauthctl/pam-stack.c jauthctl/pam-stack.h \
	jauthctl/phones.c \
	jauthctl/relay.c jauthctl/relay-call.c jauthctl/relay-call.h jauthctl/relay-enrol.c \
	jauthctl/relay-files.c jauthctl/relay-files.h \
	jauthctl/relay-key.c jauthctl/relay-key.h \
	jauthctl/row-file.c jauthctl/row-file.h \
	jauthctl/sessions.c \
	jauthctl/service.c jauthctl/service-check.c jauthctl/service-check.h \
	jauthctl/service-enable.c \
	jauthctl/service-files.c jauthctl/service-files.h \
	jauthctl/service-guard.c jauthctl/service-guard.h \
	jauthctl/service-sample.c jauthctl/service-sample.h \
	jauthctl/service-trial.c jauthctl/service-trial.h \
	jauthctl/service-undo.c jauthctl/service-undo.h \
	jauthctl/sshd-effective.c jauthctl/sshd-effective.h \
	jauthctl/setup-ask.c jauthctl/setup-ask.h \
	jauthctl/setup-draft.c jauthctl/setup-draft.h \
	jauthctl/setup-files.c jauthctl/setup-files.h \
	jauthctl/setup-input.c jauthctl/setup-input.h \
	jauthctl/setup-service.c jauthctl/setup-service.h \
	jauthctl/table.c jauthctl/table.h \
	jauthctl/talk.c jauthctl/talk.h \
	jauthctl/terminal.c jauthctl/terminal.h \
	jauthctl/totp.c \
	jauthctl/try.c \
	jauthctl/people.c jauthctl/set-uid.c jauthctl/users.c \
	jauthctl/verdict.c jauthctl/verdict.h \
	jauthctl/wizard.c jauthctl/wizard.h
libjauthctl_la_CFLAGS = $(AM_CFLAGS) $(DBUS_CFLAGS) $(JANSSON_CFLAGS) \
	-DJAUTH_PAM_SAMPLES='"$(jauthpamdir)"' -DJAUTH_PAMDIR='"$(pamdir)"'
libjauthctl_la_LIBADD = libjauth-client.la libjauth-base.la $(DBUS_LIBS) $(JANSSON_LIBS) -lpam

# In its folder: a program can not have the name of a folder beside it.
bin_PROGRAMS += jauthctl/jauthctl
jauthctl_jauthctl_SOURCES = jauthctl/jauthctl.c
jauthctl_jauthctl_CFLAGS = $(libjauthctl_la_CFLAGS)
jauthctl_jauthctl_LDADD = libjauthctl.la
jauthctl_jauthctl_LDFLAGS = $(PIE_LINK)

# Completion is found by the file's name.
dist_bashcompletion_DATA = jauthctl/completion/jauthctl
dist_zshcompletion_DATA = jauthctl/completion/_jauthctl
