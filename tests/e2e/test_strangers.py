# SPDX-License-Identifier: GPL-3.0-or-later
"""People who prove an identity that leads to nobody: denied, accepted by a sysadmin, confirmed by the
user, and only then let in. Every rule of that, through real programs."""

import contextlib
import json
import re
import sqlite3
import subprocess
import threading

import pytest

import configs
from bus import Bus, BusError, call_as, variants
from clock import Clock
from conftest import PASSWORD
from house import DATABASE, wait_until
from linked import approve_wecom, relay_section, wecom_section
from people import (GATE, as_user, code_in, expect_no_shell, expect_shell, open_code, plain_screen)
from screen import Terminal
from service import run

HOUR_S, DAY_S = 3600, 86400
DONE, NO, USAGE, NOT_REACHED, REFUSED = range(5)
TOO_LATE = "more than an hour ago"
ALREADY = "accepted already"
NEVER_PRIVILEGED = "never leads to a privileged user"
CODE = re.compile(r"Code: ([A-Z]{4}-[A-Z]{4})")
HINT = "give your administrator the id"


def config_text(op, double, wecom):
    return (configs.head() + configs.PASSWORD + configs.oidc(op) + relay_section(double)
            + wecom_section(wecom) + configs.service("sshd", "work")
            + configs.service("both", "password + work") + configs.service("corp", "wecom"))


@pytest.fixture(scope="module")
def clock(house):
    made = Clock(house)
    yield made
    made.release()


@pytest.fixture(scope="module", autouse=True)
def jauth(house, op, double, wecom, clock):
    house.use_jauth("sshd")
    house.configure(config_text(op, double, wecom))
    yield house
    house.use_debian("sshd")
    house.stop_jauth()


@pytest.fixture(autouse=True)
def right_time(clock):
    """Again after a test that moved the clock; the provider's tokens are of now."""
    yield
    if clock.ahead():
        clock.put_back(clock.ahead())


@pytest.fixture
def other(house):
    name = house.add_user(password=PASSWORD)
    yield name
    house.remove_user(name)


class Stranger:
    """Somebody at the provider whom nobody here knows, under a name that he chose."""

    def __init__(self, house, provider, sub, name="Jane Doe"):
        self.house, self.provider = house, provider
        self.sub = provider.add_person(sub, name=name)

    def log_in(self, user, rhost="192.0.2.1", service="sshd", **facts):
        """(outcome, request id) of a login that he approves."""
        with Bus() as bus, bus.begin(user, service=service, rhost=rhost, **facts) as login:
            step = login.next_ask()
            if "assword" in step.text():
                login.answer(PASSWORD)
                step = login.next_ask()
            if "type y" in step.text():
                login.answer("y")
                step = login.next_ask()
            self.provider.approve(CODE.search(step.text()).group(1), self.sub)
            login.answer("")
            while step.state in ("ask", "wait"):
                step = login.step()
            return step.state, dict(step.items)["request"]["id"]

    def ask_for(self, user, **facts):
        """The request id that a denied login left."""
        outcome, request = self.log_in(user, **facts)
        assert outcome == "denied"
        return request


@pytest.fixture
def stranger(house, polite, user):
    return Stranger(house, polite, f"stranger-of-{user}")


def ctl(*words, before=(), stdin=""):
    done = subprocess.run([*before, "jauthctl", *words], input=stdin, text=True, timeout=60,
                          capture_output=True, start_new_session=True, check=False,
                          env={"PATH": "/usr/sbin:/usr/bin", "LANG": "C.UTF-8", "TZ": "UTC"})
    return done.returncode, done.stdout, done.stderr


def right(*words, before=()):
    code, out, complaints = ctl(*words, before=before)
    assert (code, complaints) == (DONE, ""), (out, complaints)
    return out


def accept(request, user):
    """The id of the pending link."""
    return json.loads(right("link", "add", "--request", request, user, "--json"))["link"]


def refused(request, user, why):
    code, out, complaints = ctl("link", "add", "--request", request, user)
    assert (code, out) == (NO, "") and why in complaints, complaints


def confirm(user, *words):
    return ctl("link", "confirm", *words, before=as_user(user))


def requests(house):
    return house.call("Accounts", "ListRequests")


def links(house, user):
    return house.call("Accounts", "ListLinks", "s", user)


def history(house, request):
    """What the audit has under this request id: (kind, outcome, source)."""
    return [(row["kind"], row["outcome"]) for row in house.audit(request=request)]


def change_database(*statements):
    with contextlib.closing(sqlite3.connect(DATABASE / "jauth.db")) as file, file:
        for statement in statements:
            file.execute(statement)


