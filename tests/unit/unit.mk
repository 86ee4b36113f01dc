# SPDX-License-Identifier: GPL-3.0-or-later
# One program a module. `make check` runs them all; ./runtests unit does the same.
UNIT_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -DTEST_SOURCE_DIR='"$(abs_top_srcdir)/tests"'
UNIT_LIBS = libjauth-base.la $(CMOCKA_LIBS)

check_PROGRAMS += t-qr
t_qr_SOURCES = tests/unit/t-qr.c
t_qr_CFLAGS = $(UNIT_CFLAGS) $(QRENCODE_CFLAGS)
t_qr_LDADD = libjauthd.la $(UNIT_LIBS) $(QRENCODE_LIBS)

check_PROGRAMS += t-login-protocol
t_login_protocol_SOURCES = tests/unit/t-login-protocol.c
t_login_protocol_CFLAGS = $(UNIT_CFLAGS) $(DBUS_CFLAGS)
t_login_protocol_LDADD = libjauth-protocol.la $(DBUS_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += t-http-message
t_http_message_SOURCES = tests/unit/t-http-message.c
t_http_message_CFLAGS = $(UNIT_CFLAGS)
t_http_message_LDADD = $(UNIT_LIBS)

check_PROGRAMS += t-catalog
t_catalog_SOURCES = tests/unit/t-catalog.c
t_catalog_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_LOCALE_DIR='"$(abs_top_builddir)/po"'
t_catalog_CFLAGS = $(UNIT_CFLAGS)
t_catalog_LDADD = $(UNIT_LIBS)

FAKE_PROVIDERS = tests/unit/fake-providers.c tests/unit/fake-providers.h

check_PROGRAMS += t-config
t_config_SOURCES = tests/unit/t-config.c $(FAKE_PROVIDERS)
t_config_CFLAGS = $(UNIT_CFLAGS)
t_config_LDADD = libjauthd.la $(UNIT_LIBS)
check_PROGRAMS += t-config-docs
t_config_docs_SOURCES = tests/unit/t-config-docs.c
t_config_docs_CFLAGS = $(UNIT_CFLAGS)
t_config_docs_LDADD = libjauthd.la $(UNIT_LIBS)

check_PROGRAMS += t-nearest t-policy t-mapping
t_nearest_SOURCES = tests/unit/t-nearest.c
t_nearest_CFLAGS = $(UNIT_CFLAGS)
t_nearest_LDADD = $(UNIT_LIBS)
t_policy_SOURCES = tests/unit/t-policy.c $(FAKE_PROVIDERS)
t_policy_CFLAGS = $(UNIT_CFLAGS)
t_policy_LDADD = libjauthd.la $(UNIT_LIBS)
t_mapping_SOURCES = tests/unit/t-mapping.c $(FAKE_PROVIDERS)
t_mapping_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_mapping_LDADD = libjauthd.la $(UNIT_LIBS)

check_PROGRAMS += t-end-session t-end-session-helper t-sessions
t_end_session_SOURCES = tests/unit/t-end-session.c
t_end_session_CFLAGS = $(UNIT_CFLAGS)
t_end_session_LDADD = $(UNIT_LIBS)
t_end_session_helper_SOURCES = tests/unit/t-end-session-helper.c
t_end_session_helper_CFLAGS = $(UNIT_CFLAGS)
t_end_session_helper_LDADD = libjauth-end-session.la $(CMOCKA_LIBS)
t_sessions_SOURCES = tests/unit/t-sessions.c
t_sessions_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_sessions_LDADD = libjauthd.la $(UNIT_LIBS) $(SYSTEMD_LIBS)
check_PROGRAMS += t-host-ids t-people t-people-uids t-uid-overrides
HOST_FILES = tests/unit/host-files.c tests/unit/host-files.h
t_host_ids_SOURCES = tests/unit/t-host-ids.c $(HOST_FILES)
t_host_ids_CFLAGS = $(UNIT_CFLAGS)
t_host_ids_LDADD = libjauthd.la $(UNIT_LIBS)
t_people_SOURCES = tests/unit/t-people.c $(FAKE_PROVIDERS) $(HOST_FILES)
t_people_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_people_LDADD = libjauthd.la $(UNIT_LIBS)
t_people_uids_SOURCES = tests/unit/t-people-uids.c $(HOST_FILES)
t_people_uids_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_people_uids_LDADD = libjauthd.la $(UNIT_LIBS)
check_PROGRAMS += t-people-collisions t-publish
t_people_collisions_SOURCES = tests/unit/t-people-collisions.c $(HOST_FILES)
t_people_collisions_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_people_collisions_LDADD = libjauthd.la $(UNIT_LIBS)
t_publish_SOURCES = tests/unit/t-publish.c $(FAKE_PROVIDERS) $(HOST_FILES)
t_publish_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_publish_LDADD = libjauthd.la $(UNIT_LIBS) $(SYSTEMD_LIBS)
t_publish_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=snapshot_add_user
t_uid_overrides_SOURCES = tests/unit/t-uid-overrides.c
t_uid_overrides_CFLAGS = $(UNIT_CFLAGS)
t_uid_overrides_LDADD = $(UNIT_LIBS)
check_PROGRAMS += t-people-list
t_people_list_SOURCES = tests/unit/t-people-list.c
t_people_list_CFLAGS = $(UNIT_CFLAGS)
t_people_list_LDADD = $(UNIT_LIBS)

check_PROGRAMS += t-relay-key
t_relay_key_SOURCES = tests/unit/t-relay-key.c
t_relay_key_CFLAGS = $(UNIT_CFLAGS)
t_relay_key_LDADD = libjauthctl.la $(UNIT_LIBS)
check_PROGRAMS += t-file
t_file_SOURCES = tests/unit/t-file.c
t_file_CFLAGS = $(UNIT_CFLAGS)
t_file_LDADD = $(UNIT_LIBS)
check_PROGRAMS += t-snapshot
t_snapshot_SOURCES = tests/unit/t-snapshot.c
t_snapshot_CFLAGS = $(UNIT_CFLAGS)
t_snapshot_LDADD = $(UNIT_LIBS)
check_PROGRAMS += t-userdb-records
t_userdb_records_SOURCES = tests/unit/t-userdb-records.c
t_userdb_records_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_userdb_records_LDADD = libjauth-userdb.la $(UNIT_LIBS)
# Its timers run faster than they are asked to, and reading fails when it is told to.
check_PROGRAMS += t-userdb-source
t_userdb_source_SOURCES = tests/unit/t-userdb-source.c
t_userdb_source_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_userdb_source_LDADD = libjauth-userdb.la $(UNIT_LIBS) $(SYSTEMD_LIBS)
t_userdb_source_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=snapshot_open \
	-Wl,--wrap=sd_event_add_time_relative -Wl,--wrap=sd_event_source_set_time_relative
check_PROGRAMS += t-metrics
t_metrics_SOURCES = tests/unit/t-metrics.c
t_metrics_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_metrics_LDADD = libjauthd.la $(UNIT_LIBS)

check_PROGRAMS += t-buf t-conf t-crypto t-json t-log t-parameters t-secret t-text t-totp t-url
t_buf_SOURCES = tests/unit/t-buf.c
t_buf_CFLAGS = $(UNIT_CFLAGS)
t_buf_LDADD = $(UNIT_LIBS)
t_conf_SOURCES = tests/unit/t-conf.c
t_conf_CFLAGS = $(UNIT_CFLAGS)
t_conf_LDADD = $(UNIT_LIBS)
t_crypto_SOURCES = tests/unit/t-crypto.c
t_crypto_CFLAGS = $(UNIT_CFLAGS)
t_crypto_LDADD = $(UNIT_LIBS)
t_json_SOURCES = tests/unit/t-json.c
t_json_CFLAGS = $(UNIT_CFLAGS)
t_json_LDADD = $(UNIT_LIBS)
t_log_SOURCES = tests/unit/t-log.c
t_log_CFLAGS = $(UNIT_CFLAGS)
t_log_LDADD = $(UNIT_LIBS)
t_parameters_SOURCES = tests/unit/t-parameters.c
t_parameters_CFLAGS = $(UNIT_CFLAGS)
t_parameters_LDADD = $(UNIT_LIBS)
t_secret_SOURCES = tests/unit/t-secret.c
t_secret_CFLAGS = $(UNIT_CFLAGS)
t_secret_LDADD = $(UNIT_LIBS)
t_text_SOURCES = tests/unit/t-text.c
t_text_CFLAGS = $(UNIT_CFLAGS)
t_text_LDADD = $(UNIT_LIBS)
t_totp_SOURCES = tests/unit/t-totp.c
t_totp_CFLAGS = $(UNIT_CFLAGS)
t_totp_LDADD = $(UNIT_LIBS)
t_url_SOURCES = tests/unit/t-url.c
t_url_CFLAGS = $(UNIT_CFLAGS)
t_url_LDADD = $(UNIT_LIBS)

# Not under sanitizers, whose allocator takes the place of ours.
if !SANITIZERS
if !FUZZING
check_PROGRAMS += t-wipe-free
t_wipe_free_SOURCES = tests/unit/t-wipe-free.c base/wipe-free.c
t_wipe_free_CFLAGS = $(UNIT_CFLAGS)
t_wipe_free_LDADD = $(CMOCKA_LIBS)
endif
endif

# Providers run against a fake core; their tests and replies stand in tests/providers/.
check_LTLIBRARIES += libfake-core.la
libfake_core_la_SOURCES = tests/providers/account-fixture.c tests/providers/account-fixture.h \
	tests/providers/dingtalk-fixture.c tests/providers/dingtalk-fixture.h \
	tests/providers/fake-checks.c \
	tests/providers/fake-core.c tests/providers/fake-core.h \
	tests/providers/fake-issuer.c tests/providers/fake-issuer.h \
	tests/providers/relay-fixture.c tests/providers/relay-fixture.h \
	tests/providers/scan-cases.c tests/providers/scan-cases.h \
	tests/providers/token-cases.c tests/providers/token-cases.h \
	tests/providers/wechat-fixture.c tests/providers/wechat-fixture.h \
	tests/providers/wecom-fixture.c tests/providers/wecom-fixture.h
libfake_core_la_CFLAGS = $(UNIT_CFLAGS) $(CRYPTO_CFLAGS)
libfake_core_la_LIBADD = libjauth-providers.la $(UNIT_LIBS) $(CRYPTO_LIBS)
EXTRA_DIST += tests/providers/replies tests/vectors

check_PROGRAMS += t-api-call t-cookies t-script-literal
t_api_call_SOURCES = tests/providers/t-api-call.c
t_api_call_CFLAGS = $(UNIT_CFLAGS)
t_api_call_LDADD = libfake-core.la
t_cookies_SOURCES = tests/providers/t-cookies.c
t_cookies_CFLAGS = $(UNIT_CFLAGS)
t_cookies_LDADD = libfake-core.la
t_script_literal_SOURCES = tests/providers/t-script-literal.c
t_script_literal_CFLAGS = $(UNIT_CFLAGS)
t_script_literal_LDADD = libfake-core.la

check_PROGRAMS += t-code-flow t-device-flow t-discovery t-github t-github-relay t-google \
	t-id-token t-jwks t-jws t-oidc t-oidc-relay
t_code_flow_SOURCES = tests/providers/t-code-flow.c
t_code_flow_CFLAGS = $(UNIT_CFLAGS)
t_code_flow_LDADD = libfake-core.la
t_device_flow_SOURCES = tests/providers/t-device-flow.c
t_device_flow_CFLAGS = $(UNIT_CFLAGS)
t_device_flow_LDADD = libfake-core.la
t_discovery_SOURCES = tests/providers/t-discovery.c
t_discovery_CFLAGS = $(UNIT_CFLAGS)
t_discovery_LDADD = libfake-core.la
t_github_SOURCES = tests/providers/t-github.c
t_github_CFLAGS = $(UNIT_CFLAGS)
t_github_LDADD = libfake-core.la
t_github_relay_SOURCES = tests/providers/t-github-relay.c
t_github_relay_CFLAGS = $(UNIT_CFLAGS)
t_github_relay_LDADD = libfake-core.la
t_google_SOURCES = tests/providers/t-google.c
t_google_CFLAGS = $(UNIT_CFLAGS)
t_google_LDADD = libfake-core.la
t_id_token_SOURCES = tests/providers/t-id-token.c
t_id_token_CFLAGS = $(UNIT_CFLAGS)
t_id_token_LDADD = libfake-core.la
t_jwks_SOURCES = tests/providers/t-jwks.c
t_jwks_CFLAGS = $(UNIT_CFLAGS)
t_jwks_LDADD = libfake-core.la
t_jws_SOURCES = tests/providers/t-jws.c
t_jws_CFLAGS = $(UNIT_CFLAGS)
t_jws_LDADD = libfake-core.la $(CRYPTO_LIBS)
t_oidc_SOURCES = tests/providers/t-oidc.c
t_oidc_CFLAGS = $(UNIT_CFLAGS)
t_oidc_LDADD = libfake-core.la
t_oidc_relay_SOURCES = tests/providers/t-oidc-relay.c
t_oidc_relay_CFLAGS = $(UNIT_CFLAGS)
t_oidc_relay_LDADD = libfake-core.la

check_PROGRAMS += t-wechat-account t-wechat-account-push t-wechat-push
t_wechat_account_SOURCES = tests/providers/t-wechat-account.c
t_wechat_account_CFLAGS = $(UNIT_CFLAGS)
t_wechat_account_LDADD = libfake-core.la
t_wechat_account_push_SOURCES = tests/providers/t-wechat-account-push.c
t_wechat_account_push_CFLAGS = $(UNIT_CFLAGS)
t_wechat_account_push_LDADD = libfake-core.la
t_wechat_push_SOURCES = tests/providers/t-wechat-push.c
t_wechat_push_CFLAGS = $(UNIT_CFLAGS)
t_wechat_push_LDADD = libfake-core.la
check_PROGRAMS += t-wecom t-wecom-poll t-wecom-probe t-wecom-token
t_wecom_SOURCES = tests/providers/t-wecom.c
t_wecom_CFLAGS = $(UNIT_CFLAGS)
t_wecom_LDADD = libfake-core.la
t_wecom_poll_SOURCES = tests/providers/t-wecom-poll.c
t_wecom_poll_CFLAGS = $(UNIT_CFLAGS)
t_wecom_poll_LDADD = libfake-core.la
t_wecom_probe_SOURCES = tests/providers/t-wecom-probe.c
t_wecom_probe_CFLAGS = $(UNIT_CFLAGS)
t_wecom_probe_LDADD = libfake-core.la
t_wecom_token_SOURCES = tests/providers/t-wecom-token.c
t_wecom_token_CFLAGS = $(UNIT_CFLAGS)
t_wecom_token_LDADD = libfake-core.la
check_PROGRAMS += t-wechat t-wechat-poll t-wechat-device
t_wechat_SOURCES = tests/providers/t-wechat.c
t_wechat_CFLAGS = $(UNIT_CFLAGS)
t_wechat_LDADD = libfake-core.la
t_wechat_poll_SOURCES = tests/providers/t-wechat-poll.c
t_wechat_poll_CFLAGS = $(UNIT_CFLAGS)
t_wechat_poll_LDADD = libfake-core.la
t_wechat_device_SOURCES = tests/providers/t-wechat-device.c
t_wechat_device_CFLAGS = $(UNIT_CFLAGS)
t_wechat_device_LDADD = libfake-core.la
check_PROGRAMS += t-dingtalk t-dingtalk-device t-dingtalk-page t-dingtalk-poll t-dingtalk-reply \
	t-dingtalk-token
t_dingtalk_device_SOURCES = tests/providers/t-dingtalk-device.c
t_dingtalk_device_CFLAGS = $(UNIT_CFLAGS)
t_dingtalk_device_LDADD = libfake-core.la
t_dingtalk_page_SOURCES = tests/providers/t-dingtalk-page.c
t_dingtalk_page_CFLAGS = $(UNIT_CFLAGS)
t_dingtalk_page_LDADD = libfake-core.la
t_dingtalk_poll_SOURCES = tests/providers/t-dingtalk-poll.c
t_dingtalk_poll_CFLAGS = $(UNIT_CFLAGS)
t_dingtalk_poll_LDADD = libfake-core.la
t_dingtalk_SOURCES = tests/providers/t-dingtalk.c
t_dingtalk_CFLAGS = $(UNIT_CFLAGS)
t_dingtalk_LDADD = libfake-core.la
t_dingtalk_reply_SOURCES = tests/providers/t-dingtalk-reply.c
t_dingtalk_reply_CFLAGS = $(UNIT_CFLAGS)
t_dingtalk_reply_LDADD = libfake-core.la
t_dingtalk_token_SOURCES = tests/providers/t-dingtalk-token.c
t_dingtalk_token_CFLAGS = $(UNIT_CFLAGS)
t_dingtalk_token_LDADD = libfake-core.la

check_PROGRAMS += t-wechat-mini
t_wechat_mini_SOURCES = tests/providers/t-wechat-mini.c
t_wechat_mini_CFLAGS = $(UNIT_CFLAGS)
t_wechat_mini_LDADD = libfake-core.la

# What the daemon keeps, counts and compares, over databases of their own.
check_PROGRAMS += t-worker t-store t-accounts t-links t-throttle t-audit
t_worker_SOURCES = tests/unit/t-worker.c
t_worker_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_worker_LDADD = libjauthd.la $(UNIT_LIBS) $(SYSTEMD_LIBS)
t_store_SOURCES = tests/unit/t-store.c
t_store_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_store_LDADD = libjauthd.la $(UNIT_LIBS) $(SYSTEMD_LIBS)
t_accounts_SOURCES = tests/unit/t-accounts.c
t_accounts_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_accounts_LDADD = libjauthd.la $(UNIT_LIBS)
t_links_SOURCES = tests/unit/t-links.c
t_links_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_links_LDADD = libjauthd.la $(UNIT_LIBS)
t_throttle_SOURCES = tests/unit/t-throttle.c
t_throttle_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_throttle_LDADD = libjauthd.la $(UNIT_LIBS)
t_audit_SOURCES = tests/unit/t-audit.c
t_audit_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_audit_LDADD = libjauthd.la $(UNIT_LIBS)
check_PROGRAMS += t-glass t-glass-code t-break-glass
t_glass_SOURCES = tests/unit/t-glass.c
t_glass_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_glass_LDADD = libjauthd.la $(UNIT_LIBS)
t_glass_code_SOURCES = tests/unit/t-glass-code.c
t_glass_code_CFLAGS = $(UNIT_CFLAGS)
t_glass_code_LDADD = $(UNIT_LIBS)
t_break_glass_SOURCES = tests/providers/t-break-glass.c
t_break_glass_CFLAGS = $(UNIT_CFLAGS)
t_break_glass_LDADD = libfake-core.la
check_PROGRAMS += t-phones t-enrolments
t_phones_SOURCES = tests/unit/t-phones.c tests/unit/db-files.c tests/unit/db-files.h
t_phones_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_phones_LDADD = libjauthd.la $(UNIT_LIBS)
t_enrolments_SOURCES = tests/unit/t-enrolments.c tests/unit/db-files.c tests/unit/db-files.h
t_enrolments_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_enrolments_LDADD = libjauthd.la $(UNIT_LIBS)

check_PROGRAMS += t-budget t-budget-rows t-budget-watch t-budget-abuse \
	t-budget-windows
t_budget_SOURCES = tests/unit/t-budget.c tests/unit/budget-fixture.h
t_budget_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_budget_LDADD = libjauthd.la $(UNIT_LIBS)
t_budget_rows_SOURCES = tests/unit/t-budget-rows.c tests/unit/budget-fixture.h
t_budget_rows_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_budget_rows_LDADD = libjauthd.la $(UNIT_LIBS)
t_budget_windows_SOURCES = tests/unit/t-budget-windows.c tests/unit/budget-fixture.h
t_budget_windows_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_budget_windows_LDADD = libjauthd.la $(UNIT_LIBS)
t_budget_watch_SOURCES = tests/unit/t-budget-watch.c tests/unit/budget-fixture.h
t_budget_watch_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_budget_watch_LDADD = libjauthd.la $(UNIT_LIBS)
t_budget_abuse_SOURCES = tests/unit/t-budget-abuse.c tests/unit/budget-fixture.h
t_budget_abuse_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_budget_abuse_LDADD = libjauthd.la $(UNIT_LIBS)

check_PROGRAMS += t-relay-message
t_relay_message_SOURCES = tests/unit/t-relay-message.c
t_relay_message_CFLAGS = $(UNIT_CFLAGS)
t_relay_message_LDADD = libjauthd.la $(UNIT_LIBS)

# Its timers run faster than they are asked to.
check_PROGRAMS += t-jauthd-http
t_jauthd_http_SOURCES = tests/unit/t-jauthd-http.c
t_jauthd_http_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_jauthd_http_LDADD = libjauthd.la libjauth-stream.la $(UNIT_LIBS) $(SYSTEMD_LIBS)
t_jauthd_http_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sd_event_source_set_time_relative \
	-Wl,--wrap=sd_event_add_time_relative
check_PROGRAMS += t-relay-client t-relay-events
t_relay_client_SOURCES = tests/unit/t-relay-client.c tests/unit/relay-client-fixture.h
t_relay_client_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_relay_client_LDADD = libjauthd.la libjauth-stream.la $(UNIT_LIBS) $(SYSTEMD_LIBS)
t_relay_client_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sd_event_source_set_time_relative
t_relay_events_SOURCES = tests/unit/t-relay-events.c tests/unit/relay-client-fixture.h
t_relay_events_CFLAGS = $(t_relay_client_CFLAGS)
t_relay_events_LDADD = $(t_relay_client_LDADD)
t_relay_events_LDFLAGS = $(t_relay_client_LDFLAGS)
# Its clock can be moved.
check_PROGRAMS += t-relay-client-push
t_relay_client_push_SOURCES = tests/unit/t-relay-client-push.c tests/unit/relay-client-fixture.h
t_relay_client_push_CFLAGS = $(t_relay_client_CFLAGS)
t_relay_client_push_LDADD = $(t_relay_client_LDADD)
t_relay_client_push_LDFLAGS = $(t_relay_client_LDFLAGS) -Wl,--wrap=sd_event_now
check_PROGRAMS += t-facts t-channel
t_facts_SOURCES = tests/unit/t-facts.c
t_facts_CFLAGS = $(UNIT_CFLAGS) $(DBUS_CFLAGS)
t_facts_LDADD = libjauthd.la $(UNIT_LIBS)
t_channel_SOURCES = tests/unit/t-channel.c
t_channel_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_channel_LDADD = libjauthd.la $(UNIT_LIBS)

check_PROGRAMS += t-names t-password
t_names_SOURCES = tests/unit/t-names.c
t_names_CFLAGS = $(UNIT_CFLAGS)
t_names_LDADD = libjauthd.la $(UNIT_LIBS)
t_password_SOURCES = tests/unit/t-password.c
t_password_CFLAGS = $(UNIT_CFLAGS) $(XCRYPT_CFLAGS)
t_password_LDADD = libjauthd.la $(UNIT_LIBS) $(XCRYPT_LIBS)

# Not under sanitizers, whose stack frames and freed memory are not the program's own.
if !SANITIZERS
if !FUZZING
check_PROGRAMS += t-password-traces
t_password_traces_SOURCES = tests/unit/t-password-traces.c
t_password_traces_CFLAGS = $(UNIT_CFLAGS)
t_password_traces_LDADD = libjauthd.la $(UNIT_LIBS)
endif
endif

# Its shadow database is a table, and its hashes are counted.
check_PROGRAMS += t-password-check
t_password_check_SOURCES = tests/unit/t-password-check.c
t_password_check_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS) $(XCRYPT_CFLAGS)
t_password_check_LDADD = libjauthd.la $(UNIT_LIBS) $(SYSTEMD_LIBS) $(XCRYPT_LIBS)
t_password_check_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getspnam_r -Wl,--wrap=crypt_rn
check_PROGRAMS += t-codes
t_codes_SOURCES = tests/unit/t-codes.c
t_codes_CFLAGS = $(UNIT_CFLAGS)
t_codes_LDADD = libjauthd.la $(UNIT_LIBS)
t_codes_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=mlock

