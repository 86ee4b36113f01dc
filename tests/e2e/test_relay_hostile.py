# SPDX-License-Identifier: GPL-3.0-or-later
"""A relay that lies: it lets nobody in who did not approve at the provider, and neither hangs nor
grows jauthd. What it can do with an approval given while it lies is shown at the end."""

import contextlib
import itertools
import os
import re
import threading
import time

import pytest

import configs
from conftest import PASSWORD
from handset import Phone
from house import wait_until
from linked import wecom_section
from telephone import at_wecom
from vendors.oidc import Client, Provider
from vendors.relay_hostile import STREAMS, WRONG_EVENTS
from vendors.server import Server
from vendors.wecom import WeCom

METHOD, OTHER = "work", "home"
PAGE, MESSAGE = "on-the-page", "by-message"      # services: where WeCom's digits are shown
DIGITS = re.compile(r"(?<![\w.])[0-9]{2}(?![\w.])")
PLACES = itertools.count(1)             # each login comes from a source of its own
GROWTH_KIB = 24 * 1024                  # of jauthd or jauth-http, under any flood
QUICK_S = 5                             # a login by password, while the relay lies


class Lab:
    """A host whose relay is the double, and the people at its provider."""

    def __init__(self, house, relay, op, wecom):
        self.house = house
        self.relay = relay
        self.op = op
        self.wecom = wecom
        self.key_path = house.folder / "relay.key"
        self.users = 0

    def configure(self):
        self.key_path.write_text(self.relay.key("house"))
        os.chmod(self.key_path, 0o600)
        os.chown(self.key_path, self.house.uid("jauth"), -1)
        ways = "".join(configs.oidc_relay(self.op, name, title=name) for name in (METHOD, OTHER))
        self.house.configure(configs.head(login_seconds=60)
                             + configs.relay(self.relay.url, self.key_path) + configs.PASSWORD
                             + ways + wecom_section(self.wecom, "wecom")
                             + wecom_section(self.wecom, "wecom-message", digits="app-message")
                             + configs.service(PAGE, "wecom")
                             + configs.service(MESSAGE, "wecom-message")
                             + configs.service("sshd", f"{METHOD}, {OTHER}")
                             + configs.service("su", "password"))

    def person(self):
        """A new Unix user, and whose identity at the provider is linked to him."""
        self.users += 1
        user = self.house.add_user(f"hostile{self.users}", password=PASSWORD)
        self.house.add_link(user, self.op.issuer, "sub-of-" + user)
        self.house.add_link(user, f"wecom:{self.wecom.corp_id}", self.wecom.add_member(user))
        return user

    def begin(self, user, service="sshd", source=None):
        """A login, to be used with `with`."""
        return self.house.bus_login(user, service=service,
                                    rhost=source or f"198.51.100.{next(PLACES) % 250}")

    @contextlib.contextmanager
    def scanning(self, user, service="sshd", source=None):
        """A login that shows its code, and its link."""
        with self.begin(user, service, source) as login:
            text = login.next_ask().text()
            yield login, self.relay.find(re.search(r"/q/[A-Za-z0-9_-]{22}", text).group())

    def approve(self, url, person):
        """The query with which the provider sends the telephone back."""
        phone = Phone(self.relay.ca_path)
        page = phone.press(phone.open(url), "approve", sub=person, follow=False)
        assert page.status == 302, page.text
        return page.headers["Location"].partition("?")[2]

    def approve_link(self, link, person):
        self.relay.press(link, METHOD)
        query = self.approve(self.relay.wait_target(link)["url"], person)
        assert self.relay.callback(link, query)

    def right_login(self, user):
        with self.scanning(user) as (login, link):
            self.approve_link(link, "sub-of-" + user)
            login.answer(self.relay.wait_result(link, "digits")["digits"])
            return login.outcome()

    def password_login(self, user):
        """How long it took somebody whose service needs no relay."""
        start = time.monotonic()
        with self.house.bus_login(user, service="su", rhost=None, surface="terminal",
                                  caller_uid=0) as login:
            login.next_ask(QUICK_S)
            login.answer(PASSWORD)
            assert login.outcome(QUICK_S) == "granted"
        return time.monotonic() - start

    def memory_kib(self):
        """Resident, of jauthd and jauth-http."""
        return {service.name: resident_kib(service.pid)
                for service in (self.house.jauthd, self.house.http)}

    def starts(self):
        return self.house.jauthd.n_starts, self.house.http.n_starts


def give_up(login):
    """The person ends the login, if it has not ended yet; how it ended."""
    login.answer("q")
    return login.outcome()


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1))


@pytest.fixture(scope="module")
def code_op(authority, relay_double):
    """A provider whose client is registered with the double's callbacks."""
    uris = [f"{relay_double.url}/cb/{name}" for name in (METHOD, OTHER)]
    made = Provider(authority, host="api.example.org").start()
    made.clients = {"demo": Client("demo", redirect_uris=uris)}
    yield made
    made.stop()


