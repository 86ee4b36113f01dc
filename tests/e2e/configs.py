# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of jauthd.conf as the tests need them."""

HEAD = """
[limits]
logins_per_source = 400
logins_waiting = 400
login_tries = {tries}
{more}

[test]
fail_delay_ms = {fail_delay_ms}
hash_prefix = $5$rounds=1000$
"""

PASSWORD = """
[method password]
type = password
"""

OIDC = """
[method {name}]
type = oidc
title = {title}
issuer = {issuer}
client_id = {client_id}
device_flow_alone = yes
starts_per_s = 0
starts_per_hour = 0
open_max = 0
{more}
"""

OIDC_RELAY = """
[method {name}]
type = oidc
title = {title}
issuer = {issuer}
client_id = {client_id}
flow = relay
starts_per_s = 0
starts_per_hour = 0
open_max = 0
{more}
"""

GITHUB = """
[method {name}]
type = github
title = GitHub
host = {host}
client_id = {client_id}
device_flow_alone = yes
{more}
"""


def lines_of(pairs):
    return "\n".join(f"{key} = {value}" for key, value in pairs.items())


def section(head, pairs):
    return f"[{head}]\n{lines_of(pairs)}\n"


def service(name, methods, **conditions):
    return section(f"service {name}", {"methods": methods, **conditions})


def head(tries=3, fail_delay_ms=100, **limits):
    return HEAD.format(tries=tries, fail_delay_ms=fail_delay_ms, more=lines_of(limits))


def oidc(provider, name="work", title="Work", client_id="demo", **more):
    return OIDC.format(name=name, title=title, issuer=provider.issuer, client_id=client_id,
                       more=lines_of(more))


def oidc_relay(provider, name="work", title="Work", client_id="demo", prompt="consent", **more):
    """By the code flow; `prompt` because a provider that asks nobody is not let alone."""
    return OIDC_RELAY.format(name=name, title=title, issuer=provider.issuer, client_id=client_id,
                             more=lines_of({"prompt": prompt, **more}))


def relay(url, key_path, **more):
    return section("relay", {"url": url, "key_file": key_path, **more})


def github(provider, name="github", **more):
    host = provider.url.removeprefix("https://")
    return GITHUB.format(name=name, host=host, client_id=provider.client_id, more=lines_of(more))


def totp(**more):
    return section("method app", {"type": "totp", **more})


def sms_gateway(gateway, name="gateway", **more):
    """A section for our own gateway; `more` replaces keys of it."""
    return section(f"sms {name}", {"type": "http", **gateway.keys(), **more})


def sms(name="phone", **more):
    return section(f"method {name}", {"type": "sms", "alone": "yes", **more})
