# SPDX-License-Identifier: GPL-3.0-or-later
"""jauthctl relay: a host's key at its relay, enrolled, rotated, revoked, lost on the way, killed at
every step. The relay checks every request (vendors/relay.py)."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

import configs
from house import wait_until
from screen import Terminal
from vendors.relay import Relay
from vendors.tls import Authority

CONFDIR = pathlib.Path("/etc/jauth")
FOLDER = CONFDIR / "secrets"
KEY = FOLDER / "relay"
PENDING = FOLDER / "relay.new"
DROP_IN = CONFDIR / "jauthd.conf.d/relay.conf"
DONE, NO, USAGE, NOT_REACHED, REFUSED = range(5)
ENV = {"PATH": "/usr/sbin:/usr/bin", "LANG": "C.UTF-8", "TZ": "UTC"}

CONFIGURATION = (configs.head() + configs.PASSWORD + configs.service("login", "password"))


@pytest.fixture(name="relays", scope="module")
def fixture_relays(authority):
    """Two that know nothing of one another."""
    made = [Relay(authority, host="localhost", name=f"relay{n}").start() for n in range(2)]
    yield made
    for relay in made:
        relay.stop()


@pytest.fixture(scope="module", autouse=True)
def jauth(house, relays):
    house.configure(CONFIGURATION)
    yield relays
    house.stop_jauth()


@pytest.fixture(autouse=True)
def clean(relays):
    """A host that was never enrolled, and relays that saw nothing wrong."""
    yield
    if FOLDER.is_symlink():
        FOLDER.unlink()
    elif FOLDER.exists():
        shutil.rmtree(FOLDER)
    DROP_IN.unlink(missing_ok=True)
    for relay in relays:
        complaints, relay.complaints = relay.complaints, []
        relay.clear_faults()
        assert not complaints


@pytest.fixture(name="relay")
def fixture_relay(relays):
    return relays[0]


def command(*words, before=()):
    return [*before, "jauthctl", "relay", *words]


def ctl(*words, stdin="", before=()):
    done = subprocess.run(command(*words, before=before), input=stdin, text=True, timeout=60,
                          capture_output=True, start_new_session=True, check=False, env=ENV)
    assert "jr1." not in done.stdout + done.stderr, "a key is shown"
    return done.returncode, done.stdout, done.stderr


def right(*words, **more):
    code, out, complaints = ctl(*words, "--json", **more)
    assert (code, complaints) == (DONE, "")
    return json.loads(out)


def begin(*words):
    return subprocess.Popen(command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, start_new_session=True, env=ENV)


def kill(process):
    process.kill()
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGKILL


@contextlib.contextmanager
def lost_replies(relay):
    """The relay does what it is asked to, and nobody hears of it."""
    def lose(handler, _reply):
        handler.close_connection = True
    relay._send = lose                  # pylint: disable=protected-access
    try:
        yield
    finally:
        del relay._send


def good_keys(relay, host):
    return {key for key, row in relay.store.keys.items()
            if row["host"] == host and not row["revoked"]}


def key_in_file():
    match = re.fullmatch(r"jr1\.([0-9a-f]{16})\.[A-Za-z0-9_-]{43}\n", KEY.read_text())
    return match[1]


def enrol(relay, host):
    """Enrolled, and jauthd knows: the key's id."""
    right("enrol", relay.url, relay.enrolment(host))
    subprocess.run(["jauthctl", "reload"], check=True)
    return key_in_file()


def assert_rotated(relay, host, before):
    """One key, and it is another one."""
    assert good_keys(relay, host) == {key_in_file()} != {before}
    assert sorted(os.listdir(FOLDER)) == ["relay"]
    assert right("status")[0]["ready"] is True


# --- enrol ---

def test_a_host_is_enrolled(house, relay):
    code, out, complaints = ctl("enrol", relay.url, relay.enrolment("web1.example.org"))
    assert (code, complaints) == (DONE, "")
    assert "web1.example.org" in out and "jauthctl check" in out and "systemctl reload" in out
    assert good_keys(relay, "web1.example.org") == {key_in_file()}
    assert DROP_IN.read_text() == ("# Written by jauthctl relay enrol.\n[relay]\n"
                                   f"url = {relay.url}\nkey_file = {KEY}\n")
    assert house.ctl("check").returncode == 0
    house.ctl("reload")
    [row] = right("status")
    assert row == {"server": relay.url, "ready": True, "state": "ready",
                   "host": "web1.example.org", "key": key_in_file(),
                   "instance": relay.store.instance}
    assert "web1.example.org" in ctl("status")[1]