@pytest.fixture(scope="module")
def code_wecom(authority, relay_double):
    made = WeCom(authority, trusted_domain=f"{relay_double.host}:{relay_double.port}").start()
    made.ca = authority.ca_path
    yield made
    made.stop()


@pytest.fixture(scope="module")
def lab(house, authority, relay_double, code_op, code_wecom):
    relay_double.ca_path = authority.ca_path
    here = Lab(house, relay_double, code_op, code_wecom)
    here.configure()
    here.password_login(here.person())   # what is allocated once is
    yield here
    house.stop_jauth()


@pytest.fixture
def liar(lab):
    """The relay, honest before and after; jauthd must not have died nor grown meanwhile."""
    lab.relay.reset()
    lab.op.complaints.clear()
    before, starts = lab.memory_kib(), lab.starts()
    yield lab.relay
    lab.relay.honest()
    assert lab.starts() == starts, lab.house.journal()[-3000:]
    grown = {name: size - before[name] for name, size in lab.memory_kib().items()}
    assert max(grown.values()) < GROWTH_KIB, grown
    lab.house.wait_no_login()


@pytest.fixture
def user(lab):
    """A person of this lab, in place of the house's."""
    return lab.person()


# --- invented ---

def test_the_double_lets_the_right_person_in(lab, liar, user):
    assert lab.right_login(user) == "granted"
    assert liar.all_complaints() == [] and lab.op.complaints == []


def invented(state):
    """Queries that no browser brought; {state} is the right one."""
    return {
        "a code that nobody was given": f"code=invented&state={state}",
        "another state": "code=invented&state=" + "0" * 32,
        "no state": "code=invented",
        "an empty state": "code=invented&state=",
        "a longer state": f"code=invented&state={state}0",
        "a shorter state": f"code=invented&state={state[:-1]}",
        "the state twice": f"code=invented&state={state}&state={state}",
        "the code twice": f"code=a&code=b&state={state}",
        "no code": f"state={state}",
        "an empty code": f"code=&state={state}",
        "a huge code": f"code={'c' * 3900}&state={state}",
        "code and error": f"code=invented&error=access_denied&state={state}",
        "a bad escape": f"code=%zz&state={state}",
        "a NUL": f"code=a%00b&state={state}",
        "a newline": f"code=a%0d%0aX-Evil:%201&state={state}",
        "bytes that are no UTF-8": f"code=%ff%fe&state={state}",
        "very many parameters": "&".join(f"p{i}=1" for i in range(40)) + f"&state={state}",
        "success in words": f"granted=1&result=granted&digits=00&state={state}",
        "another issuer": f"code=invented&iss=https%3A%2F%2Fevil.example.org&state={state}",
    }


@pytest.mark.parametrize("kind", invented("0" * 32))
def test_an_invented_callback_lets_nobody_in(lab, liar, user, kind):
    with lab.scanning(user) as (login, link):
        liar.press(link, METHOD)
        liar.invent_callback(link, invented(liar.wait_target(link)["state"])[kind])
        assert login.outcome() in ("denied", "failed")
    assert liar.result(link)["result"] not in ("digits", "granted")


def test_the_right_code_under_another_state_is_not_redeemed(lab, liar, user):
    with lab.scanning(user) as (login, link):
        liar.press(link, METHOD)
        target = liar.wait_target(link)
        query = lab.approve(target["url"], "sub-of-" + user)
        liar.invent_callback(link, query.replace(target["state"], "0" * len(target["state"])))
        assert login.outcome() == "denied"
    assert not lab.op.codes.visits[-1].is_used


def test_what_is_said_again_happens_once(lab, liar, user):
    """Callback and button come again, changed, when the digits are on the page already."""
    with lab.scanning(user) as (login, link):
        lab.approve_link(link, "sub-of-" + user)
        digits = liar.wait_result(link, "digits")["digits"]
        liar.inject({**link.event(), "presses": 2, "method": OTHER},
                    {**link.event(), "callback": "code=other&state=" + link.target["state"]},
                    link.event())
        time.sleep(0.5)
        login.answer(digits)
        assert login.outcome() == "granted"
    liar.wait_result(link, "granted")
    assert [result["result"] for result in link.results] == ["digits", "granted"]


def test_a_callback_before_the_button_does_nothing(lab, liar, user):
    with lab.scanning(user) as (login, link):
        liar.rewrite(link, presses=None)
        liar.inject({"link": link.id, "n": 1, "presses": 0, "callback": "code=a&state=b"},
                    {"link": link.id, "n": 2, "presses": 0, "callback": "code=a&state=b",
                     "refused": False})
        time.sleep(0.5)
        liar.honest()
        lab.approve_link(link, "sub-of-" + user)
        login.answer(liar.wait_result(link, "digits")["digits"])
        assert login.outcome() == "granted"