LOGINS_FIXTURE = tests/unit/logins-fixture.c tests/unit/logins-fixture.h
check_PROGRAMS += t-login
t_login_SOURCES = tests/unit/t-login.c $(LOGINS_FIXTURE)
t_login_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_login_LDADD = libjauthd.la $(UNIT_LIBS)
check_PROGRAMS += t-requests t-strangers
t_requests_SOURCES = tests/unit/t-requests.c tests/unit/db-files.c tests/unit/db-files.h
t_requests_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_requests_LDADD = libjauthd.la $(UNIT_LIBS)
t_strangers_SOURCES = tests/unit/t-strangers.c $(LOGINS_FIXTURE)
t_strangers_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_strangers_LDADD = libjauthd.la $(UNIT_LIBS)
# The user database is a fake.
check_PROGRAMS += t-login-newcomer
t_login_newcomer_SOURCES = tests/unit/t-login-newcomer.c $(LOGINS_FIXTURE)
t_login_newcomer_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_login_newcomer_LDADD = libjauthd.la $(UNIT_LIBS)
check_PROGRAMS += t-login-checks
t_login_checks_SOURCES = tests/unit/t-login-checks.c $(LOGINS_FIXTURE)
t_login_checks_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_login_checks_LDADD = libjauthd.la $(UNIT_LIBS)
# Its relay is a fake, and deadlines can be brought near.
LOGIN_RELAY_FIXTURE = tests/unit/fake-relay.c tests/unit/fake-relay.h \
	tests/unit/login-relay-fixture.h $(LOGINS_FIXTURE)
