# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of jauthd.conf as the tests need them."""

HEAD = """
[limits]
logins_per_source = 400
logins_waiting = 400
login_tries = {tries}

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

GITHUB = """
[method {name}]
type = github
title = GitHub
host = {host}
client_id = {client_id}
device_flow_alone = yes
{more}
"""


def service(name, methods, **conditions):
    lines = [f"[service {name}]", f"methods = {methods}"]
    lines += [f"{key} = {value}" for key, value in conditions.items()]
    return "\n".join(lines) + "\n"


def head(tries=3, fail_delay_ms=100):
    return HEAD.format(tries=tries, fail_delay_ms=fail_delay_ms)


def oidc(provider, name="work", title="Work", client_id="demo", **more):
    lines = "\n".join(f"{key} = {value}" for key, value in more.items())
    return OIDC.format(name=name, title=title, issuer=provider.issuer, client_id=client_id,
                       more=lines)


def github(provider, name="github", **more):
    lines = "\n".join(f"{key} = {value}" for key, value in more.items())
    host = provider.url.removeprefix("https://")
    return GITHUB.format(name=name, host=host, client_id=provider.client_id, more=lines)