def test_files_have_their_modes_whatever_the_umask(relay):
    for mask in ("000", "077"):
        code, _, complaints = ctl("enrol", relay.url, relay.enrolment("web2.example.org"),
                                  before=["sh", "-c", f'umask {mask}; exec "$@"', "sh"])
        assert (code, complaints) == (DONE, "")
        for path, mode, group in ((FOLDER, 0o750, "jauth"), (KEY, 0o640, "jauth"),
                                  (DROP_IN, 0o644, "root")):
            status = path.stat()
            assert (path, status.st_mode & 0o7777, path.owner(), path.group()) == \
                (path, mode, "root", group)
        assert sorted(os.listdir(FOLDER)) == ["relay"]


def test_what_is_pending_is_for_root_alone(relay):
    relay.fault("enrol", "status", status=503)
    assert ctl("enrol", relay.url, relay.enrolment("web3.example.org"))[0] == NOT_REACHED
    status = PENDING.stat()
    assert (status.st_mode & 0o7777, PENDING.owner()) == (0o600, "root")
    assert not KEY.exists() and not DROP_IN.exists()


def test_a_token_is_read_from_standard_input(relay):
    token = relay.enrolment("web4.example.org")
    code, out, _ = ctl("enrol", relay.url, "-", stdin=token + "\n")
    assert code == DONE and "web4.example.org" in out


def test_a_token_that_is_typed_is_not_seen(relay):
    token = relay.enrolment("web5.example.org")
    with Terminal(command("enrol", relay.url, "-")) as terminal:
        terminal.wait_for("Enrolment token: ")
        terminal.send_line(token)
        terminal.wait_for("web5.example.org")
        assert token not in terminal.text()


def test_a_slash_behind_the_address_is_nothing(relay):
    right("enrol", relay.url + "/", relay.enrolment("web6.example.org"))
    assert f"url = {relay.url}\n" in DROP_IN.read_text()


@pytest.mark.parametrize("address", ["http://localhost", "https://localhost/path", "localhost",
                                     "https://localhost/?x", "https://u@localhost", ""])
def test_what_is_no_relays_address_is_refused(relay, address):
    assert ctl("enrol", address, relay.enrolment("web7.example.org"))[0] == USAGE
    assert not FOLDER.exists()


@pytest.mark.parametrize("token", ["", "x", "jr1.0123456789abcdef." + "A" * 43,
                                   "jre1.0123456789abcdef.short"])
def test_what_is_no_token_is_refused_before_anybody_is_asked(relay, token):
    n_requests = len(relay.requests)
    assert ctl("enrol", relay.url, token)[0] == USAGE
    assert ctl("enrol", relay.url, "-", stdin=token + "\n")[0] == USAGE
    assert len(relay.requests) == n_requests and not FOLDER.exists()


def test_a_lost_reply_is_made_good_by_the_same_key(relay):
    token = relay.enrolment("web8.example.org")
    with lost_replies(relay):
        code, _, complaints = ctl("enrol", relay.url, token)
    assert code == NOT_REACHED and relay.url in complaints
    bound = good_keys(relay, "web8.example.org")
    assert len(bound) == 1 and not KEY.exists() and not DROP_IN.exists()
    right("enrol", relay.url, token)
    assert good_keys(relay, "web8.example.org") == {key_in_file()} == bound
    assert not PENDING.exists()


def test_killed_while_it_asks(relay):
    token = relay.enrolment("web9.example.org")
    relay.fault("enrol", "slow", seconds=1)
    n_requests = len(relay.requests)
    process = begin("enrol", relay.url, token)
    wait_until(lambda: len(relay.requests) > n_requests)
    kill(process)
    right("enrol", relay.url, token)
    assert good_keys(relay, "web9.example.org") == {key_in_file()}


@pytest.mark.parametrize("name,kept", [("web10a", {KEY}), ("web10b", {KEY, DROP_IN})],
                         ids=["the drop-in", "the end"])
def test_killed_before(relay, name, kept):
    """As the disk is when it was killed behind the key, and behind the drop-in."""
    token = relay.enrolment(name)
    relay.fault("enrol", "status", status=503)
    ctl("enrol", relay.url, token)
    pending = PENDING.read_bytes()
    right("enrol", relay.url, token)
    for path in {KEY, DROP_IN} - kept:
        path.unlink()
    PENDING.write_bytes(pending)
    PENDING.chmod(0o600)
    before = key_in_file()
    right("enrol", relay.url, token)
    assert key_in_file() == before and good_keys(relay, name) == {before}
    assert DROP_IN.exists() and not PENDING.exists()