check_PROGRAMS += t-login-relay
t_login_relay_SOURCES = tests/unit/t-login-relay.c $(LOGIN_RELAY_FIXTURE)
t_login_relay_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS) $(DBUS_CFLAGS)
t_login_relay_LDADD = libjauthd.la $(UNIT_LIBS)
t_login_relay_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sd_event_add_time_relative
check_PROGRAMS += t-login-program t-login-push
t_login_program_SOURCES = tests/unit/t-login-program.c $(LOGIN_RELAY_FIXTURE)
t_login_program_CFLAGS = $(t_login_relay_CFLAGS)
t_login_program_LDADD = $(t_login_relay_LDADD)
t_login_program_LDFLAGS = $(t_login_relay_LDFLAGS)
t_login_push_SOURCES = tests/unit/t-login-push.c $(LOGIN_RELAY_FIXTURE)
t_login_push_CFLAGS = $(t_login_relay_CFLAGS)
t_login_push_LDADD = $(t_login_relay_LDADD)
t_login_push_LDFLAGS = $(t_login_relay_LDFLAGS)
check_PROGRAMS += t-console t-login-offline
t_console_SOURCES = tests/unit/t-console.c
t_console_CFLAGS = $(UNIT_CFLAGS)
t_console_LDADD = libjauthd.la $(UNIT_LIBS)
t_login_offline_SOURCES = tests/unit/t-login-offline.c $(LOGIN_RELAY_FIXTURE)
t_login_offline_CFLAGS = $(t_login_relay_CFLAGS)
t_login_offline_LDADD = $(t_login_relay_LDADD)
t_login_offline_LDFLAGS = $(t_login_relay_LDFLAGS)
check_PROGRAMS += t-login-budget
t_login_budget_SOURCES = tests/unit/t-login-budget.c $(LOGINS_FIXTURE)
t_login_budget_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_login_budget_LDADD = libjauthd.la $(UNIT_LIBS)
check_PROGRAMS += t-login-errands
t_login_errands_SOURCES = tests/unit/t-login-errands.c $(LOGINS_FIXTURE)
t_login_errands_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_login_errands_LDADD = libjauthd.la $(UNIT_LIBS)

