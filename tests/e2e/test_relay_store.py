# SPDX-License-Identifier: GPL-3.0-or-later
"""jauth-relay's links in a Redis that is started, stopped, hung, emptied and shared."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest
import redis as redis_client

PROGRAM = pathlib.Path(os.environ["JAUTH_BUILD"]) / "tests/e2e/relaystore"
HOST = "a" * 16
OTHER = "b" * 16
PASSWORD = "right horse 7"
LOST = -112                     # -EHOSTDOWN
STALE = -116
NONE = -2
TIMEOUT_S = 2                   # REDIS_TIMEOUT_MS


class Redis:
    """A redis-server on a socket of its own, which keeps nothing on disk."""

    def __init__(self, folder):
        self.folder = folder
        self.socket = folder / "redis"
        self.process = None

    def start(self, *options):
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", str(self.socket), "--save", "",
             "--appendonly", "no", "--dir", str(self.folder), *options],
            stdout=subprocess.DEVNULL)
        self.wait_until_there()
        return self

    def wait_until_there(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(redis_client.ConnectionError):
                with contextlib.suppress(redis_client.AuthenticationError):
                    self.client().ping()
                return
            time.sleep(0.02)
        raise TimeoutError("redis-server does not start")

    def client(self):
        return redis_client.Redis(unix_socket_path=str(self.socket))

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()


class Store:
    """One relay's side: tests/e2e/relaystore, talking."""

    def __init__(self, address, user=None, password=None, prefix="t:"):
        words = [str(PROGRAM), "talk", str(address), prefix] + ([user] if user else [])
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, bufsize=1, env={"REDIS_PASSWORD": password or ""})
        os.set_blocking(self.process.stdout.fileno(), False)
        self.lines = []
        self.rest = ""

    def read(self):
        with contextlib.suppress(BlockingIOError, TypeError):
            self.rest += os.read(self.process.stdout.fileno(), 65536).decode()
        *lines, self.rest = self.rest.split("\n")
        self.lines += lines

    def wait(self, start, seconds=10):
        """The rest of the next line that begins so; lines before it stay for others."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.read()
            for line in self.lines:
                if line.startswith(start):
                    self.lines.remove(line)
                    return line[len(start):].lstrip()
            time.sleep(0.01)
        raise TimeoutError(f"no line {start!r} but {self.lines}")

    def has(self, start):
        self.read()
        return any(line.startswith(start) for line in self.lines)

    def send(self, text):
        self.process.stdin.write(text + "\n")

    def call(self, text, seconds=10):
        """The error, and the words behind it."""
        self.send(text)
        error, *words = self.wait(text + ":", seconds).split(" ")
        return int(error), words

    def put(self, name, host=HOST, version="0", event=1, data="data", seconds=60):
        return self.call(f"put {name} {host} {seconds} {version} {event} {data}")[0]

    def get(self, name):
        return self.call(f"get {name}")

    def status(self):
        self.send("status")
        is_up, n_links, n_errors, n_reconnects, instance = self.wait("status:").split(" ")
        return int(is_up), int(n_links), int(n_errors), int(n_reconnects), instance

    def stop(self):
        self.process.stdin.close()
        status = self.process.wait(timeout=10)
        self.process.stdout.close()
        log = self.process.stderr.read()
        self.process.stderr.close()
        assert status == 0, log
        return log


@pytest.fixture(name="redis")
def fixture_redis(tmp_path):
    server = Redis(tmp_path).start()
    yield server
    server.stop()


@pytest.fixture(name="store")
def fixture_store(redis):
    made = Store(redis.socket)
    made.wait("back")
    yield made
    made.stop()


@pytest.fixture(name="second")
def fixture_second(redis):
    made = Store(redis.socket)
    made.wait("back")
    yield made
    made.stop()


# --- the same as in memory ---

def test_every_case_of_the_store_in_memory_holds_in_redis(redis):
    done = subprocess.run([PROGRAM, "cases", redis.socket], timeout=120, check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# --- two relays ---

def test_what_one_relay_puts_wakes_the_other(store, second):
    assert store.put("one") == 0
    assert second.wait("link") == "one"
    assert second.wait("host") == HOST
    error, (version, number, data) = second.get("one")
    assert (error, data) == (0, "data")
    assert second.put("one", version=version, data="more") == 0
    assert store.put("one", version=version, data="late") == STALE
    error, (_, later, data) = store.get("one")
    assert (error, data) == (0, "more")
    assert int(later) > int(number)
    assert store.call(f"events {HOST} {number}") == (0, [later, "one"])
    assert store.status()[4] == second.status()[4]


def test_of_many_writers_one_wins_each_turn(store, second):
    assert store.put("one", data="0") == 0
    for turn in range(50):
        version = store.get("one")[1][0]
        for side, name in ((store, "a"), (second, "b")):
            side.send(f"put one {HOST} 60 {version} 1 {name}{turn}")
        errors = sorted(int(side.wait(f"put one {HOST} 60 {version} 1 {name}{turn}:"))
                        for side, name in ((store, "a"), (second, "b")))
        assert errors == [STALE, 0]


def test_an_enrolment_is_taken_once_among_all(store, second):
    assert store.call("once enrol key 60")[0] == 0
    assert second.call("once enrol other 60")[0] == -17
    assert second.call("once enrol key 60")[0] == 0


def test_records_reach_the_other_relay(store, second):
    store.send("add one")
    second.wait("keys")
    assert second.call("records")[0] == 0
    assert second.wait("record") == "one"


def test_limits_do_not_drift_when_links_end(redis, store):
    """A thousand a host: what Redis drops by itself makes room."""
    for turn in range(1000):
        store.send(f"put l{turn} {HOST} 3 0 1 x")
    for turn in range(1000):
        assert store.wait(f"put l{turn} {HOST} 3 0 1 x:") == "0"
    assert store.put("more") == -122
    time.sleep(4)
    assert store.put("more") == 0
    assert store.call(f"events {HOST} 0")[1][1:] == ["more"]
    client = redis.client()
    assert client.zcard("t:open") == client.zcard(f"t:open:{HOST}") == 1
    assert client.zcard(f"t:events:{HOST}") == 1
    assert sorted(key for key in client.keys("t:*") if key.startswith(b"t:link:")) == [
        b"t:link:more"]


def test_nothing_of_a_host_stays_when_its_links_ended(redis, store):
    assert store.put("one", seconds=2) == 0
    assert store.put("two", host=OTHER, seconds=2) == 0
    time.sleep(3.1)
    assert sorted(redis.client().keys("t:*")) == [b"t:instance", b"t:number"]


# --- Redis goes and comes ---

def test_calls_are_answered_at_once_while_redis_is_away(redis, store):
    assert store.put("one") == 0
    before = store.status()
    redis.process.kill()
    redis.process.wait()
    deadline = time.monotonic() + 5
    while store.status()[0] and time.monotonic() < deadline:
        time.sleep(0.02)
    start = time.monotonic()
    assert store.get("one")[0] == LOST
    assert store.put("two") == LOST
    assert store.call(f"events {HOST} 0")[0] == LOST
    assert store.call("once a b 60")[0] == LOST
    assert store.call("records")[0] == LOST
    assert time.monotonic() - start < 1
    redis.start()
    instance = store.wait("back")
    assert instance != before[4]
    assert store.get("one")[0] == NONE
    assert store.put("two") == 0
    is_up, _, n_errors, n_reconnects, _ = store.status()
    assert (is_up, n_reconnects) == (1, 1)
    assert n_errors > before[2]


def test_a_relay_starts_before_its_redis(tmp_path):
    server = Redis(tmp_path)
    store = Store(server.socket)
    try:
        assert store.get("one")[0] == LOST
        assert store.status()[4] == ""
        server.start()
        store.wait("back")
        assert store.put("one") == 0
        assert "is away" in store.stop()
    finally:
        server.stop()


def test_a_redis_that_hangs_does_not_hang_the_relay(redis, store):
    redis.signal(signal.SIGSTOP)
    start = time.monotonic()
    for name in ("one", "two", "three"):
        store.send(f"get {name}")
    assert store.status()[0] == 1          # the loop turns
    for name in ("one", "two", "three"):
        assert store.wait(f"get {name}:") == str(LOST)
    assert TIMEOUT_S - 0.5 < time.monotonic() - start < TIMEOUT_S + 1
    start = time.monotonic()
    assert store.get("four")[0] == LOST
    assert time.monotonic() - start < 0.5
    time.sleep(TIMEOUT_S + 1)              # connecting anew hangs too
    assert store.get("five")[0] == LOST
    redis.signal(signal.SIGCONT)
    store.wait("back")
    assert store.get("one")[0] == NONE


def test_a_hang_is_found_without_any_call(redis, store):
    redis.signal(signal.SIGSTOP)
    deadline = time.monotonic() + 3 * TIMEOUT_S
    while store.status()[0]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    redis.signal(signal.SIGCONT)
    store.wait("back")


def test_a_dead_subscription_is_found(redis, store):
    """The commands work on, but nobody would be woken."""
    client = redis.client()
    ids = [int(one["id"]) for one in client.client_list(_type="pubsub")]
    assert len(ids) == 1
    client.client_kill_filter(_id=ids[0])
    store.wait("back")
    assert store.put("one") == 0
    assert store.wait("link") == "one"


def test_an_emptied_redis_is_another_instance(redis, store):
    before = store.status()[4]
    assert store.put("one") == 0
    number = store.get("one")[1][1]
    redis.client().flushall()
    after = store.wait("back")
    assert after != before and after == store.status()[4]
    assert store.get("one")[0] == NONE
    assert store.put("one") == 0
    error, (_, later, _) = store.get("one")
    assert error == 0 and int(later) > int(number)


def test_scripts_that_redis_forgot_are_sent_again(redis, store):
    assert store.put("one") == 0
    redis.client().script_flush()
    assert store.put("two") == 0
    assert store.call(f"events {HOST} 0")[1][1:] == ["one", "two"]


def test_a_link_that_redis_dropped_early_is_gone(redis, store):
    assert store.put("one") == 0
    assert store.put("two") == 0
    redis.client().delete("t:link:one")
    assert store.get("one")[0] == NONE
    assert store.call(f"events {HOST} 0")[1][1:] == ["two"]
    assert redis.client().zrange(f"t:events:{HOST}", 0, -1) == [b"two"]
    assert store.put("one") == 0


def test_a_value_that_is_none_of_ours_is_no_link(redis, store):
    client = redis.client()
    client.set("t:link:text", "x")
    client.hset("t:link:half", mapping={"version": "1"})
    client.hset("t:link:words", mapping={"version": "x", "expires": "y", "data": "z",
                                         "host": HOST})
    for name in ("text", "half", "words"):
        assert store.get(name)[0] == LOST
    assert store.put("one") == 0
    for word in ("", "link", "host", "lin", "key", "x" * 100000):
        client.publish("t:changes", word)
    client.publish("t:changes", "link \xff\x00")
    assert store.get("one")[0] == 0


def test_a_full_redis_is_said_to_be_away(redis, store):
    client = redis.client()
    assert store.put("there") == 0
    client.config_set("maxmemory", "1")
    assert store.put("one") == LOST
    assert store.call("once a b 60")[0] == LOST
    assert store.get("there")[0] == 0
    assert store.call(f"events {HOST} 0")[1][1:] == ["there"]
    client.config_set("maxmemory", "0")
    assert store.put("one") == 0
    assert store.status()[0] == 1


# --- who is no Redis ---

@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"+OK\r\n" * 30,
                                  b"-ERR max number of clients reached\r\n",
                                  b"*1000000\r\n" * 20, b"$-5\r\n", b":1\r\n" * 9, b"\0" * 4096])
def test_what_is_no_redis_is_a_store_that_is_away(tmp_path, says):
    path = tmp_path / "redis"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        listening.settimeout(5)
        store = Store(path)
        for _ in range(4):
            with listening.accept()[0] as connection:
                connection.settimeout(1)
                with contextlib.suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(says)
                assert store.get("one")[0] == LOST
        assert store.status()[0] == 0
        assert not store.has("back")
        assert "is away" in store.stop()


# --- who may ---

RULES = ["~t:*", "&t:*", "-@all", "+auth", "+evalsha", "+eval", "+script|load", "+hmget", "+hget",
         "+hset", "+get", "+set", "+zadd", "+zrem", "+zcount", "+zrangebyscore",
         "+zremrangebyscore", "+zrevrangebyscore", "+expireat", "+ttl", "+time", "+publish", "+subscribe", "+smembers",
         "+sismember", "+scard", "+sadd"]


def test_a_user_with_few_rights_is_enough(tmp_path):
    server = Redis(tmp_path).start("--user", "relay", "on", ">" + PASSWORD, *RULES)
    store = Store(server.socket, user="relay", password=PASSWORD)
    try:
        store.wait("back")
        assert store.put("one") == 0
        assert store.get("one")[0] == 0
        assert store.call(f"events {HOST} 0")[1][1:] == ["one"]
        assert store.call("once a b 60")[0] == 0
        store.send("add record")
        store.wait("keys")
        assert store.call("records")[0] == 0
        assert store.wait("link") == "one"
        assert "error" not in store.stop()
    finally:
        server.stop()


def test_a_wrong_password_is_said_and_never_written(tmp_path):
    server = Redis(tmp_path).start("--user", "relay", "on", ">other", *RULES)
    store = Store(server.socket, user="relay", password=PASSWORD)
    try:
        assert store.get("one")[0] == LOST
        time.sleep(1)
        assert store.get("one")[0] == LOST
        assert not store.has("back")
        log = store.stop()
        assert "password" in log and "WRONGPASS" in log
        assert PASSWORD not in log
    finally:
        server.stop()


def test_a_user_without_the_channel_is_not_up(tmp_path):
    rules = [rule for rule in RULES if not rule.startswith("&")]
    server = Redis(tmp_path).start("--acl-pubsub-default", "resetchannels", "--user", "relay",
                                   "on", ">" + PASSWORD, *rules)
    store = Store(server.socket, user="relay", password=PASSWORD)
    try:
        time.sleep(0.5)
        assert store.get("one")[0] == LOST
        assert not store.has("back")
        assert "is away" in store.stop()
    finally:
        server.stop()


# --- over TCP ---

@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_it_works_over_tcp(tmp_path, host):
    server = Redis(tmp_path).start("--port", "46379", "--bind", "127.0.0.1", "::1")
    store = Store(f"{host}:46379")
    try:
        store.wait("back")
        assert store.put("one") == 0
        server.stop()
        server.start("--port", "46379", "--bind", "127.0.0.1", "::1")
        store.wait("back")
        assert store.put("two") == 0
    finally:
        store.stop()
        server.stop()


def test_a_name_without_an_address_is_a_store_that_is_away():
    store = Store("nowhere.invalid:6379")
    assert store.get("one")[0] == LOST
    time.sleep(1)
    assert store.status()[0] == 0
    assert "is away" in store.stop()


@pytest.mark.parametrize("address", ["localhost", "localhost:", ":6379", "localhost:0",
                                     "localhost:65536", "localhost:http"])
def test_what_is_no_address_is_refused(address):
    done = subprocess.run([PROGRAM, "talk", address, "t:"], timeout=10, check=False,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 1