def test_a_token_that_was_used_is_told(relay):
    token = relay.enrolment("web11.example.org")
    right("enrol", relay.url, token)
    before = key_in_file()
    code, _, complaints = ctl("enrol", relay.url, token)
    assert code == NO and "used for another key" in complaints
    assert key_in_file() == before and not PENDING.exists()
    assert relay.complaints.pop() == "an enrolment was used for a second key"


def test_another_relay_needs_a_word(relays, house):
    first, second = relays
    enrol(first, "web12.example.org")
    before = key_in_file()
    token = second.enrolment("web12.example.org")
    code, _, complaints = ctl("enrol", second.url, token)
    assert code == NO and first.url in complaints and f"{DROP_IN}:3" in complaints
    assert key_in_file() == before and first.url in DROP_IN.read_text()
    right("enrol", second.url, token, "--replace")
    assert good_keys(second, "web12.example.org") == {key_in_file()}
    assert right("status")[0]["server"] == second.url
    assert house.ctl("check").returncode == 0


def test_servers_of_the_relay_before_do_not_stay(house, relays):
    first, second = relays
    house.write_config(CONFIGURATION + configs.section("relay", {
        "url": first.url, "servers": first.url, "key_file": "/etc/jauth/other"}))
    try:
        right("enrol", second.url, second.enrolment("web13.example.org"), "--replace")
        assert [row["server"] for row in right("status")] == [second.url]
        assert house.ctl("check").returncode == 0
    finally:
        house.write_config(CONFIGURATION)


def test_what_the_sysadmin_wrote_stays(house, relays):
    """Servers are asked in their order; the first is down."""
    first, second = relays
    text = CONFIGURATION + configs.section("relay", {
        "url": first.url, "servers": f"https://localhost:1, {first.url}", "key_file": KEY})
    house.write_config(text)
    try:
        right("enrol", first.url, first.enrolment("web14.example.org"))
        assert not DROP_IN.exists()
        code, out, _ = ctl("status", "--json")
        rows = json.loads(out)
        assert code == NOT_REACHED and [row["ready"] for row in rows] == [False, True]
        assert "localhost:1" in rows[0]["state"] and rows[0]["host"] is None
    finally:
        house.write_config(CONFIGURATION)
    assert not second.complaints


def test_a_file_that_overrides_is_told(relays):
    first, second = relays
    later = DROP_IN.parent / "zz.conf"
    later.write_text(f"[relay]\nurl = {first.url}\n")
    later.chmod(0o644)
    try:
        code, _, complaints = ctl("enrol", second.url, second.enrolment("web15.example.org"),
                                  "--replace")
        assert code == NO and f"{later}:2" in complaints
    finally:
        later.unlink()


def test_a_folder_that_others_may_change_is_refused(relay, tmp_path):
    token = relay.enrolment("web16.example.org")
    FOLDER.mkdir()
    FOLDER.chmod(0o775)
    assert ctl("enrol", relay.url, token)[0] == NO
    FOLDER.rmdir()
    FOLDER.symlink_to(tmp_path)
    assert ctl("enrol", relay.url, token)[0] == NO
    FOLDER.unlink()
    assert not os.listdir(tmp_path) and not good_keys(relay, "web16.example.org")


def test_links_in_the_folder_are_replaced_and_not_followed(relay, tmp_path):
    other = tmp_path / "other"
    other.write_text("other's")
    FOLDER.mkdir(mode=0o750)
    for name in ("relay", "relay.tmp", "relay.new", "relay.new.tmp"):
        (FOLDER / name).symlink_to(other)
    right("enrol", relay.url, relay.enrolment("web17.example.org"))
    assert other.read_text() == "other's" and not KEY.is_symlink()
    assert sorted(os.listdir(FOLDER)) == ["relay"]


@pytest.mark.parametrize("fault,details,code", [
    ("status", {"status": 503}, NOT_REACHED), ("status", {"status": 404}, NO),
    ("status", {"status": 429}, NO), ("reset", {}, NOT_REACHED), ("cut", {}, NOT_REACHED),
    ("huge", {}, NOT_REACHED), ("malformed", {}, NO), ("json", {"value": {"host": 7}}, NO),
    ("json", {"value": {"host": "a\x1b[2Jb"}}, NO), ("json", {"value": []}, NO),
    ("redirect", {"location": "https://localhost/"}, NO)])