check_PROGRAMS += t-client t-screen t-options t-outcome
t_client_SOURCES = tests/unit/t-client.c
t_client_CFLAGS = $(UNIT_CFLAGS) $(DBUS_CFLAGS)
t_client_LDADD = libjauth-client.la $(CMOCKA_LIBS)
t_screen_SOURCES = tests/unit/t-screen.c
t_screen_CFLAGS = $(UNIT_CFLAGS)
t_screen_LDADD = libpam-jauth.la $(CMOCKA_LIBS)
t_options_SOURCES = tests/unit/t-options.c
t_options_CFLAGS = $(UNIT_CFLAGS)
t_options_LDADD = libpam-jauth.la $(CMOCKA_LIBS)
t_outcome_SOURCES = tests/unit/t-outcome.c
t_outcome_CFLAGS = $(UNIT_CFLAGS)
t_outcome_LDADD = libpam-jauth.la $(CMOCKA_LIBS)

check_PROGRAMS += t-totp-method
t_totp_method_SOURCES = tests/providers/t-totp-method.c
t_totp_method_CFLAGS = $(UNIT_CFLAGS)
t_totp_method_LDADD = libfake-core.la

check_PROGRAMS += t-password-rule t-password-method
t_password_rule_SOURCES = tests/providers/t-password-rule.c
t_password_rule_CFLAGS = $(UNIT_CFLAGS)
t_password_rule_LDADD = libjauth-providers.la $(UNIT_LIBS)
t_password_method_SOURCES = tests/providers/t-password-method.c
t_password_method_CFLAGS = $(UNIT_CFLAGS)
t_password_method_LDADD = libfake-core.la
check_PROGRAMS += t-args t-enrol t-link-file t-message t-pam-stack t-table t-terminal
# What the commands hand over is looked at where they would begin to talk.
t_enrol_SOURCES = tests/unit/t-enrol.c
t_enrol_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
t_enrol_LDADD = libjauthctl.la $(UNIT_LIBS) $(JANSSON_LIBS)
t_enrol_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=talk -Wl,--wrap=talk_alone -Wl,--wrap=own_name
t_args_SOURCES = tests/unit/t-args.c
t_args_CFLAGS = $(UNIT_CFLAGS)
t_args_LDADD = libjauthctl.la $(UNIT_LIBS)
t_link_file_SOURCES = tests/unit/t-link-file.c
t_link_file_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
t_link_file_LDADD = libjauthctl.la $(UNIT_LIBS) $(JANSSON_LIBS)
t_message_SOURCES = tests/unit/t-message.c
t_message_CFLAGS = $(UNIT_CFLAGS) $(DBUS_CFLAGS) $(JANSSON_CFLAGS)
t_message_LDADD = libjauthctl.la $(UNIT_LIBS) $(DBUS_LIBS) $(JANSSON_LIBS)
t_pam_stack_SOURCES = tests/unit/t-pam-stack.c
t_pam_stack_CFLAGS = $(UNIT_CFLAGS)
t_pam_stack_LDADD = libjauthctl.la $(UNIT_LIBS)
t_table_SOURCES = tests/unit/t-table.c
t_table_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
t_table_LDADD = libjauthctl.la $(UNIT_LIBS) $(JANSSON_LIBS)
t_terminal_SOURCES = tests/unit/t-terminal.c
t_terminal_CFLAGS = $(UNIT_CFLAGS)
t_terminal_LDADD = libjauthctl.la $(UNIT_LIBS)

