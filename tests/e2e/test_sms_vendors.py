# SPDX-License-Identifier: GPL-3.0-or-later
"""Every vendor and everything it may answer, by real jauthd and jauth-http: what the person sees,
what the audit says, how many messages the telephone got, and who takes over. Logins go over the
bus."""

import contextlib
import re

import pytest

import configs
from bus import Bus
from clock import Clock
from conftest import PASSWORD
from house import wait_until
from ports import free_port
from vendors.alibaba import Alibaba
from vendors.aws_sns import AwsSns
from vendors.sms_gateway import SmsGateway, TextGateway
from vendors.twilio import Twilio

NUMBER = "+8613900001234"
VENDORS = {"alibaba": Alibaba, "aws": AwsSns, "twilio": Twilio, "gateway": SmsGateway}
OTHERS = {"spare": SmsGateway, "text": TextGateway}
ENDPOINT_KEYS = ("endpoint", "globe_endpoint", "url")

# Ways to the vendors: a method and a service for each. First the vendor alone: as it is, nobody
# listening there, and the certificate of somebody else; then with `spare` behind it.
KINDS = ("", "-closed", "-foreign")
ROUTES = {"routes": "+86 alibaba, +8613 twilio spare, gateway"}

LIMITS = ("sms_source_hour", "sms_source_day", "sms_network_day", "sms_total_hour",
          "sms_total_day")

SENT, PERHAPS, FAILED = "Code sent to", "did not confirm", "could not be sent"


# --- configuration ---

def moved(keys, old, new):
    """The keys with another beginning of the vendor's URLs."""
    return {key: value.replace(old, new) if key in ENDPOINT_KEYS else value
            for key, value in keys.items()}


def gateway_sections(name, vendor):
    keys = vendor.keys()
    closed = f"https://{vendor.host}:{free_port()}"
    foreign = vendor.url.replace(vendor.host, "house.example.org")
    every = (keys, moved(keys, vendor.url, closed), moved(keys, vendor.url, foreign))
    return "".join(configs.section(f"sms {name}{kind}", {"type": vendor.type, **of_kind})
                   for kind, of_kind in zip(KINDS, every))


def ways():
    """Name → vendors of its method."""
    alone = {name + kind: name + kind for name in VENDORS for kind in KINDS}
    followed = {way + "-spare": way + " spare" for way in alone}
    return {**alone, **followed, **ROUTES, "text": "text"}


def config_text(vendors):
    sections = [configs.head(tries=1, **dict.fromkeys(LIMITS, 10000)), configs.PASSWORD]
    sections += [gateway_sections(name, vendors[name]) for name in VENDORS]
    sections += [configs.section(f"sms {name}", {"type": "http", **vendors[name].keys()})
                 for name in OTHERS]
    for way, order in ways().items():
        sections += [configs.section(f"method {way}", {"type": "sms", "vendors": order}),
                     configs.service(way, f"password + {way}")]
    return "".join(sections)


@pytest.fixture(scope="module")
def vendors(authority):
    made = {name: kind(authority).start() for name, kind in {**VENDORS, **OTHERS}.items()}
    yield made
    for vendor in made.values():
        vendor.stop()


@pytest.fixture(scope="module")
def clock(house):
    made = Clock(house)
    yield made
    made.release()


@pytest.fixture(scope="module", autouse=True)
def jauth(house, clock, vendors):
    house.configure(config_text(vendors))
    yield house
    house.stop_jauth()


@pytest.fixture(scope="module")
def user(house, jauth):
    name = house.add_user(password=PASSWORD)
    house.add_phone(name, NUMBER, method="gateway")
    yield name
    house.remove_user(name)


@pytest.fixture(autouse=True)
def quiet(house, vendors):
    """One test's messages are not the next one's. No vendor had anything to complain about, and
    neither code nor number nor secret is in the journal."""
    house.unlock_limits()
    for vendor in vendors.values():
        vendor.reset()
    yield
    journal = house.journal()
    words = set(re.findall(r"\w+", journal))
    for vendor in vendors.values():
        assert not vendor.complaints
        assert not [attempt for attempt in vendor.attempts if attempt["code"] in words]
        for key, path in vendor.keys().items():
            if key.endswith("_file"):
                with open(path, encoding="ascii") as file:
                    assert file.read().strip() not in journal
    assert NUMBER[1:] not in journal and NUMBER[3:] not in journal


# --- logins ---

class Login:
    """A login up to the code: what was shown with its prompt, or with its end."""

    def __init__(self, house, login, user):
        self.house, self.login, self.user = house, login, user
        self.last_row = house.audit(user)[-1:]
        self.step = self._next()
        self.answer(PASSWORD)

    def _next(self):
        step = self.login.step(timeout=30)
        while step and step.state == "wait":
            step = self.login.step(timeout=30)
        return step

    def answer(self, text):
        self.login.answer(text)
        self.step = self._next()

    def sees(self, text):
        assert text in self.step.text(), (self.step.state, self.step.text())
        assert self.step.state == ("failed" if text == FAILED else "ask")

    def note(self):
        """The audit's, once the login is over."""
        self.login.close()
        wait_until(lambda: self.house.audit(self.user)[-1:] != self.last_row, 5, "the audit's row")
        return self.house.audit(self.user)[-1]["note"]


