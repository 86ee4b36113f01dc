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
from people import expect_shell
from relay import Phone
from relayed import Redis, Scanned, Site, begin, scan

ENDS = (signal.SIGTERM, signal.SIGKILL)


def text_of(site):
    return (configs.head() + configs.PASSWORD + site.section() + site.wecom_section()
            + site.oidc_section() + configs.service("sshd", "wecom, work"))


@contextlib.contextmanager
def running(house, made):
    made.start()
    house.write_config(text_of(made))
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


def logs_in(house, person, relay=None):
    """A whole login, or False."""
    with house.bus_login(person.user) as login:
        step = login.step()
        while step and step.state == "wait":
            step = login.step()
        if not step or step.state != "ask":
            return False
        digits = person.phone(relay=relay).approve(Scanned(step.text())).digits
        login.answer(digits)
        return login.outcome() == "granted"


def vanish(phone, link, query):
    """Comes back to a relay that ends meanwhile; what it then says is nobody's concern."""
    with contextlib.suppress(OSError):
        phone.come_back(link, "wecom", query)


def until(point, phone, link, site):
    """The telephone goes on to this point; the digits, if it has seen them."""
    if point == "before the press":
        phone.open(link)
        return None
    query = phone.go(link)
    if point == "at the provider":
        return None
    if point == "while the host asks":
        n_asked = len(site.wecom.requests)
        site.wecom.fault("auth/getuserinfo", "slow", seconds=1)
        threading.Thread(target=vanish, args=[phone, link, query], daemon=True).start()
        wait_until(lambda: len(site.wecom.requests) > n_asked, 5, "the host's question")
        return None
    return phone.arrive(link, query).digits


# --- one relay, its memory lost ---

@pytest.mark.parametrize("number", ENDS, ids=["stopped", "killed"])
@pytest.mark.parametrize("point", ["before the press", "at the provider", "with the digits"])
def test_a_relay_that_forgot(house, alone, person, point, number):
    """The code on the screen stays good: who saw digits types them, who did not scans again."""
    with house.bus_login(person.user) as login:
        link = begin(login)
        digits = until(point, person.phone(), link, alone)
        renew(alone.relay, number)
        wait_until(lambda: person.phone().open(link).status == 200, 10, "the link opened again")
        login.answer(digits or person.phone().approve(link).digits)
        assert login.outcome() == "granted"


def test_a_relay_that_forgot_who_approved(house, alone, person):
    """Nobody could show himself as the one who approved, so the page asks for a new login."""
    with house.bus_login(person.user) as login:
        link = begin(login)
        until("while the host asks", person.phone(), link, alone)
        renew(alone.relay, signal.SIGKILL)
        wait_until(lambda: person.phone().open(link).status == 200, 10)
        page = person.phone().press(link, "wecom")
        assert (page.status, page.head) == (504, "The computer does not answer")
        login.answer("q")
        assert login.outcome() == "cancelled"
    with house.bus_login(person.user) as login:
        login.answer(person.phone().approve(begin(login)).digits)
        assert login.outcome() == "granted"


def test_over_ssh(house, alone, person):
    with house.sshd().login(person.user) as ssh:
        link = scan(ssh)
        renew(alone.relay, signal.SIGKILL)
        wait_until(lambda: person.phone().open(link).status == 200, 10)
        ssh.send_line(person.phone().approve(link).digits)
        expect_shell(ssh, person.user)


def test_no_relay_at_all(house, alone, person):
    """Said at once and in words; then it is back."""
    alone.relay.service.stop()
    try:
        with house.bus_login(person.user) as login:
            step = login.step()
            while step.state == "wait":
                step = login.step()
            assert step.state == "failed"
            assert "The way over the telephone does not work now." in step.text()
    finally:
        alone.relay.service.start()
    wait_until(lambda: logs_in(house, person), 15, "a login")


def test_digits_are_not_told_to_a_relay_that_forgot_whose_they_are(house, alone, person):
    """Who began the login has its link, and waits for the relay to be started again when the right
    person has approved: an invented callback shows him nothing."""
    with house.bus_login(person.user) as login:
        link = begin(login)
        phone = person.phone()
        state = phone.press(link, "wecom").headers["Location"].partition("state=")[2][:32]
        assert phone.approve(link).digits
        renew(alone.relay, signal.SIGKILL)
        wait_until(lambda: person.phone().open(link).status == 200, 10)
        attacker = Phone(alone.relay, "wecom")
        time.sleep(0.5)
        sent = attacker.press(link, "wecom")
        assert sent.status != 303, "whoever has the link is led to the provider once more"
        assert attacker.come_back(link, "wecom", f"code=x&state={state}").digits is None