check_PROGRAMS += t-http-address
t_http_address_SOURCES = tests/unit/t-http-address.c
t_http_address_CFLAGS = $(UNIT_CFLAGS)
t_http_address_LDADD = libjauth-http.la $(CMOCKA_LIBS)

check_PROGRAMS += t-sms-template
t_sms_template_SOURCES = tests/providers/t-sms-template.c
t_sms_template_CFLAGS = $(UNIT_CFLAGS)
t_sms_template_LDADD = libjauth-providers.la $(UNIT_LIBS)

check_PROGRAMS += t-digits t-phone
t_digits_SOURCES = tests/unit/t-digits.c
t_digits_CFLAGS = $(UNIT_CFLAGS)
t_digits_LDADD = $(UNIT_LIBS)
t_phone_SOURCES = tests/unit/t-phone.c
t_phone_CFLAGS = $(UNIT_CFLAGS)
t_phone_LDADD = $(UNIT_LIBS)

check_PROGRAMS += t-program
t_program_SOURCES = tests/unit/t-program.c
t_program_CFLAGS = $(UNIT_CFLAGS)
t_program_LDADD = $(UNIT_LIBS)

# SMS vendors: a section, a message, replies; no core.
check_LTLIBRARIES += libvendor-fixture.la
libvendor_fixture_la_SOURCES = tests/providers/vendor-fixture.c tests/providers/vendor-fixture.h
libvendor_fixture_la_CFLAGS = $(UNIT_CFLAGS)
libvendor_fixture_la_LIBADD = libjauth-providers.la $(UNIT_LIBS)
check_PROGRAMS += t-sms-twilio
t_sms_twilio_SOURCES = tests/providers/t-sms-twilio.c
t_sms_twilio_CFLAGS = $(UNIT_CFLAGS)
t_sms_twilio_LDADD = libvendor-fixture.la