@contextlib.contextmanager
def login_by(house, user, way):
    with Bus() as bus, bus.begin(user, service=way) as login:
        yield Login(house, login, user)


def all_messages(vendors):
    return [message for vendor in vendors.values() for message in vendor.messages]


# --- one vendor, one answer ---

# What the vendor does → what the person sees, requests and messages, and the note's word.
ANSWERS = [
    (["ok"], SENT, 1, 1, "accepted"),
    (["slow"], SENT, 1, 1, "accepted"),
    (["refused"], FAILED, 1, 0, "refused"),
    (["config"], FAILED, 1, 0, "configuration"),
    (["number"], FAILED, 1, 0, "number"),
    (["limit"], FAILED, 1, 0, "limit"),
    (["again"], SENT, 2, 1, "again"),
    (["again", "again"], FAILED, 2, 0, "again"),
    (["clock"], SENT, 2, 1, "clock"),
    (["clock", "clock"], FAILED, 2, 0, "clock"),
    (["unknown"], PERHAPS, 1, 0, "unknown"),
    (["hang"], PERHAPS, 1, 1, "timed-out"),
    (["lost"], PERHAPS, 1, 1, "broken"),
    (["cut"], PERHAPS, 1, 1, "broken"),
    (["huge"], PERHAPS, 1, 1, "broken"),
    (["malformed"], PERHAPS, 1, 1, "unknown"),
    (["empty"], PERHAPS, 1, 1, "unknown"),
    (["html"], PERHAPS, 1, 1, "unknown"),
    (["broken"], PERHAPS, 1, 1, "unknown"),
    (["redirect"], PERHAPS, 1, 1, "unknown"),
]


def knows(vendor, behaviour):
    """Only who is told a time can refuse ours; not everybody has a limit of his own."""
    return behaviour == "ok" or behaviour in vendor.examples or behaviour in vendor.MANNERS


def rows_of(answers):
    """Each vendor with each row that it can do."""
    return [pytest.param(name, *row, id=f"{name}-{'-'.join(row[0])}")
            for name, kind in VENDORS.items() for row in answers
            if all(knows(kind, behaviour) for behaviour in row[0])]


@pytest.mark.parametrize("name,behaviours,seen,n_attempts,n_messages,word", rows_of(ANSWERS))
def test_answer(house, vendors, user, name, behaviours, seen, n_attempts, n_messages, word):
    vendor = vendors[name]
    vendor.behave(*behaviours)
    with login_by(house, user, name) as login:
        login.sees(seen)
        assert len(vendor.attempts) == n_attempts
        assert len(all_messages(vendors)) == len(vendor.messages) == n_messages
        assert {attempt["number"] for attempt in vendor.attempts} == {NUMBER}
        if n_messages:
            login.answer(vendor.messages[0]["code"])
            assert login.step.state == "granted"
        assert f"{name}: {word}" in login.note()


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("name", VENDORS)
def test_nobody_there_or_somebody_else(house, vendors, user, name, kind):
    with login_by(house, user, name + kind) as login:
        login.sees(FAILED)
        assert not vendors[name].requests
        assert login.note().count(f"{name}{kind}: not-reached") == 2


def words_of_all():
    return [pytest.param(name, word, id=f"{name}-{word}")
            for name, kind in VENDORS.items() for word in kind.words]


@pytest.mark.parametrize("name,word", words_of_all())
def test_vendors_word_is_in_the_audit(house, vendors, user, name, word):
    """Whatever its class, it is no message; and it can be looked up."""
    vendor = vendors[name]
    vendor.behave(word, word)
    with login_by(house, user, name) as login:
        assert SENT not in login.step.text() or PERHAPS in login.step.text()
        assert not all_messages(vendors)
        note = login.note()
        assert word in note or f"status {vendor.words[word]}" in note
        assert NUMBER[-4:] not in note and "*****" + NUMBER[-2:] in note


def test_configuration_is_an_alert(house, vendors, user):
    for name in VENDORS:
        house.unlock_limits()
        vendors[name].behave("config")
        with login_by(house, user, name) as login:
            login.sees(FAILED)
        assert f"sms {name}: the vendor refuses our settings" in house.journal()


# --- fail-over ---

# What the first vendor does → what the person sees, and whether the second one gets the message.
FAILOVERS = [
    (["config"], SENT, True),
    (["again", "again"], SENT, True),
    (["clock", "clock"], SENT, True),
    (["refused"], FAILED, False),
    (["number"], FAILED, False),
    (["limit"], FAILED, False),
    (["unknown"], PERHAPS, False),
    (["hang"], PERHAPS, False),
    (["lost"], PERHAPS, False),
    (["cut"], PERHAPS, False),
    (["malformed"], PERHAPS, False),
    (["broken"], PERHAPS, False),
]


