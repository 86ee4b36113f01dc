# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins by the real jauth-relay, of which something fails on the way: a relay that is stopped or
killed, alone with its memory or with others at one Redis; and Redis itself."""

import contextlib
import signal
import threading
import time

import pytest

import configs
from house import wait_until
from linked import wrong
from people import expect_shell
from relay import Phone
from relayed import HOST, KEY_FILE, Redis, Site, begin, last_row, scan

POINTS = ("before the press", "at the provider", "while the host asks", "with the digits")
ENDS = (signal.SIGTERM, signal.SIGKILL)


def text_of(site):
    return (configs.head() + configs.PASSWORD + site.section() + site.wecom_section()
            + site.oidc_section() + configs.service("sshd", "wecom, work"))


@contextlib.contextmanager
def running(house, made):
    made.start()
    made.enrol()
    house.use_jauth("sshd")
    house.configure(text_of(made))
    try:
        yield made
    finally:
        house.use_debian("sshd")
        house.stop_jauth()
        made.stop()


@pytest.fixture(scope="module")
def alone(house, authority, wecom, op):
    """One relay with nothing but its memory."""
    with running(house, Site(house, authority, wecom, op)) as made:
        yield made


@pytest.fixture
def person(house, alone, wecom):
    wecom.reset()
    made = alone.add_person()
    yield made
    house.remove_user(made.user)
    assert not wecom.complaints


def renew(relay, number):
    """Ends it so; it is started again at once, with an empty memory."""
    relay.service.wait_back(relay.service.kill(number))


def proxied(phone, *words):
    """A request to a relay that may end meanwhile: the proxy or the relay says so, on a page
    without digits."""
    page = phone.come_back(*words)
    assert page.digits is None or page.status == 200
    return page


def until(point, phone, link, site):
    """The telephone goes on to this point; the digits, if it has seen them."""
    if point == "before the press":
        phone.open(link)
        return None
    query = phone.go(link)
    if point == "at the provider":
        return None
    if point == "while the host asks":
        site.wecom.fault("auth/getuserinfo", "slow", seconds=1)
        threading.Thread(target=lambda: phone.come_back(link, "wecom", query),
                         daemon=True).start()
        wait_until(lambda: site.relay.metrics().get('callbacks_total{kind="taken"}', 0) > 0, 5)
        return None
    return phone.arrive(link, query).digits


# --- one relay, its memory lost ---

@pytest.mark.parametrize("number", ENDS, ids=["stopped", "killed"])
@pytest.mark.parametrize("point", POINTS)
def test_a_relay_that_forgot(house, alone, person, point, number):
    """The code on the screen stays good: who has seen digits types them, who has not scans again."""
    with house.bus_login(person.user) as login:
        link = begin(login)
        digits = until(point, person.phone(), link, alone)
        renew(alone.relay, number)
        wait_until(lambda: person.phone().open(link).status == 200, 10, "the link opened again")
        if not digits:
            time.sleep(1.5 if point == "while the host asks" else 0)
            digits = person.phone().approve(link).digits
        login.answer(digits)
        assert login.outcome() == "granted"


def test_digits_are_not_told_to_a_relay_that_forgot_whose_they_are(house, alone, person):
    """Who began the login has its link, and waits for the relay to be started again when the right
    person has approved: an invented callback shows him nothing."""
    with house.bus_login(person.user) as login:
        link = begin(login)
        assert person.phone().approve(link).digits
        renew(alone.relay, signal.SIGKILL)
        wait_until(lambda: person.phone().open(link).status == 200, 10)
        attacker = Phone(alone.relay, "wecom")
        time.sleep(0.5)
        sent = attacker.press(link, "wecom")
        if sent.status == 303:
            state = sent.headers["Location"].partition("state=")[2].partition("&")[0]
            page = attacker.come_back(link, "wecom", f"code=x&state={state}")
            assert page.digits is None, "whoever has the link sees the digits of another"