check_PROGRAMS += t-sms-sign
t_sms_sign_SOURCES = tests/providers/t-sms-sign.c
t_sms_sign_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
t_sms_sign_LDADD = libfake-core.la $(JANSSON_LIBS)
check_PROGRAMS += t-sms-http
t_sms_http_SOURCES = tests/providers/t-sms-http.c
t_sms_http_CFLAGS = $(UNIT_CFLAGS)
t_sms_http_LDADD = libvendor-fixture.la

check_PROGRAMS += t-sms-alibaba t-sms-aws-sns
t_sms_alibaba_SOURCES = tests/providers/t-sms-alibaba.c
t_sms_alibaba_CFLAGS = $(UNIT_CFLAGS)
t_sms_alibaba_LDADD = libvendor-fixture.la
t_sms_aws_sns_SOURCES = tests/providers/t-sms-aws-sns.c
t_sms_aws_sns_CFLAGS = $(UNIT_CFLAGS)
t_sms_aws_sns_LDADD = libvendor-fixture.la
check_PROGRAMS += t-sms t-sms-errands t-sms-proved t-sms-sending t-sms-strangers t-sms-text
FAKE_VENDOR = tests/providers/fake-vendor.c tests/providers/fake-vendor.h
SMS_FIXTURE = tests/providers/sms-fixture.c tests/providers/sms-fixture.h $(FAKE_VENDOR)
t_sms_SOURCES = tests/providers/t-sms.c $(SMS_FIXTURE)
t_sms_CFLAGS = $(UNIT_CFLAGS)
t_sms_LDADD = libfake-core.la
t_sms_errands_SOURCES = tests/providers/t-sms-errands.c $(SMS_FIXTURE)
t_sms_errands_CFLAGS = $(UNIT_CFLAGS)
t_sms_errands_LDADD = libfake-core.la
t_sms_proved_SOURCES = tests/providers/t-sms-proved.c $(SMS_FIXTURE)
t_sms_proved_CFLAGS = $(UNIT_CFLAGS)
t_sms_proved_LDADD = libfake-core.la
t_sms_strangers_SOURCES = tests/providers/t-sms-strangers.c $(SMS_FIXTURE)
t_sms_strangers_CFLAGS = $(UNIT_CFLAGS)
t_sms_strangers_LDADD = libfake-core.la
t_sms_sending_SOURCES = tests/providers/t-sms-sending.c $(FAKE_VENDOR)
t_sms_sending_CFLAGS = $(UNIT_CFLAGS)
t_sms_sending_LDADD = libfake-core.la
t_sms_text_SOURCES = tests/providers/t-sms-text.c
t_sms_text_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_LOCALE_DIR='"$(abs_top_builddir)/po"'
t_sms_text_CFLAGS = $(UNIT_CFLAGS)
t_sms_text_LDADD = libjauth-providers.la $(UNIT_LIBS)

