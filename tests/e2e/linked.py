# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins that begin on the telephone, at a relay of the tests (vendors/relay.py)."""

import contextlib
import os
import pathlib
import shutil
import threading

import configs
from people import expect_no_shell, expect_shell
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
    return configs.section(f"method {name}", {"type": "wecom", "starts_per_s": "1000",
                                              **vendor.keys(), **more})


def dingtalk_section(vendor, name="dingtalk", **more):
    return configs.section(f"method {name}", {"type": "dingtalk", **vendor.keys(), **more})


def dingtalk_alone(pages, **more):
    """sshd with DingTalk alone, by its pages for browsers and without a relay."""
    method = {"login_url": pages.base, "device_flow_alone": "yes", "title": "DingTalk", **more}
    return (configs.head() + dingtalk_section(pages.vendor, **method)
            + configs.service("sshd", "dingtalk"))


def oidc_section(relay, op, name="work", **more):
    """By the relay: the device flow's warning is not needed."""
    op.clients["demo"].redirect_uris.append(f"{relay.url}/cb/{name}")
    text = configs.oidc(op, name=name, flow="relay", **more)
    return text.replace("device_flow_alone = yes\n", "")


class Visit:
    """One telephone that pressed one link's button; without a method it is the only one there."""

    def __init__(self, relay, user, method=None, timeout=20):
        self.relay = relay
        self.link = relay.wait_link(user, timeout)
        if method is None:
            [method] = [target["method"] for target in self.link.body["targets"]]
        assert relay.press(self.link, method)
        self.target = relay.wait_target(self.link)

    def come_back(self, query):
        assert self.relay.callback(self.link, query)

    def go(self, way):
        """`way`: from the address behind the button to the query of the way back."""
        self.come_back(way(self.target["url"]))

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


# --- the terminal beside it ---

@contextlib.contextmanager
def pressed(house, relay, user):
    """A terminal that waits for digits, and the telephone that pressed its button."""
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(DIGITS_PROMPT)
        yield ssh, Visit(relay, user)


def turned_away(house, user, ssh, visit, result):
    """Never any digits, no shell; why, for the sysadmin."""
    assert visit.result()["result"] == result
    ssh.send_line("42")
    expect_no_shell(ssh, user)
    assert "digits" not in str(visit.relay.find(visit.link).results)
    return house.audit(user)[-1]["reason"]


def let_in_by(way, house, relay, user):
    with pressed(house, relay, user) as (ssh, visit):
        visit.go(way)
        ssh.send_line(visit.digits())
        expect_shell(ssh, user)


def refused_by(way, house, relay, user, result):
    with pressed(house, relay, user) as (ssh, visit):
        visit.go(way)
        return turned_away(house, user, ssh, visit, result)


def let_in_at_once(house, relay, ways):
    """`ways`: of each user."""
    with contextlib.ExitStack() as stack:
        logins = [(user, *stack.enter_context(pressed(house, relay, user))) for user in ways]
        for user, _, visit in logins:
            threading.Thread(target=visit.go, args=[ways[user]]).start()
        for user, ssh, visit in logins:
            ssh.send_line(visit.digits())
            expect_shell(ssh, user)


def wrong(digits):
    return f"{(int(digits) + 1) % 100:02}"
