# SPDX-License-Identifier: GPL-3.0-or-later
"""What the suites of the vendors with an app (WeCom, DingTalk, WeChat) share: jauth at sshd, the
vendor on its best behaviour, people who are linked, and what must hold for each of them."""

import contextlib
import urllib.parse

from house import wait_until


# --- fixtures begin and end with these ---

@contextlib.contextmanager
def at_sshd(house, text):
    """sshd asks jauth, which is configured so."""
    house.use_jauth("sshd")
    house.configure(text)
    yield house
    house.use_debian("sshd")
    house.stop_jauth()


@contextlib.contextmanager
def on_best_behaviour(vendor):
    """The vendor, which fails the test when a request was against the rules."""
    vendor.reset()
    vendor.requests.clear()
    yield vendor
    complaints = list(vendor.complaints)
    vendor.reset()
    assert not complaints


@contextlib.contextmanager
def employee(house, vendor, method_type, spelling, **more):
    """(Unix user, userid) of somebody in the organisation; `spelling` makes the userid of the
    user's name."""
    user = house.add_user()
    member = vendor.add_member(spelling(user), name="张三", **more)
    house.add_link(user, f"{method_type}:{vendor.corp_id}", member)
    yield user, member
    house.remove_user(user)


@contextlib.contextmanager
def wechat_person(house, vendor, app, nickname="张三"):
    """(Unix user, who he is at WeChat), linked for all apps of the platform."""
    user = house.add_user()
    person = vendor.add_person(user, nickname)
    house.add_link(user, "wechat", person.unionid(app))
    yield user, person
    house.remove_user(user)


# --- what holds for all of them ---

def expect_no_secret(house, vendor, *logs):
    """Neither in the log nor in the audit, nor in what else is given, as it is or encoded."""
    text = "\n".join([house.journal(), str(house.audit()), *logs])
    secrets = {word for secret in vendor.secrets_made
               for word in (secret, urllib.parse.quote_plus(secret))}
    assert not [word for word in secrets if word in text]


def expect_only_by(proxy, house, vendor, let_in, refused, exchange):
    """A login's calls all go out by the proxy, which can read no secret; and without it there are
    none. `exchange`: the vendor's call that redeems a code."""
    let_in()
    assert set(proxy.targets) == {urllib.parse.urlsplit(vendor.url).netloc}
    assert not proxy.wrong
    assert not [secret for secret in vendor.secrets_made if secret.encode() in proxy.passed]
    proxy.close()
    proxy.cut()
    wait_until(lambda: not house.waiting(), what="the login to be over")
    before = vendor.n_calls(exchange)
    refused()
    assert vendor.n_calls(exchange) == before