def test_what_is_no_relay_changes_nothing(relay, fault, details, code):
    # libcurl asks again by itself when a connection that was kept is reset.
    relay.fault("enrol", fault, times=2 if fault == "reset" else 1, **details)
    got, out, complaints = ctl("enrol", relay.url, relay.enrolment("web18.example.org"))
    assert (got, out) == (code, "") and relay.url in complaints and "\x1b" not in complaints
    assert sorted(os.listdir(FOLDER)) == ["relay.new"] and not DROP_IN.exists()


def test_a_wrong_certificate_sends_no_token(relay, tmp_path):
    liar = Relay(Authority(tmp_path), host="localhost").start()
    n_requests = len(relay.requests)
    try:
        for url in (liar.url, f"https://house.example.org:{relay.port}"):
            code, _, complaints = ctl("enrol", url, relay.enrolment("web19.example.org"))
            assert code == NOT_REACHED and url in complaints
        assert not liar.requests and len(relay.requests) == n_requests
    finally:
        liar.stop()


def test_without_jauth_http(house, relay):
    house.http.stop()
    try:
        code, _, complaints = ctl("enrol", relay.url, relay.enrolment("web20.example.org"))
        assert code == NOT_REACHED and "/run/jauth-http/socket" in complaints
    finally:
        house.http.start()


