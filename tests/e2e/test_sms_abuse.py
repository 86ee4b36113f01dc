# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten thousand attempts from a thousand sources: on one number, on a thousand numbers, and on users who
do not exist; jauthd is killed five times meanwhile. What reaches the vendor stays within
jauthd/budget.h on a clock that runs for days, and the person whose number it is gets in."""

import itertools

import pytest

import configs
from clock import Clock
from house import wait_until
from swarm import Attempt, Swarm

N_SOURCES = N_USERS = WAVE = 1000
HOUR, DAY = 3600, 86400

# Rows of jauthd/budget.h for those who proved nothing.
NUMBER_GAP_S, NUMBER_HOUR, NUMBER_DAY = 60, 3, 6
STRANGERS_HOUR, TOTAL_DAY = 60, 2000

HOME = "192.0.2.7"                      # where jane logs in from every day

def source(i):
    """Half of them with addresses of IPv6, ten networks of /48."""
    i %= N_SOURCES
    if i % 2:
        return f"2001:db8:{i % 10:x}:{i:x}::1"
    return f"198.18.{i // 250}.{i % 250}"


def number_of(i):
    return f"+86138{i:08d}"


def many_users():
    """Rows straight into the files; useradd would take minutes."""
    names = [f"crowd{i}" for i in range(N_USERS)]
    rows = {"/etc/passwd": "{name}:x:{uid}:{uid}::/nonexistent:/bin/sh\n",
            "/etc/group": "{name}:x:{uid}:\n", "/etc/shadow": "{name}:!:19000::::::\n"}
    for path, row in rows.items():
        with open(path, "a", encoding="ascii") as file:
            file.writelines(row.format(name=name, uid=40000 + i)
                            for i, name in enumerate(names))
    return names


class Attack:
    """Waves of attempts, and what the vendor was asked for: (jauthd's clock, number). Within a wave
    the clock moves by more than the shortest pause between two messages, again and again."""

    def __init__(self, house, gateway, clock):
        self.house, self.gateway, self.clock = house, gateway, clock
        self.sent = []
        self.n_attempts = 0
        self.counter = itertools.count()

    def wave(self, users, guesses=False, is_killed=False):
        """`guesses`: every tenth enters codes; else they only want messages to go out."""
        attempts = [self._attempt(user, guesses) for user in users]
        swarm = Swarm(at_once=WAVE)
        swarm.run(attempts, WAVE // 4, lambda n: self._pause(is_killed and n == WAVE // 2))
        self.n_attempts += len(attempts)
        assert "granted" not in swarm.outcomes, swarm.outcomes
        assert swarm.outcomes["left"] >= WAVE / 3, swarm.outcomes
        self.house.wait_no_login(20)
        self.collect()

    def _attempt(self, user, guesses):
        i = next(self.counter)
        is_guess = guesses and i % 10 == 0
        return Attempt(user, source(i), "y", *["000000"] * 3 * is_guess)

    def _pause(self, is_killed):
        if is_killed:
            self.house.jauthd.wait_back(self.house.jauthd.kill())
        self.collect()
        self.clock.move(NUMBER_GAP_S + 1)

    def collect(self):
        """Dates what has arrived since the last time."""
        wait_until(lambda: self.house.status()["http-open"] == 0, 20, "the vendor's answers")
        new = [message["number"] for message in self.gateway.messages]
        self.gateway.messages.clear()
        self.sent += [(self.clock.now(), number) for number in new]

    def take_sent(self):
        sent, self.sent = self.sent, []
        return sent


def most_within(times, window):
    """The largest count in any window that rolls over these times."""
    times = sorted(times)
    return max((sum(1 for time in times[i:] if time < first + window)
                for i, first in enumerate(times)), default=0)


def check_budget(sent):
    for number in {number for _, number in sent}:
        times = [time for time, its in sent if its == number]
        assert most_within(times, NUMBER_GAP_S - 10) <= 1, number    # what collect() is late by
        assert most_within(times, HOUR) <= NUMBER_HOUR, number
        assert most_within(times, DAY) <= NUMBER_DAY, number
    times = [time for time, _ in sent]
    assert most_within(times, HOUR) <= STRANGERS_HOUR
    assert most_within(times, DAY) <= TOTAL_DAY


def jane_gets_in(house, gateway, clock):
    """By the code that arrives on her telephone, from where she always comes from."""
    clock.move(NUMBER_GAP_S + 1)
    with house.bus_login("jane", rhost=HOME) as login:
        login.next_ask()
        login.answer("y")
        login.next_ask()
        login.answer(gateway.wait_for(1)["code"])
        assert login.outcome() == "granted"
    gateway.messages.clear()            # hers is none of the attack's
    clock.move(NUMBER_GAP_S + 1)


@pytest.fixture(scope="module")
def attack(house, gateway):
    clock = Clock(house)
    gateway.reset()
    house.configure(configs.head(fail_delay_ms=0, login_seconds=900).replace("= 400", "= 2000")
                    + configs.sms_gateway(gateway) + configs.sms(vendors="gateway")
                    + configs.service("sshd", "phone"))
    yield Attack(house, gateway, clock)
    house.stop_jauth()
    clock.release()


@pytest.fixture(scope="module")
def jane(house, gateway, attack):
    """Her number is the one that everybody wants; her login makes her address known."""
    house.add_user("jane")
    house.add_phone("jane", number_of(0))
    jane_gets_in(house, gateway, attack.clock)
    yield number_of(0)
    house.remove_user("jane")


def test_one_number(house, gateway, attack, jane):
    """4 000 attempts in three hours; guesses in the last."""
    for i in range(4):
        attack.clock.move(HOUR)
        attack.wave(["jane"] * WAVE, guesses=i == 3, is_killed=i in (1, 3))
        if i % 2:
            jane_gets_in(house, gateway, attack.clock)
    sent = attack.take_sent()
    assert {number for _, number in sent} == {jane}
    assert NUMBER_HOUR < len(sent) <= NUMBER_DAY
    check_budget(sent)


def test_a_thousand_numbers(house, gateway, attack, jane):
    """4 000 attempts in three hours of the next day."""
    users = many_users()
    for i, user in enumerate(users):
        house.add_phone(user, number_of(i + 1))
    attack.clock.move(DAY)
    for i in range(4):
        attack.clock.move(HOUR)
        attack.wave(users[i * 250:] + users[:i * 250], guesses=i == 3, is_killed=i in (0, 2))
    jane_gets_in(house, gateway, attack.clock)
    sent = attack.take_sent()
    assert 4 * STRANGERS_HOUR <= len(sent) <= 5 * STRANGERS_HOUR
    check_budget(sent)


def test_unknown_users(house, gateway, attack, jane):
    """2 000 attempts: nothing is sent, and jane still gets in."""
    attack.clock.move(DAY)
    for i in range(2):
        attack.clock.move(HOUR)
        attack.wave([f"nobody{j}" for j in range(WAVE)], guesses=True, is_killed=i == 1)
    assert not attack.take_sent()
    jane_gets_in(house, gateway, attack.clock)


def test_it_was_as_many_as_said(house, attack):
    assert attack.n_attempts == 10000
    assert house.jauthd.n_starts == 6
