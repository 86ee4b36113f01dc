# SPDX-License-Identifier: GPL-3.0-or-later

noinst_PROGRAMS += fuzz-catalog
fuzz_catalog_SOURCES = tests/fuzz/fuzz-catalog.c
fuzz_catalog_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_catalog_LDADD = libjauth-base.la

noinst_PROGRAMS += fuzz-conf fuzz-json fuzz-parameters fuzz-url
fuzz_conf_SOURCES = tests/fuzz/fuzz-conf.c
fuzz_conf_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_conf_LDADD = libjauth-base.la
fuzz_json_SOURCES = tests/fuzz/fuzz-json.c
fuzz_json_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_json_LDADD = libjauth-base.la
fuzz_parameters_SOURCES = tests/fuzz/fuzz-parameters.c
fuzz_parameters_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_parameters_LDADD = libjauth-base.la
fuzz_url_SOURCES = tests/fuzz/fuzz-url.c
fuzz_url_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_url_LDADD = libjauth-base.la

noinst_PROGRAMS += fuzz-snapshot
fuzz_snapshot_SOURCES = tests/fuzz/fuzz-snapshot.c
fuzz_snapshot_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_snapshot_LDADD = libjauth-base.la

noinst_PROGRAMS += fuzz-userdb
fuzz_userdb_SOURCES = tests/fuzz/fuzz-userdb.c
fuzz_userdb_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_userdb_LDADD = libjauth-userdb.la

noinst_PROGRAMS += fuzz-glass-code
fuzz_glass_code_SOURCES = tests/fuzz/fuzz-glass-code.c
fuzz_glass_code_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_glass_code_LDADD = libjauth-base.la

noinst_PROGRAMS += fuzz-phone
fuzz_phone_SOURCES = tests/fuzz/fuzz-phone.c
fuzz_phone_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_phone_LDADD = libjauth-base.la

noinst_PROGRAMS += fuzz-people-list
fuzz_people_list_SOURCES = tests/fuzz/fuzz-people-list.c
fuzz_people_list_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_people_list_LDADD = libjauth-base.la

noinst_PROGRAMS += fuzz-uid-overrides
fuzz_uid_overrides_SOURCES = tests/fuzz/fuzz-uid-overrides.c
fuzz_uid_overrides_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_uid_overrides_LDADD = libjauth-base.la

noinst_PROGRAMS += fuzz-step
fuzz_step_SOURCES = tests/fuzz/fuzz-step.c
fuzz_step_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_step_LDADD = libjauth-protocol.la
noinst_PROGRAMS += fuzz-facts fuzz-answers
fuzz_facts_SOURCES = tests/fuzz/fuzz-facts.c
fuzz_facts_CFLAGS = $(AM_CFLAGS) $(DBUS_CFLAGS)
fuzz_facts_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_facts_LDADD = libjauthd.la
fuzz_answers_SOURCES = tests/fuzz/fuzz-answers.c
fuzz_answers_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
fuzz_answers_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_answers_LDADD = libjauthd.la
noinst_PROGRAMS += fuzz-import
fuzz_import_SOURCES = tests/fuzz/fuzz-import.c
fuzz_import_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
fuzz_import_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_import_LDADD = libjauthctl.la $(JANSSON_LIBS)
noinst_PROGRAMS += fuzz-code-flow fuzz-device-flow fuzz-discovery fuzz-jwks fuzz-jwt
fuzz_code_flow_SOURCES = tests/fuzz/fuzz-code-flow.c
fuzz_code_flow_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_code_flow_LDADD = libjauth-providers.la
fuzz_device_flow_SOURCES = tests/fuzz/fuzz-device-flow.c
fuzz_device_flow_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_device_flow_LDADD = libjauth-providers.la
fuzz_discovery_SOURCES = tests/fuzz/fuzz-discovery.c
fuzz_discovery_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_discovery_LDADD = libjauth-providers.la
fuzz_jwks_SOURCES = tests/fuzz/fuzz-jwks.c
fuzz_jwks_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_jwks_LDADD = libjauth-providers.la
fuzz_jwt_SOURCES = tests/fuzz/fuzz-jwt.c tests/providers/fake-issuer.c
fuzz_jwt_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(CRYPTO_CFLAGS)
fuzz_jwt_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_jwt_LDADD = libjauth-providers.la $(CMOCKA_LIBS) $(CRYPTO_LIBS)
noinst_PROGRAMS += fuzz-config
fuzz_config_SOURCES = tests/fuzz/fuzz-config.c
fuzz_config_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_config_LDADD = libjauthd.la

noinst_PROGRAMS += fuzz-http-request fuzz-http-reply
fuzz_http_request_SOURCES = tests/fuzz/fuzz-http-request.c
fuzz_http_request_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_http_request_LDADD = libjauth-base.la
fuzz_http_reply_SOURCES = tests/fuzz/fuzz-http-reply.c
fuzz_http_reply_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_http_reply_LDADD = libjauth-base.la

noinst_PROGRAMS += fuzz-sms-template
fuzz_sms_template_SOURCES = tests/fuzz/fuzz-sms-template.c
fuzz_sms_template_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_sms_template_LDADD = libjauth-providers.la
noinst_PROGRAMS += fuzz-sms-http fuzz-sms-twilio
fuzz_sms_http_SOURCES = tests/fuzz/fuzz-sms-http.c
fuzz_sms_http_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_sms_http_LDADD = libjauth-providers.la
fuzz_sms_twilio_SOURCES = tests/fuzz/fuzz-sms-twilio.c
fuzz_sms_twilio_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_sms_twilio_LDADD = libjauth-providers.la