def test_jauth_http_that_hangs_is_not_waited_for_for_ever(house, relay):
    enrol(relay, "web21.example.org")
    os.kill(house.http.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        code, out, _ = ctl("status", "--json")
        assert code == NOT_REACHED and "jauth-http" in json.loads(out)[0]["state"]
        assert time.monotonic() - began < 40
    finally:
        os.kill(house.http.pid, signal.SIGCONT)
        house.http.stop()
        house.http.start()


def test_only_root_may(relay):
    before = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    for words in (["enrol", relay.url, relay.enrolment("web22.example.org")], ["rotate"],
                  ["status"]):
        assert ctl(*words, before=before)[0] == REFUSED
    assert not FOLDER.exists()


# --- status ---

def test_status_without_a_relay():
    code, out, complaints = ctl("status")
    assert (code, out) == (NO, "") and "relay enrol" in complaints


def test_a_revoked_key_is_told(relay):
    enrol(relay, "web23.example.org")
    relay.revoke("web23.example.org")
    code, out, _ = ctl("status", "--json")
    [row] = json.loads(out)
    assert code == NO and row["ready"] is False and "does not know" in row["state"]
    code, _, complaints = ctl("rotate", "--wait", "1")
    assert code == NO and "enrol it again" in complaints
    right("enrol", relay.url, relay.enrolment("web23.example.org"))
    assert right("status")[0]["ready"] is True


@pytest.mark.parametrize("value", [{"host": "x", "key": "0123456789abcdef", "instance": "i"},
                                   {"host": "x"}, {}])
def test_an_answer_for_another_key_is_not_ready(relay, value):
    enrol(relay, "web24.example.org")
    relay.fault("host", "json", value=value)
    code, out, _ = ctl("status", "--json")
    assert code == NO and json.loads(out)[0]["ready"] is False


def test_a_key_file_that_holds_none_is_told(relay):
    enrol(relay, "web25.example.org")
    KEY.write_text("jr1.nonsense\n")
    code, _, complaints = ctl("status")
    assert code == NO and f"{KEY} holds no key" in complaints
    KEY.chmod(0o644)
    assert "chmod" in ctl("rotate")[2]


# --- rotate ---

def test_a_key_is_rotated(relay):
    before = enrol(relay, "db1.example.org")
    process = begin("rotate", "--wait", "2", "--json")
    wait_until(lambda: key_in_file() != before)
    assert good_keys(relay, "db1.example.org") == {before, key_in_file()}, "both are good"
    out, complaints = process.communicate(timeout=20)
    assert (process.returncode, complaints) == (DONE, "")
    assert json.loads(out) == {"key": key_in_file(), "replaced": before}
    assert_rotated(relay, "db1.example.org", before)
    status = KEY.stat()
    assert (status.st_mode & 0o7777, KEY.group()) == (0o640, "jauth")


def test_jauthd_is_told(house, relay):
    enrol(relay, "db2.example.org")
    count = house.jauthd.log().count("configuration read again")
    right("rotate", "--wait", "1")
    assert house.jauthd.log().count("configuration read again") == count + 1


def test_it_may_be_done_again_and_again(relay):
    before = enrol(relay, "db3.example.org")
    for _ in range(5):
        right("rotate", "--wait", "1")
        assert_rotated(relay, "db3.example.org", before)
        before = key_in_file()


@pytest.mark.parametrize("fault", ["lost", "killed"])
def test_the_new_key_is_not_known_to_be_bound(relay, fault):
    before = enrol(relay, fault)
    if fault == "lost":
        with lost_replies(relay):
            assert ctl("rotate", "--wait", "1")[0] == NOT_REACHED
    else:
        relay.fault("keys", "slow", seconds=1)
        n_requests = len(relay.requests)
        process = begin("rotate", "--wait", "1")
        wait_until(lambda: len(relay.requests) > n_requests)
        kill(process)
        wait_until(lambda: len(good_keys(relay, fault)) == 2)
    assert key_in_file() == before and right("status")[0]["ready"] is True
    bound = good_keys(relay, fault)
    right("rotate", "--wait", "1")
    assert_rotated(relay, fault, before)
    assert {key_in_file()} < bound


def test_killed_while_jauthd_is_told(house, relay):
    before = enrol(relay, "db5.example.org")
    os.kill(house.jauthd.pid, signal.SIGSTOP)
    try:
        process = begin("rotate", "--wait", "1")
        wait_until(lambda: key_in_file() != before)
        kill(process)
    finally:
        os.kill(house.jauthd.pid, signal.SIGCONT)
    after = key_in_file()
    assert good_keys(relay, "db5.example.org") == {before, after}
    right("rotate", "--wait", "1")
    assert_rotated(relay, "db5.example.org", before)
    assert key_in_file() == after


def test_killed_while_it_waits(relay):
    before = enrol(relay, "db6.example.org")
    process = begin("rotate", "--wait", "30")
    assert "30 s" in process.stderr.readline()
    kill(process)
    after = key_in_file()
    assert good_keys(relay, "db6.example.org") == {before, after} and PENDING.exists()
    right("rotate", "--wait", "1")
    assert_rotated(relay, "db6.example.org", before)
    assert key_in_file() == after


def test_the_old_key_is_not_known_to_be_gone(relay):
    before = enrol(relay, "db7.example.org")
    process = begin("rotate", "--wait", "2")
    process.stderr.readline()
    with lost_replies(relay):
        _, complaints = process.communicate(timeout=30)
    assert process.returncode == NOT_REACHED and before in complaints and PENDING.exists()
    after = key_in_file()
    right("rotate", "--wait", "1")
    assert_rotated(relay, "db7.example.org", before)
    assert key_in_file() == after


def test_without_jauthd_the_old_key_stays_good(house, relay):
    before = enrol(relay, "db8.example.org")
    house.jauthd.stop()
    try:
        code, _, complaints = ctl("rotate", "--wait", "1")
        assert code == NOT_REACHED and "still good" in complaints
        assert good_keys(relay, "db8.example.org") == {before, key_in_file()}
    finally:
        house.jauthd.start()
    right("rotate", "--wait", "1")
    assert_rotated(relay, "db8.example.org", before)


def test_a_configuration_with_mistakes_keeps_the_old_key_good(house, relay):
    before = enrol(relay, "db9.example.org")
    house.write_config(CONFIGURATION + "[general]\ncolour = red\n")
    try:
        assert ctl("rotate", "--wait", "1")[0] == NO
        assert good_keys(relay, "db9.example.org") == {before, key_in_file()}
    finally:
        house.write_config(CONFIGURATION)
    right("rotate", "--wait", "1")
    assert_rotated(relay, "db9.example.org", before)


def test_two_at_a_time_are_one(relay):
    before = enrol(relay, "db10.example.org")
    process = begin("rotate", "--wait", "3")
    process.stderr.readline()
    code, _, complaints = ctl("rotate", "--wait", "1")
    assert code == NO and "another" in complaints
    process.communicate(timeout=20)
    assert process.returncode == DONE
    assert_rotated(relay, "db10.example.org", before)


def test_a_pending_key_of_another_step_is_not_used(relay):
    """An enrolment that was given up."""
    before = enrol(relay, "db11.example.org")
    relay.fault("enrol", "status", status=503)
    ctl("enrol", relay.url, relay.enrolment("db12.example.org"))
    given_up = PENDING.read_text().split()[2].split(".")[1]
    right("rotate", "--wait", "1")
    assert_rotated(relay, "db11.example.org", before)
    assert key_in_file() != given_up


def test_a_relay_that_is_full_is_told(relay):
    before = enrol(relay, "db13.example.org")
    for _ in range(3):
        relay.key("db13.example.org")
    code, _, complaints = ctl("rotate", "--wait", "1")
    assert code == NO and "too many keys" in complaints
    assert key_in_file() == before
    assert "more than 4 keys" in relay.complaints.pop()
