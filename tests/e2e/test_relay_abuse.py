# SPDX-License-Identifier: GPL-3.0-or-later
"""jauth-relay without a proxy before it, against those who mean it no good: whatever they do, a
login in the next line goes through."""

import concurrent.futures
import os
import resource
import socket
import threading
import time

import pytest

from house import wait_until
from relay import HostClient, Phone, Relay, words

SLOW = 3500
IDS = 100000


@pytest.fixture(name="relay", scope="module")
def fixture_relay(authority, house):
    resource.setrlimit(resource.RLIMIT_NOFILE, (16384, 16384))
    made = Relay(house.folder, authority, "abused", tls=False).start()
    yield made
    made.stop()
    assert made.service.n_starts == 1 and made.service.watchdog_kills == 0


@pytest.fixture(name="host", scope="module")
def fixture_host(relay):
    return HostClient(relay, plain=True).enrol()


@pytest.fixture(name="raw")
def fixture_raw(relay):
    """Connections that are closed afterwards."""
    opened = []

    def connect():
        made = socket.create_connection(("127.0.0.1", relay.plain_port), timeout=30)
        opened.append(made)
        return made

    yield connect
    for one in opened:
        one.close()


def log_in(host, within=2.0):
    """A whole login by phone; fails when it takes long."""
    began = time.monotonic()
    phone = Phone(host.relay, "wecom", plain=True)
    link = host.open()
    assert link.set_target().status == 204
    assert phone.press(link).status == 303
    link.set_result("digits", digits="42")
    assert phone.come_back(link).digits == "42"
    link.delete()
    assert time.monotonic() - began < within


def read_all(connection):
    """What comes until the other side closes."""
    data = b""
    try:
        while part := connection.recv(65536):
            data += part
    except ConnectionError:
        pass
    return data


# --- too much ---