noinst_PROGRAMS += fuzz-sms-alibaba fuzz-sms-aws-sns
fuzz_sms_alibaba_SOURCES = tests/fuzz/fuzz-sms-alibaba.c tests/fuzz/fuzz-sms-reply.h
fuzz_sms_alibaba_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_sms_alibaba_LDADD = libjauth-providers.la
fuzz_sms_aws_sns_SOURCES = tests/fuzz/fuzz-sms-aws-sns.c tests/fuzz/fuzz-sms-reply.h
fuzz_sms_aws_sns_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_sms_aws_sns_LDADD = libjauth-providers.la
noinst_PROGRAMS += fuzz-sms-text
fuzz_sms_text_SOURCES = tests/fuzz/fuzz-sms-text.c
fuzz_sms_text_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_sms_text_LDADD = libjauth-providers.la

noinst_PROGRAMS += fuzz-totp
fuzz_totp_SOURCES = tests/fuzz/fuzz-totp.c tests/providers/fake-core.c \
	tests/providers/fake-checks.c
fuzz_totp_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -DTEST_SOURCE_DIR='"$(abs_top_srcdir)/tests"'
fuzz_totp_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_totp_LDADD = libjauth-providers.la $(CMOCKA_LIBS)

noinst_PROGRAMS += fuzz-wechat-push
fuzz_wechat_push_SOURCES = tests/fuzz/fuzz-wechat-push.c tests/providers/fake-core.c \
	tests/providers/fake-checks.c
fuzz_wechat_push_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) \
	-DTEST_SOURCE_DIR='"$(abs_top_srcdir)/tests"'
fuzz_wechat_push_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_wechat_push_LDADD = libjauth-providers.la $(CMOCKA_LIBS)
noinst_PROGRAMS += fuzz-dingtalk fuzz-dingtalk-poll
fuzz_dingtalk_SOURCES = tests/fuzz/fuzz-dingtalk.c tests/fuzz/fuzz-api-reply.h
fuzz_dingtalk_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_dingtalk_LDADD = libjauth-providers.la
fuzz_dingtalk_poll_SOURCES = tests/fuzz/fuzz-dingtalk-poll.c
fuzz_dingtalk_poll_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_dingtalk_poll_LDADD = libjauth-providers.la
noinst_PROGRAMS += fuzz-wechat fuzz-wechat-poll
fuzz_wechat_SOURCES = tests/fuzz/fuzz-wechat.c tests/fuzz/fuzz-api-reply.h \
	tests/providers/fake-core.c tests/providers/fake-checks.c
fuzz_wechat_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) \
	-DTEST_SOURCE_DIR='"$(abs_top_srcdir)/tests"'
fuzz_wechat_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_wechat_LDADD = libjauth-providers.la $(CMOCKA_LIBS)
fuzz_wechat_poll_SOURCES = tests/fuzz/fuzz-wechat-poll.c tests/providers/fake-core.c \
	tests/providers/fake-checks.c
fuzz_wechat_poll_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) \
	-DTEST_SOURCE_DIR='"$(abs_top_srcdir)/tests"'
fuzz_wechat_poll_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_wechat_poll_LDADD = libjauth-providers.la $(CMOCKA_LIBS)

noinst_PROGRAMS += fuzz-wecom fuzz-wecom-poll
fuzz_wecom_SOURCES = tests/fuzz/fuzz-wecom.c tests/fuzz/fuzz-api-reply.h
fuzz_wecom_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_wecom_LDADD = libjauth-providers.la
fuzz_wecom_poll_SOURCES = tests/fuzz/fuzz-wecom-poll.c
fuzz_wecom_poll_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_wecom_poll_LDADD = libjauth-providers.la
noinst_PROGRAMS += fuzz-relay-news
fuzz_relay_news_SOURCES = tests/fuzz/fuzz-relay-news.c
fuzz_relay_news_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_relay_news_LDADD = libjauthd.la
noinst_PROGRAMS += fuzz-relay-hosts fuzz-relay-link
fuzz_relay_hosts_SOURCES = tests/fuzz/fuzz-relay-hosts.c
fuzz_relay_hosts_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_relay_hosts_LDADD = libjauth-relay.la
fuzz_relay_link_SOURCES = tests/fuzz/fuzz-relay-link.c
fuzz_relay_link_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_relay_link_LDADD = libjauth-relay.la
noinst_PROGRAMS += fuzz-relay-http
fuzz_relay_http_SOURCES = tests/fuzz/fuzz-relay-http.c
fuzz_relay_http_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
fuzz_relay_http_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_relay_http_LDADD = libjauth-relay.la $(SYSTEMD_LIBS)

noinst_PROGRAMS += fuzz-ssh-key
fuzz_ssh_key_SOURCES = tests/fuzz/fuzz-ssh-key.c
fuzz_ssh_key_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_ssh_key_LDADD = libjauth-base.la
noinst_PROGRAMS += fuzz-end-session
fuzz_end_session_SOURCES = tests/fuzz/fuzz-end-session.c
fuzz_end_session_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_end_session_LDADD = libjauth-base.la
noinst_PROGRAMS += fuzz-github
fuzz_github_SOURCES = tests/fuzz/fuzz-github.c
fuzz_github_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_github_LDADD = libjauth-providers.la