check_PROGRAMS += t-relay-store
t_relay_store_SOURCES = tests/unit/t-relay-store.c tests/unit/store-cases.c tests/unit/store-cases.h
t_relay_store_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_relay_store_LDADD = libjauth-relay.la $(UNIT_LIBS) $(SYSTEMD_LIBS)
t_relay_store_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sd_event_now

# The same cases over a Redis, and one side of tests/e2e/test_relay_store.py.
noinst_PROGRAMS += tests/e2e/relaystore
tests_e2e_relaystore_SOURCES = tests/e2e/relaystore.c tests/unit/store-cases.c \
	tests/unit/store-cases.h
tests_e2e_relaystore_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
tests_e2e_relaystore_LDADD = libjauth-relay.la $(UNIT_LIBS) $(SYSTEMD_LIBS)

check_PROGRAMS += t-relay-expiry t-relay-hosts t-relay-link
t_relay_expiry_SOURCES = tests/unit/t-relay-expiry.c
t_relay_expiry_CFLAGS = $(UNIT_CFLAGS)
t_relay_expiry_LDADD = libjauth-relay.la $(UNIT_LIBS)
t_relay_hosts_SOURCES = tests/unit/t-relay-hosts.c
t_relay_hosts_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_relay_hosts_LDADD = libjauth-relay.la $(UNIT_LIBS) $(SYSTEMD_LIBS)
t_relay_link_SOURCES = tests/unit/t-relay-link.c
t_relay_link_CFLAGS = $(UNIT_CFLAGS)
t_relay_link_LDADD = libjauth-relay.la $(UNIT_LIBS)