# --- two relays at one Redis ---

@pytest.fixture(scope="module")
def redis(house):
    made = Redis(house.folder).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def pair(house, alone, authority, wecom, op, redis):
    """After the tests of one relay: its host changes over."""
    alone.stop()
    with running(house, Site(house, authority, wecom, op, n=2, redis=redis)) as made:
        yield made


@pytest.fixture
def member(house, pair, wecom):
    wecom.reset()
    made = pair.add_person()
    yield made
    for relay in pair.relays:
        if not relay.service.wanted:
            relay.service.start()
    house.remove_user(made.user)
    assert not wecom.complaints


def test_any_relay_is_as_good(house, pair, member):
    """Opened through one, pressed at the other, waited for at the first, shown by both."""
    with house.bus_login(member.user) as login:
        link = begin(login)
        phone = member.phone(relay=pair.relays[1])
        query = phone.go(link)
        phone.relay = pair.relays[0]
        page = phone.arrive(link, query)
        phone.relay = pair.relays[1]
        assert phone.open(link).digits == page.digits
        login.answer(page.digits)
        assert login.outcome() == "granted"


@pytest.mark.parametrize("number", ENDS, ids=["stopped", "killed"])
@pytest.mark.parametrize("point", ["before the press", "at the provider", "while the host asks",
                                   "with the digits"])
def test_one_of_two_ends(house, pair, member, point, number):
    """For good, and it is the one that the host asks and the telephone uses: the other one goes on
    where it was, and nobody scans again."""
    index = pair.servers.index(house.status()["relay-server"])
    first, other = pair.relays[index], pair.relays[1 - index]
    with house.bus_login(member.user) as login:
        link = begin(login)
        phone = member.phone(relay=first)
        if point == "before the press":
            phone.open(link)
        else:
            query = phone.go(link)
        if point == "while the host asks":
            n_asked = len(pair.wecom.requests)
            pair.wecom.fault("auth/getuserinfo", "slow", seconds=1)
            threading.Thread(target=vanish, args=[phone, link, query], daemon=True).start()
            wait_until(lambda: len(pair.wecom.requests) > n_asked, 5, "the host's question")
        elif point == "with the digits":
            assert phone.arrive(link, query).digits
        first.service.stop(number)
        began = time.monotonic()
        phone.relay = other
        page = phone.approve(link) if point == "before the press" else phone.arrive(link, query)
        login.answer(page.digits)
        assert login.outcome() == "granted"
        assert time.monotonic() - began < 10


def test_redis_that_kept_nothing(house, pair, redis, member):
    """As a relay that forgot: scanned again, the same code lets in."""
    with house.bus_login(member.user) as login:
        link = begin(login)
        member.phone().go(link)
        redis.stop()
        redis.start()
        wait_until(lambda: member.phone().open(link).status == 200, 15, "the link opened again")
        login.answer(member.phone(relay=pair.relays[1]).approve(link).digits)
        assert login.outcome() == "granted"


def test_redis_that_kept_everything(house, pair, redis, member):
    """A login that waits does not notice."""
    redis.command("config", "set", "appendfsync", "always")
    redis.command("config", "set", "appendonly", "yes")
    wait_until(lambda: "aof_rewrite_in_progress:0" in redis.command("info", "persistence"), 10)
    with house.bus_login(member.user) as login:
        link = begin(login)
        phone = member.phone()
        query = phone.go(link)
        redis.service.stop(signal.SIGKILL)
        redis.keeps(True)
        redis.start()
        wait_until(lambda: phone.open(link).status != 503, 10, "the relay's way to Redis")
        login.answer(phone.arrive(link, query).digits)
        assert login.outcome() == "granted"


def test_redis_that_hangs(house, pair, redis, member):
    """Telephone and terminal are told; when it goes on, so does everything by itself."""
    with house.bus_login(member.user) as login:
        link = begin(login)
        redis.service.send(signal.SIGSTOP)
        try:
            page = member.phone().open(link)
            assert (page.status, page.head) == (503, "Out of order")
            assert page.headers["Retry-After"]
            with house.bus_login(member.user) as second:
                assert second.outcome(40) == "failed"
        finally:
            redis.service.send(signal.SIGCONT)
        wait_until(lambda: member.phone().open(link).status == 200, 15, "the page")
        login.answer(member.phone().approve(link).digits)
        assert login.outcome() == "granted"
    assert logs_in(house, member, pair.relays[1])