TABLES_OF_3 = {"meta", "accounts", "links", "throttle", "audit", "phones", "totp", "recovery",
               "events", "stops", "known_sources"}


def tables():
    with contextlib.closing(sqlite3.connect(DATABASE / "jauth.db")) as file:
        return {name for name, in file.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")}


# --- the way it should go ---

def test_denied_accepted_confirmed_and_let_in(house, polite, user):
    sub = polite.add_person(f"phone-of-{user}", name="Jane Doe")

    def attempt():
        ssh = house.sshd().login(user, NumberOfPasswordPrompts=1)
        polite.approve(code_in(open_code(ssh)), sub)
        ssh.send_line()
        return ssh

    with attempt() as ssh:
        ssh.wait_for(HINT)
        request = ssh.wait_for(r"Request id: ([0-9a-f]{16})").group(1)
        expect_no_shell(ssh, user)
    rows = [row for row in requests(house) if row["request"] == request]
    assert len(rows) == 1
    assert (rows[0]["user"], rows[0]["uid"], rows[0]["issuer"], rows[0]["subject"]) \
        == (user, house.uid(user), polite.issuer, sub)
    assert rows[0]["source"] == "127.0.0.1" and rows[0]["method"] == "work"
    listed = right("link", "requests")
    assert "CHOSEN-NAME" in listed and "Jane Doe" in listed

    accepted = right("link", "add", "--request", request, user)
    assert sub in accepted and "lets nobody in before" in accepted
    row = links(house, user)[0]
    assert row["pending"] and row["origin"] == "request" and row["request"] == request
    with attempt() as ssh:
        expect_no_shell(ssh, user)

    with Terminal(as_user(user, "jauthctl", "link", "confirm")) as terminal:
        terminal.wait_for(f"subject +{sub}")
        terminal.wait_for("chosen-name +Jane Doe")
        terminal.wait_for(r"log in as you\? \[y/N\]")
        terminal.send_line("y")
        terminal.wait_for("is confirmed")
        assert terminal.wait_end() == DONE
    assert not links(house, user)[0]["pending"]
    with attempt() as ssh:
        expect_shell(ssh, user)
    assert history(house, request) == [("login", "denied"), ("admin", "granted"),
                                       ("admin", "granted")]
    sources = [row["source"] for row in house.audit(request=request)]
    assert sources == ["127.0.0.1", "uid 0", f"uid {house.uid(user)}"]
    assert not [row for row in requests(house) if row["request"] == request]


def test_after_a_right_password_too(stranger, user):
    link = accept(stranger.ask_for(user, service="both"), user)
    assert confirm(user, str(link), "--yes")[0] == DONE
    assert stranger.log_in(user, service="both")[0] == "granted"


def test_over_the_relay_before_any_digits(house, relay, wecom, user):
    """Who approves somebody else's link has asked for it too: the sysadmin and the user decide."""
    wecom.reset()
    wecom.trusted_domain = relay.url.removeprefix("https://")
    member = wecom.add_member(f"Of-{user}", name="张三")

    def attempt(login):
        login.next_ask()
        return approve_wecom(relay, wecom, user, member)

    with house.bus_login(user, service="corp") as login:
        visit = attempt(login)
        assert visit.result()["result"] == "denied"
        assert login.outcome() == "denied"
    row = next(row for row in requests(house) if row["user"] == user)
    assert (row["method"], row["issuer"], row["subject"], row["chosen-name"]) \
        == ("wecom", f"wecom:{wecom.corp_id}", member, "张三")
    link = accept(row["request"], user)
    with house.bus_login(user, service="corp") as login:
        assert attempt(login).result()["result"] == "denied"
    assert confirm(user, str(link), "--yes")[0] == DONE
    with house.bus_login(user, service="corp") as login:
        login.answer(attempt(login).digits())
        assert login.outcome() == "granted"
    assert not wecom.complaints


def test_no_is_the_answer_that_needs_no_key(house, stranger, user):
    link = accept(stranger.ask_for(user), user)
    for answer in ("", "n"):
        with Terminal(as_user(user, "jauthctl", "link", "confirm", str(link))) as terminal:
            terminal.wait_for(r"\[y/N\]")
            terminal.send_line(answer)
            terminal.wait_for("nothing changed")
            assert terminal.wait_end() == NO
    code, out, complaints = confirm(user, str(link))
    assert code == NO and "nothing changed" in complaints       # nobody is asked, nobody says yes
    assert links(house, user)[0]["pending"]


# --- what is refused ---

def test_accepted_once(house, stranger, user):
    request = stranger.ask_for(user)
    link = accept(request, user)
    refused(request, user, ALREADY)
    again = stranger.ask_for(user)
    refused(again, user, "there already")
    assert confirm(user, "--yes")[0] == DONE
    refused(request, user, "confirmed already")
    refused(again, user, "there already")
    assert [row["id"] for row in links(house, user)] == [link]
    assert confirm(user, str(link), "--yes")[0] == NO


def test_accepted_in_time(house, polite, user, clock):
    early, late = (Stranger(house, polite, f"{word}-of-{user}").ask_for(user)
                   for word in ("early", "late"))
    clock.move(HOUR_S - 60)
    accept(early, user)
    clock.move(61)
    refused(late, user, TOO_LATE)
    assert not requests(house)


def test_a_clock_that_was_ahead_keeps_nothing_open(house, stranger, user):
    request = stranger.ask_for(user)
    change_database(f"UPDATE requests SET time_s = time_s + {3 * DAY_S}")
    assert not requests(house)
    refused(request, user, TOO_LATE)


def test_too_late_also_when_the_row_is_gone(stranger, user, clock):
    request = stranger.ask_for(user)
    clock.move(HOUR_S + 1)
    change_database("DELETE FROM requests")
    refused(request, user, TOO_LATE)


def test_for_the_user_that_was_asked_for(house, stranger, user, other):
    request = stranger.ask_for(user)
    refused(request, other, f'"{user}"')
    refused(request, "root", NEVER_PRIVILEGED)
    refused(request, "daemon", NEVER_PRIVILEGED)
    refused(request, "nosuchuser", "no such user")
    assert links(house, user) == links(house, other) == []
    accept(request, user)


def test_no_such_request(house, stranger, user):
    house.add_link(user, stranger.provider.issuer, stranger.sub)
    outcome, request = stranger.log_in(user)
    assert outcome == "granted"
    refused(request, user, "asked for no link")
    refused("0123456789abcdef", user, "no login with this request id")
    refused(request.upper(), user, "no login with this request id")
    refused("' OR 1 --", user, "no login with this request id")


@pytest.mark.parametrize("name", ["root", "daemon", "nosuchuser"])
def test_nothing_is_kept_of(house, polite, name):
    somebody = Stranger(house, polite, f"wants-to-be-{name}")
    request = somebody.ask_for(name)
    assert not [row for row in requests(house) if row["subject"] == somebody.sub]
    refused(request, name, "no such user" if name == "nosuchuser" else NEVER_PRIVILEGED)


def test_a_sudoer_from_the_beginning(house, polite):
    sudoer = house.add_user(groups=["sudo"])
    somebody = Stranger(house, polite, "wants-to-be-sudoer")
    request = somebody.ask_for(sudoer)
    assert not [row for row in requests(house) if row["user"] == sudoer]
    refused(request, sudoer, NEVER_PRIVILEGED)
    house.remove_user(sudoer)


def test_a_sudoer_since_the_login(house, stranger, user):
    request = stranger.ask_for(user)
    run(["usermod", "-aG", "sudo", user])
    refused(request, user, NEVER_PRIVILEGED)
    run(["gpasswd", "-d", user, "sudo"])
    link = accept(request, user)
    run(["usermod", "-aG", "sudo", user])
    code, _, complaints = confirm(user, str(link), "--yes")
    assert code == REFUSED and "root adds them" in complaints
    assert stranger.log_in(user)[0] == "denied"


def test_a_user_made_again(house, stranger, user):
    request = stranger.ask_for(user)
    uid = house.uid(user)
    house.remove_user(user)
    house.add_user(user, password=PASSWORD, uid=uid + 5000)
    refused(request, user, "made again")
    house.remove_user(user)
    house.add_user(user, password=PASSWORD, uid=uid)
    link = accept(request, user)
    house.remove_user(user)
    house.add_user(user, password=PASSWORD, uid=uid + 5000)
    assert confirm(user, str(link), "--yes")[0] == NO
    assert stranger.log_in(user)[0] == "denied"


def test_an_old_uid_under_another_name(house, stranger, user):
    link = accept(stranger.ask_for(user), user)
    uid = house.uid(user)
    house.remove_user(user)
    heir = house.add_user(f"heir-of-{user}", password=PASSWORD, uid=uid)
    assert confirm(heir, str(link), "--yes")[0] == NO
    assert stranger.log_in(heir)[0] == "denied"
    house.remove_user(heir)
    house.add_user(user, password=PASSWORD, uid=uid)


def test_only_the_user_himself_confirms(house, stranger, user, other):
    link = accept(stranger.ask_for(user), user)
    code, out, complaints = confirm(other, str(link), "--yes")
    assert (code, out) == (NO, "") and "no such link" in complaints
    assert confirm("nobody")[0] == NO
    code, _, complaints = ctl("link", "confirm", str(link), "--yes")
    assert code == REFUSED and "root adds them" in complaints
    for caller in (other, "nobody"):
        call = ("from bus import Bus, BusError\ntry:\n    Bus().call('Accounts', 'ConfirmLink', "
                f"'x', {link})\nexcept BusError as error:\n    print(error.name)")
        assert call_as(caller, call) == "NotFound"
        listing = "from bus import Bus\nprint(Bus().call('Accounts', 'ListPending'))"
        assert call_as(caller, listing) == "[]"
    with pytest.raises(BusError) as caught:
        house.call("Accounts", "ConfirmLink", "x", link)
    assert caught.value.name == "AccessDenied"
    assert links(house, user)[0]["pending"]
    assert stranger.log_in(user)[0] == "denied"
    assert confirm(user, str(link), "--yes")[0] == DONE


def test_users_may_do_nothing_else(house, stranger, user):
    request = stranger.ask_for(user)
    for words in (["link", "requests"], ["link", "add", "--request", request, user],
                  ["link", "list", user]):
        assert ctl(*words, before=as_user(user))[0] == REFUSED, words
    for words in (["link", "add", "--request", request], ["link", "add", "one", "two"],
                  ["link", "add", "--request", request, user, "--privileged"],
                  ["link", "add", "--request", request, "issuer", "subject", user],
                  ["link", "confirm", "x"], ["link", "confirm", "1", "2"]):
        assert ctl(*words)[0] == USAGE, words
    for odd in ({"user": user}, {"request": request}, {"request": request, "user": user,
                                                       "note": "two\nlines"},
                {"request": request, "user": user, "note": "n" * 256},
                {"request": 7, "user": user}):
        with pytest.raises(BusError) as caught:
            house.call("Accounts", "AcceptRequest", "a{sv}", variants(odd))
        assert caught.value.name == "Invalid", odd


def test_a_pending_link_ends_after_a_week(house, stranger, user, clock):
    request = stranger.ask_for(user)
    link = accept(request, user)
    clock.move(7 * DAY_S + 60)
    assert confirm(user, str(link), "--yes")[0] == NO
    assert confirm(user)[0] == NO
    clock.move(HOUR_S)                  # in which jauthd looks what is over
    wait_until(lambda: not links(house, user), 20, "the link's end")
    assert history(house, request) == [("login", "denied"), ("admin", "granted"),
                                       ("admin", "expired")]
    refused(request, user, TOO_LATE)


def test_root_needs_no_request(house, stranger, user):
    link = accept(stranger.ask_for(user), user)
    right("link", "add", stranger.provider.issuer, stranger.sub, user)
    assert stranger.log_in(user)[0] == "granted"
    assert confirm(user, str(link), "--yes")[0] == NO
    assert len(links(house, user)) == 1


def test_a_pending_link_is_removed(house, stranger, user):
    request = stranger.ask_for(user)
    link = accept(request, user)
    right("link", "remove", str(link))
    assert confirm(user, str(link), "--yes")[0] == NO
    refused(request, user, "asked for no link")


def test_what_is_pending_is_not_exported(stranger, user):
    accept(stranger.ask_for(user), user)
    assert stranger.sub not in right("link", "export", user)
    assert stranger.sub not in right("link", "export", user, "--json")
    explained = json.loads(right("explain", user, "--service", "sshd", "--json"))
    assert [row["pending"] for row in explained["links"]] == [True]


# --- several ---

def test_two_requests_for_one_user(house, polite, user):
    people = [Stranger(house, polite, f"{n}-of-{user}", f"Name {n}") for n in (1, 2)]
    pending = [accept(person.ask_for(user), user) for person in people]
    code, out, complaints = confirm(user)
    assert code == NO and "say which one" in complaints
    assert "Name 1" in out and "Name 2" in out
    assert confirm(user, str(pending[1]), "--yes")[0] == DONE
    assert people[0].log_in(user)[0] == "denied"
    assert people[1].log_in(user)[0] == "granted"
    assert confirm(user, "--yes")[0] == DONE
    assert people[0].log_in(user)[0] == "granted"


def test_an_identity_of_another_user(house, stranger, user, other):
    house.add_link(other, stranger.provider.issuer, stranger.sub)
    request = stranger.ask_for(user)
    row = next(row for row in requests(house) if row["request"] == request)
    assert row["linked-to"] == other
    link = accept(request, user)
    assert stranger.log_in(other)[0] == "granted"
    assert confirm(user, str(link), "--yes")[0] == DONE
    assert stranger.log_in(user)[0] == stranger.log_in(other)[0] == "granted"


def crowd(house, provider, wishes):
    """As many strangers as there are pairs (user, source), many at once; all are denied."""
    gate = threading.Semaphore(48)
    ends = []

    def one(number, user, rhost):
        with gate:
            somebody = Stranger(house, provider, f"{number}-in-a-crowd-from-{rhost}")
            ends.append(somebody.log_in(user, rhost=rhost)[0])

    threads = [threading.Thread(target=one, args=[number, *wish])
               for number, wish in enumerate(wishes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == ["denied"] * len(wishes)


def test_a_thousand_strangers_push_nobody_out(house, polite, stranger, user, other):
    """From ever new networks, at two users; then from one address."""
    request = stranger.ask_for(user, rhost="198.51.100.77")
    crowd(house, polite, [((user, other)[number % 2],
                           f"2001:db8:{number:x}::1" if number < 900 else "203.0.113.1")
                          for number in range(1000)])
    rows = requests(house)
    assert len([row for row in rows if row["user"] == user]) == 20
    assert len([row for row in rows if row["user"] == other]) == 20
    assert request in [row["request"] for row in rows]
    link = accept(request, user)
    assert confirm(user, str(link), "--yes")[0] == DONE
    assert stranger.log_in(user)[0] == "granted"
    assert house.waiting() == 0


def test_a_crowd_at_one_address_leaves_room_for_others(house, polite, stranger, user):
    users = [house.add_user() for _ in range(6)]
    crowd(house, polite, [(users[number % 6], "203.0.113.2") for number in range(50)])
    assert len([row for row in requests(house) if row["source"] == "203.0.113.2"]) == 20
    accept(stranger.ask_for(user), user)
    for name in users:
        house.remove_user(name)


# --- ends of jauthd ---

def kill(house):
    house.jauthd.wait_back(house.jauthd.kill())
    wait_until(house.is_on_bus, 10, "jauthd on the bus")


def test_every_step_survives_kill(house, stranger, user):
    request = stranger.ask_for(user)
    kill(house)
    link = accept(request, user)
    kill(house)
    refused(request, user, ALREADY)
    assert stranger.log_in(user)[0] == "denied"
    kill(house)
    assert confirm(user, str(link), "--yes")[0] == DONE
    kill(house)
    assert stranger.log_in(user)[0] == "granted"


def test_a_database_of_an_older_jauth(house, polite, stranger, user):
    friend = Stranger(house, polite, f"friend-of-{user}")
    house.add_link(user, polite.issuer, friend.sub)
    house.jauthd.stop()
    change_database(*(f"DROP TABLE {name}" for name in tables() - TABLES_OF_3),
                    "ALTER TABLE links DROP COLUMN pending",
                    "ALTER TABLE phones DROP COLUMN source", "PRAGMA user_version = 3")
    house.jauthd.start()
    wait_until(house.is_on_bus, 10, "jauthd on the bus")
    assert friend.log_in(user)[0] == "granted"
    link = accept(stranger.ask_for(user), user)
    assert confirm(user, str(link), "--yes")[0] == DONE
    assert stranger.log_in(user)[0] == "granted"


# --- what can be read off the screen ---

def test_the_screen_tells_nothing_of_the_user(house, polite, user, other):
    sudoer = house.add_user(groups=["sudo"])
    house.call("Accounts", "AddUser", "sa{sv}", other, {})
    house.lock_account(other)
    somebody = Stranger(house, polite, "reader")
    house.add_link(other, polite.issuer, somebody.sub)
    screens = {}
    for name in (user, other, sudoer, "root2"):
        with house.sshd().login(name, NumberOfPasswordPrompts=1) as ssh:
            ssh.wait_for(GATE)
            ssh.send_line("y")
            polite.approve(ssh.wait_for(CODE.pattern).group(1), somebody.sub)
            ssh.wait_for(r"Press Enter when approved[^\n]*: ")
            ssh.send_line()
            expect_no_shell(ssh, name)
            seen = plain_screen(ssh, name)
            screens[name] = seen[seen.index("Press Enter"):]
    assert HINT in screens[user]
    assert len(set(screens.values())) == 1, screens
    house.call("Accounts", "RemoveUser", "s", other)
    house.remove_user(sudoer)