@pytest.mark.parametrize("text,answers", [
    (b"GET /q/" + b"a" * 40000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", [b"", b"414", b"431"]),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 40000 + b"\r\n\r\n", [b"", b"431", b"413"]),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 20000 + b"\r\n", [b"", b"431", b"413"]),
    (b"GET /healthz HTTP/1.1\r\n\r\n", [b"400"]),                     # no Host
    (b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n", [b"", b"505", b"400"]),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500, [b"", b"400"]),   # TLS
    (b"\x00" * 50000, [b"", b"400", b"414", b"431"]),
    (b"PUT /v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", [b"", b"400"]),
    (b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nContent-Length: 8\r\n\r\n12345678",
     [b"", b"400", b"401"]),
    (b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", [b"", b"400"]),
], ids=["line", "header", "headers", "host", "version", "tls", "zeros", "negative", "two lengths",
        "chunk"])
def test_requests_that_are_none_or_too_big(raw, host, text, answers):
    connection = raw()
    try:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
    except ConnectionError:
        pass
    reply = read_all(connection)
    assert reply[9:12] in answers
    log_in(host)


def test_a_body_that_is_too_long(raw, host):
    """One that says so, and one that goes on and on."""
    reply = host.call("PUT", f"/v1/links/{words()}", b"x" * 300000)
    assert reply.status == 413
    phone = Phone(host.relay, "wecom", plain=True)
    assert phone.post(host.open(), {"token": "x" * 20000}).status == 413
    connection = raw()
    connection.sendall(b"PUT /v1/links/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                       + host.token.encode() + b"\r\nTransfer-Encoding: chunked\r\n\r\n")
    began = time.monotonic()
    try:
        while time.monotonic() - began < 20:
            connection.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
            time.sleep(0.02)
    except ConnectionError:
        pass
    assert 8 < time.monotonic() - began < 15
    log_in(host)


# --- too slow ---

def test_slow_headers_are_cut_off(raw, host):
    """A byte now and then is no reason to wait longer."""
    connection = raw()
    connection.sendall(b"GET /healthz HTTP/1.1\r\n")
    began = time.monotonic()
    try:
        while time.monotonic() - began < 20:
            connection.sendall(b"A")
            time.sleep(0.5)
    except ConnectionError:
        pass
    assert 8 < time.monotonic() - began < 13
    idle = raw()
    assert read_all(idle) == b"" and 18 < time.monotonic() - began < 26
    log_in(host)


def test_a_slow_body_is_cut_off(raw, host):
    connection = raw()
    connection.sendall(b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    began = time.monotonic()
    try:
        while time.monotonic() - began < 20:
            connection.sendall(b"A")
            time.sleep(0.5)
    except ConnectionError:
        pass
    assert 8 < time.monotonic() - began < 13
    log_in(host)


def test_thousands_who_never_finish_stop_nobody(relay, raw, host):
    """More than may be connected at once; those who wait for something keep their places."""
    link = host.open()
    answer = {}
    phone = Phone(relay, "wecom", plain=True)
    page = phone.open(link)
    waiting = threading.Thread(target=lambda: answer.update(sent=phone.press(link, page=page)))
    waiting.start()
    began = time.monotonic()
    dropped = relay.metrics()["connections_dropped_total"]
    for i in range(2 * SLOW):
        raw().sendall(b"GET /q/x HTTP/1.1\r\nHost: " + b"x" * (i % 50))
        if i % 500 == 0:
            log_in(host, 5)
    link.set_target()
    log_in(host, 5)
    waiting.join()
    assert answer["sent"].status == 303
    assert time.monotonic() - began < 9              # before anybody's time was over
    assert 4000 < relay.metrics()["connections"] <= 4096
    assert relay.metrics()["connections_dropped_total"] - dropped > 2 * SLOW - 4096


def test_those_who_read_no_reply(relay, raw, host):
    for _ in range(300):
        connection = raw()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            connection.sendall(b"GET /q/x HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        except ConnectionError:
            pass
    log_in(host, 5)


def test_who_leaves_while_he_waits(relay, raw, host):
    """Long polls whose client is gone do not pile up: each ends the one before."""
    for _ in range(50):
        connection = raw()
        connection.sendall(f"GET /v1/events?after=999&wait=30 HTTP/1.1\r\nHost: x\r\n"
                           f"Authorization: Bearer {host.token}\r\n\r\n".encode())
        time.sleep(0.01)
        connection.close()
    wait_until(lambda: relay.metrics()["waits"] <= 1, 5, "the waits ending")
    log_in(host)


def test_one_link_does_not_hold_all_places(relay, host):
    """The holder of one code can make the relay wait for few at a time."""
    link = host.open()
    phone = Phone(relay, "wecom", plain=True)
    page = phone.open(link)
    first = threading.Thread(target=phone.press, args=(link, "work", page))
    first.start()
    wait_until(lambda: relay.metrics()["waits"] >= 1)
    threads = []
    for _ in range(7):
        again = Phone(relay, "wecom", plain=True)
        threads.append(threading.Thread(target=again.press, args=(link, "work", page)))
    for thread in threads:
        thread.start()
    wait_until(lambda: relay.metrics()["waits"] >= 8)
    assert Phone(relay, "wecom", plain=True).press(link, page=page).status == 429
    log_in(host)
    link.delete()
    for thread in [first, *threads]:
        thread.join()


# --- guessing ---

def guess(relay, n):
    """n ids over connections that are kept; how many were answered how."""
    seen = {}
    connection = relay.connect(plain=True)
    for _ in range(n):
        connection.request("GET", f"/q/{words()}")
        reply = connection.getresponse()
        body = reply.read()
        seen[reply.status] = seen.get(reply.status, 0) + 1
        assert b"<form" not in body
    connection.close()
    return seen


def test_a_hundred_thousand_random_ids(relay, host):
    """None is found, nobody else notices, and the relay does not grow."""
    def memory():
        with open(f"/proc/{relay.service.pid}/status", encoding="ascii") as file:
            return int(next(line for line in file if line.startswith("VmRSS")).split()[1])

    before, began = memory(), time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        parts = [pool.submit(guess, relay, IDS // 20) for _ in range(20)]
        while not all(part.done() for part in parts):
            log_in(host, 5)
            time.sleep(0.5)
    seen = {}
    for part in parts:
        for status, n in part.result().items():
            seen[status] = seen.get(status, 0) + n
    assert set(seen) <= {404, 429} and sum(seen.values()) == IDS
    assert seen[404] <= 30 * ((time.monotonic() - began) // 60 + 2)
    assert time.monotonic() - began < 150
    assert memory() - before < 20000, "kB more"


def test_the_relay_was_not_hurt(relay):
    assert os.path.exists(f"/proc/{relay.service.pid}")
    assert relay.metrics()["waits"] == 0
