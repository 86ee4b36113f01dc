# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins that begin on the telephone, at a relay of the tests (vendors/relay.py)."""

import os
import pathlib
import shutil

import configs
from telephone import at_oidc, at_wecom

KEY_FILE = pathlib.Path("/etc/jauth/secrets/relay")

DIGITS_PROMPT = r"The telephone's two digits[^\n]*: "
NOT_YET = r"Nothing is approved yet[^\n]*: "


def write_key(key):
    KEY_FILE.parent.mkdir(parents=True, exist_ok=True)
    KEY_FILE.write_text(key + "\n")
    os.chmod(KEY_FILE, 0o640)
    shutil.chown(KEY_FILE, "root", "jauth")


def relay_section(relay, host="house.example.org", **more):
    write_key(relay.key(host))
    return configs.section("relay", {"url": relay.url, "key_file": KEY_FILE, **more})


def wecom_section(vendor, name="wecom", **more):
    return configs.section(f"method {name}", {"type": "wecom", **vendor.keys(), **more})


def dingtalk_section(vendor, name="dingtalk", **more):
    return configs.section(f"method {name}", {"type": "dingtalk", **vendor.keys(), **more})


def oidc_section(relay, op, name="work", **more):
    """By the relay: the device flow's warning is not needed."""
    op.clients["demo"].redirect_uris.append(f"{relay.url}/cb/{name}")
    text = configs.oidc(op, name=name, flow="relay", **more)
    return text.replace("device_flow_alone = yes\n", "")


class Visit:
    """One telephone that pressed one link's button."""

    def __init__(self, relay, user, method, timeout=20):
        self.relay = relay
        self.link = relay.wait_link(user, timeout)
        assert relay.press(self.link, method)
        self.target = relay.wait_target(self.link)

    def come_back(self, query):
        assert self.relay.callback(self.link, query)

    def result(self, *words, **options):
        return self.relay.wait_result(self.link, *words, **options)

    def digits(self):
        return self.result("digits")["digits"]


def approve_wecom(relay, vendor, user, member, method="wecom"):
    """Presses, is sent to WeCom and back; the visit whose result is to be waited for."""
    visit = Visit(relay, user, method)
    visit.come_back(at_wecom(vendor, visit.target["url"], member))
    return visit


def approve_oidc(relay, op, user, sub, method="work"):
    visit = Visit(relay, user, method)
    visit.come_back(at_oidc(op, visit.target["url"], sub))
    return visit


def wrong(digits):
    return f"{(int(digits) + 1) % 100:02}"