check_PROGRAMS += t-relay-config t-relay-page t-relay-phone t-relay-push t-relay-slow t-relay-waits
t_relay_config_SOURCES = tests/unit/t-relay-config.c
t_relay_config_CFLAGS = $(UNIT_CFLAGS)
t_relay_config_LDADD = libjauth-relay.la $(UNIT_LIBS)
t_relay_page_SOURCES = tests/unit/t-relay-page.c
t_relay_page_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_LOCALE_DIR='"$(abs_top_builddir)/po"'
t_relay_page_CFLAGS = $(UNIT_CFLAGS)
t_relay_page_LDADD = libjauth-relay.la $(UNIT_LIBS)
t_relay_phone_SOURCES = tests/unit/t-relay-phone.c
t_relay_phone_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_relay_phone_LDADD = libjauth-relay.la $(UNIT_LIBS)
t_relay_push_SOURCES = tests/unit/t-relay-push.c
t_relay_push_CFLAGS = $(UNIT_CFLAGS)
t_relay_push_LDADD = libjauth-relay.la $(UNIT_LIBS)
t_relay_slow_SOURCES = tests/unit/t-relay-slow.c
t_relay_slow_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_relay_slow_LDADD = libjauth-relay.la $(UNIT_LIBS) $(SYSTEMD_LIBS)
t_relay_waits_SOURCES = tests/unit/t-relay-waits.c
t_relay_waits_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_relay_waits_LDADD = libjauth-relay.la $(UNIT_LIBS) $(SYSTEMD_LIBS)

check_PROGRAMS += t-dingtalk-list t-directory t-wecom-list
t_dingtalk_list_SOURCES = tests/providers/t-dingtalk-list.c
t_dingtalk_list_CFLAGS = $(UNIT_CFLAGS)
t_dingtalk_list_LDADD = libfake-core.la
t_wecom_list_SOURCES = tests/providers/t-wecom-list.c
t_wecom_list_CFLAGS = $(UNIT_CFLAGS)
t_wecom_list_LDADD = libfake-core.la
t_directory_SOURCES = tests/unit/t-directory.c
t_directory_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_directory_LDADD = libjauthd.la $(UNIT_LIBS)
check_PROGRAMS += t-directory-listing
t_directory_listing_SOURCES = tests/unit/t-directory-listing.c
t_directory_listing_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_directory_listing_LDADD = libjauthd.la $(UNIT_LIBS) $(SYSTEMD_LIBS)
check_PROGRAMS += t-guide
t_guide_SOURCES = tests/unit/t-guide.c
t_guide_CFLAGS = $(UNIT_CFLAGS)
t_guide_LDADD = libjauthd.la $(UNIT_LIBS)
check_PROGRAMS += t-setup
t_setup_SOURCES = tests/unit/t-setup.c
t_setup_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
t_setup_LDADD = libjauthctl.la $(UNIT_LIBS) $(JANSSON_LIBS)
check_PROGRAMS += t-login-link t-notices t-bus-rates
t_login_link_SOURCES = tests/unit/t-login-link.c $(LOGINS_FIXTURE)
t_login_link_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_login_link_LDADD = libjauthd.la $(UNIT_LIBS)
t_notices_SOURCES = tests/unit/t-notices.c
t_notices_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_notices_LDADD = libjauthd.la $(UNIT_LIBS)
t_bus_rates_SOURCES = tests/unit/t-bus-rates.c
t_bus_rates_CFLAGS = $(UNIT_CFLAGS)
t_bus_rates_LDADD = libjauthd.la $(UNIT_LIBS)

check_PROGRAMS += t-ssh-key t-ssh-keys t-github-keys
t_ssh_key_SOURCES = tests/unit/t-ssh-key.c
t_ssh_key_CFLAGS = $(UNIT_CFLAGS)
t_ssh_key_LDADD = $(UNIT_LIBS)
t_ssh_keys_SOURCES = tests/unit/t-ssh-keys.c
t_ssh_keys_CFLAGS = $(UNIT_CFLAGS) $(SYSTEMD_CFLAGS)
t_ssh_keys_LDADD = libjauthd.la $(UNIT_LIBS)
t_github_keys_SOURCES = tests/providers/t-github-keys.c
t_github_keys_CFLAGS = $(UNIT_CFLAGS)
t_github_keys_LDADD = libfake-core.la

check_PROGRAMS += t-login-quiet
t_login_quiet_SOURCES = tests/unit/t-login-quiet.c $(LOGIN_RELAY_FIXTURE)
t_login_quiet_CFLAGS = $(t_login_relay_CFLAGS)
t_login_quiet_LDADD = $(t_login_relay_LDADD)
t_login_quiet_LDFLAGS = $(t_login_relay_LDFLAGS)