def test_invented_results_and_identities_are_not_read(lab, liar, user):
    liar.decorate(result="granted", granted=True, digits="00", subject="sub-of-" + user,
                  identity={"issuer": lab.op.issuer, "subject": "sub-of-" + user},
                  user=user, state="granted")
    with lab.scanning(user) as (login, link):
        liar.press(link, METHOD)
        liar.wait_target(link)
        login.answer("00")
        step = login.next_ask()
        assert "Nothing is approved" in step.text()
        assert give_up(login) not in ("granted", None)


@pytest.mark.parametrize("number", range(len(WRONG_EVENTS)))
def test_an_event_with_one_wrong_member_lets_nobody_in(lab, liar, user, number):
    with lab.scanning(user) as (login, link):
        event = {"link": link.id, "n": 1, "presses": 1, "method": METHOD,
                 "callback": "code=invented&state=invented", **WRONG_EVENTS[number]}
        liar.inject({name: value for name, value in event.items() if value is not None})
        time.sleep(0.3)
        assert give_up(login) not in ("granted", None)


def test_buttons_that_nobody_pressed_start_few_providers(lab, liar, user):
    with lab.scanning(user) as (login, link):
        liar.misbehave("presses")
        time.sleep(3)
        liar.honest()
        give_up(login)
    states = [state for state, (name, _) in liar.store.states.items() if name == link.id]
    assert 1 <= len(states) <= 8


def test_a_relay_that_shows_nothing_only_makes_wait(lab, liar, user):
    with lab.scanning(user) as (login, link):
        liar.rewrites[link.id] = lambda event: {**event, "presses": 0, "method": METHOD}
        liar.press(link, METHOD)
        assert lab.password_login(user) < QUICK_S
        assert give_up(login) not in ("granted", None)


# --- swapped ---

def test_swapped_codes_let_nobody_in(lab, liar):
    """PKCE and nonce bind a code to the login for which the provider was asked."""
    people = [lab.person(), lab.person()]
    with lab.scanning(people[0]) as one, lab.scanning(people[1]) as two:
        links = [one[1], two[1]]
        for link, person in zip(links, people):
            liar.withhold(link)
            lab.approve_link(link, "sub-of-" + person)
        liar.swap(*links)
        assert [login.outcome() for login, _ in (one, two)] == ["denied", "denied"]
    assert not any(liar.result(link)["result"] in ("digits", "granted") for link in links)
    assert len([1 for text in lab.op.complaints if "verifier" in text]) == 2


def test_a_stolen_code_is_worth_nothing_in_a_login_of_the_same_user(lab, liar, user):
    """The attacker began a login as the victim, and the relay gives him the victim's code."""
    with lab.scanning(user) as (victim, link), lab.scanning(user) as (attacker, other):
        lab.approve_link(link, "sub-of-" + user)
        liar.steal(link, other)
        assert attacker.outcome() == "denied"
        assert liar.result(other)["result"] not in ("digits", "granted")
        assert give_up(victim) not in ("granted", None)


# --- floods and faults: others are served meanwhile ---

@pytest.mark.parametrize("kind", sorted(STREAMS))
def test_a_stream_that_lies_for_ever(lab, liar, user, kind):
    with lab.scanning(user) as (login, _):
        liar.misbehave(kind)
        end = time.monotonic() + 1
        while time.monotonic() < end:
            assert lab.password_login(user) < QUICK_S
            time.sleep(0.2)
        n_replies = liar.n_replies
        time.sleep(1)
        assert liar.n_replies - n_replies < 30, "asked as fast as the relay answers"
        liar.honest()
        assert give_up(login) not in ("granted", None)
    wait_until(lambda: lab.right_login(user) == "granted", 20, "a right login")