@pytest.mark.parametrize("name,behaviours,seen,is_followed", rows_of(FAILOVERS))
def test_failover(house, vendors, user, name, behaviours, seen, is_followed):
    first, spare = vendors[name], vendors["spare"]
    first.behave(*behaviours)
    with login_by(house, user, f"{name}-spare") as login:
        login.sees(seen)
        assert len(spare.messages) == len(spare.attempts) == is_followed
        assert len(all_messages(vendors)) <= 1
        codes = {attempt["code"] for attempt in first.attempts + spare.attempts}
        assert len(codes) == 1
        if is_followed:
            login.answer(codes.pop())
            assert login.step.state == "granted"
        note = login.note()
        assert f"{name}: " in note
        assert ("spare: accepted" in note) == is_followed


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("name", VENDORS)
def test_failover_when_the_first_is_not_reached(house, vendors, user, name, kind):
    spare = vendors["spare"]
    with login_by(house, user, f"{name}{kind}-spare") as login:
        login.sees(SENT)
        assert not vendors[name].requests
        assert len(spare.messages) == 1
        login.answer(spare.messages[0]["code"])
        assert login.step.state == "granted"


def test_failover_to_somebody_who_cannot_either(house, vendors, user):
    vendors["twilio"].behave("config")
    vendors["spare"].behave("number")
    with login_by(house, user, "twilio-spare") as login:
        login.sees(FAILED)
        note = login.note()
        assert "twilio: configuration 20003" in note and "spare: number 22" in note


def test_failover_ends_where_it_is_unknown(house, vendors, user):
    vendors["twilio"].behave("config")
    vendors["spare"].behave("hang")
    with login_by(house, user, "twilio-spare") as login:
        login.sees(PERHAPS)
        login.answer(vendors["spare"].messages[0]["code"])
        assert login.step.state == "granted"


@pytest.mark.parametrize("name", VENDORS)
def test_resend_by_another_vendor_is_the_same_code(house, vendors, clock, user, name):
    first, spare = vendors[name], vendors["spare"]
    with login_by(house, user, f"{name}-spare") as login:
        login.sees(SENT)
        clock.move(61)
        first.behave("config")
        login.answer("r")
        login.sees(SENT)
        assert [message["code"] for message in spare.messages] == [first.messages[0]["code"]]
        assert len(first.messages) == 1
        login.answer(first.messages[0]["code"])
        assert login.step.state == "granted"


# --- who gets it ---

@pytest.mark.parametrize("number,name", [
    ("+8613900005678", "twilio"), ("+8615900005678", "alibaba"), ("+85298765432", "gateway"),
    ("+14155550123", "gateway"), ("+81312345678", "gateway")])
def test_longest_prefix_wins(house, vendors, number, name):
    user = house.add_user(password=PASSWORD)
    house.add_phone(user, number, method="routes")
    try:
        with login_by(house, user, "routes") as login:
            login.sees(SENT)
            assert [message["number"] for message in vendors[name].messages] == [number]
            assert len(all_messages(vendors)) == 1
            login.answer(vendors[name].messages[0]["code"])
            assert login.step.state == "granted"
    finally:
        house.remove_user(user)


# --- what became of it ---

@pytest.mark.parametrize("state,seen", [("delivered", "was delivered"), ("failed", "could not be"),
                                        ("waiting", "on its way")])
@pytest.mark.parametrize("name", ["alibaba", "twilio"])
def test_delivery_is_told(house, vendors, user, name, state, seen):
    vendor = vendors[name]
    with login_by(house, user, name) as login:
        login.sees(SENT)
        vendor.deliver(vendor.messages[0]["id"], state)
        login.answer("")
        assert seen in login.step.text(), login.step.text()
        login.answer(vendor.messages[0]["code"])
        assert login.step.state == "granted"


def test_message_lives_no_longer_at_the_vendor_than_its_code(house, vendors, user):
    with login_by(house, user, "twilio") as login:
        login.sees(SENT)
        validity = int(vendors["twilio"].last_form["ValidityPeriod"])
        told = int(re.search(r"valid (\d+) min", login.step.text()).group(1))
        assert validity == told * 60


# --- a gateway that answers in plain words ---

@pytest.mark.parametrize("behaviours,seen,n_attempts,word", [
    (["ok"], SENT, 1, "accepted"),
    (["refused"], FAILED, 1, "refused"),
    (["config"], FAILED, 1, "configuration"),
    (["again"], SENT, 2, "again"),
    (["unknown"], PERHAPS, 1, "unknown"),
    (["html"], PERHAPS, 1, "unknown"),
    (["empty"], PERHAPS, 1, "unknown"),
    (["cut"], PERHAPS, 1, "broken"),
    (["broken"], PERHAPS, 1, "unknown"),
])
def test_text_gateway(house, vendors, user, behaviours, seen, n_attempts, word):
    vendors["text"].behave(*behaviours)
    with login_by(house, user, "text") as login:
        login.sees(seen)
        assert len(vendors["text"].attempts) == n_attempts
        if vendors["text"].messages:
            login.answer(vendors["text"].messages[0]["code"])
            assert login.step.state == "granted"
        assert f"text: {word}" in login.note()