FAULTS = {
    "malformed": {}, "cut": {}, "reset": {}, "huge": {"size": 10 * 1024 * 1024},
    "slow": {"seconds": 3}, "hang": {}, "drip": {"pause": 0.5}, "headers": {}, "lost": {},
    **{f"status {status}": {"status": status} for status in
       (204, 400, 401, 404, 409, 410, 413, 500)},
    **{f"status {status} later": {"status": status, "retry_after": 5} for status in (429, 503)},
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_every_reply(lab, liar, user, name):
    """Before the link is open, and again once it is: both logins end, and soon."""
    kind = "error" if name.startswith("status") else name
    with lab.scanning(user) as (opened, _):
        liar.fault_everywhere(kind, **FAULTS[name])
        with lab.begin(user) as login:
            assert lab.password_login(user) < QUICK_S
            start = time.monotonic()
            step = login.step(40)
            while step and step.state == "wait":
                step = login.step(40)
            assert time.monotonic() - start < 40
            if step and step.state == "ask":
                login.answer("q")
        assert lab.password_login(user) < QUICK_S
        assert give_up(opened) not in ("granted", None)
    liar.honest()
    wait_until(lambda: lab.right_login(user) == "granted", 30, "a right login")


def test_a_redirect_is_not_followed(lab, liar, user, authority):
    trap = Server(authority, "sms.example.org", name="trap").start()
    try:
        liar.fault_everywhere("redirect", location=f"https://sms.example.org:{trap.port}/trap")
        with lab.begin(user) as login:
            assert login.outcome(40) in ("failed", "denied", "unavailable")
        assert trap.requests == []
    finally:
        trap.stop()


def test_a_flood_does_not_grow_jauthd_over_many_logins(lab, liar, user):
    liar.misbehave("instances")
    for _ in range(3):
        with contextlib.ExitStack() as stack:
            logins = [stack.enter_context(lab.begin(user)) for _ in range(30)]
            for login in logins:
                login.next_ask()
                login.answer("q")
    liar.honest()
    assert lab.right_login(user) == "granted"


def test_fifty_waiting_logins_in_a_flood(lab, liar):
    """And everybody whose way needs no relay is served at once."""
    people = [lab.person() for _ in range(10)]
    liar.misbehave("repeated")
    stop, taken = threading.Event(), []

    def others():
        while not stop.is_set():
            taken.append(lab.password_login(people[0]))

    thread = threading.Thread(target=others)
    with contextlib.ExitStack() as stack:
        stack.callback(thread.join)
        stack.callback(stop.set)
        thread.start()
        logins = [stack.enter_context(lab.begin(people[number % 10])) for number in range(50)]
        for login in logins:
            login.next_ask()
        time.sleep(2)
    assert len(taken) > 3 and max(taken) < QUICK_S


# --- what remains: an approval given while the relay lies ---

def test_the_victim_is_led_to_the_attackers_login(lab, liar, user):
    """The relay shows the victim its own page and sends the button to the target of the attacker's
    login; what the victim approves is that one, and its digits go to the relay. A page of ours that
    the relay serves cannot prevent it: see jauth-relay(8)."""
    with lab.scanning(user) as (attacker, link):
        liar.press(link, METHOD)
        query = lab.approve(liar.wait_target(link)["url"], "sub-of-" + user)
        assert liar.callback(link, query)
        attacker.answer(liar.wait_result(link, "digits")["digits"])
        assert attacker.outcome() == "granted"


@contextlib.contextmanager
def stolen_code(lab, liar, user, service):
    """The victim logs in and approves in WeCom; the relay keeps his code from his login and gives
    it to one that the attacker began in his name. WeCom knows no PKCE. (attacker's login, link)"""
    method = {PAGE: "wecom", MESSAGE: "wecom-message"}[service]
    with lab.scanning(user, service) as (victim, link), \
            lab.scanning(user, service, source="203.0.113.66") as (attacker, other):
        liar.press(link, method)
        target = liar.wait_target(link)
        liar.withhold(link)
        assert liar.callback(link, at_wecom(lab.wecom, target["url"], user))
        liar.steal(link, other)
        yield attacker, other
        give_up(victim)


def test_a_stolen_wecom_code_is_worth_a_login_while_the_page_shows_the_digits(lab, liar, user):
    with stolen_code(lab, liar, user, PAGE) as (attacker, link):
        attacker.answer(liar.wait_result(link, "digits")["digits"])
        assert attacker.outcome() == "granted"


def test_digits_by_message_go_past_the_relay(lab, liar, user):
    """They reach the victim, together with where the attacker sits, and nobody else."""
    n_before = len(lab.wecom.messages)
    with stolen_code(lab, liar, user, MESSAGE) as (attacker, link):
        assert liar.wait_result(link)["result"] == "message"
        message = lab.wecom.wait_for_message(n_before + 1)
        assert message["to"].lower() == user
        for word in (user, "203.0.113.66", lab.house.status().get("host", "house")):
            assert word in message["text"], message
        digits, = DIGITS.findall(message["text"])
        attacker.answer(f"{(int(digits) + 1) % 100:02d}")
        assert attacker.outcome() == "denied"
    told = [result for each in liar.store.links.values() for result in each.results]
    assert told and not any("digits" in result for result in told)


def test_digits_by_message_let_the_right_person_in(lab, liar, user):
    with lab.scanning(user, MESSAGE) as (login, link):
        n_before = len(lab.wecom.messages)
        liar.press(link, "wecom-message")
        query = at_wecom(lab.wecom, liar.wait_target(link)["url"], user)
        assert liar.callback(link, query)
        text = lab.wecom.wait_for_message(n_before + 1)["text"]
        liar.wait_result(link, "message")
        login.answer(DIGITS.findall(text)[-1])
        assert login.outcome() == "granted"
