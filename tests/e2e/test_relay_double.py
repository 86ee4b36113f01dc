# SPDX-License-Identifier: GPL-3.0-or-later
"""The double of the relay (vendors/relay.py), by which jauthd is tested, answers hosts as the real
one does: the same requests to both, the same answers. Where the double is stricter (a poll without
its numbers, members that nobody knows) it says so in its complaints, and is not compared."""

import http.client
import json
import ssl
import time
import urllib.parse

import pytest

from relay import HostClient, Relay, words

TARGETS = [{"method": "work", "title": "Work", "app": "browser"},
           {"method": "wecom", "title": "WeCom", "app": "wecom"}]
STATE = "s" * 32
URL = "https://op.example.org/authorize?state=" + STATE


def opening(**changes):
    body = {"user": "jane", "service": "sshd", "source": "192.0.2.7", "since": int(time.time()),
            "seconds": 60, "digits": True, "targets": TARGETS, **changes}
    return {name: value for name, value in body.items() if value is not None}


def put(path="", **body):
    return "PUT", "/v1/links/{id}" + path, body


OPEN = put(**opening())
TARGET = put("/target", method="work", state=STATE, url=URL)
RESULT = put("/result", result="failed", request="0123456789abcdef")
DELETE = "DELETE", "/v1/links/{id}", None
EVENTS = "GET", "/v1/events?after=0&wait=0", None

# What a host does, one request after the other; {id} is a link of its own each time.
CASES = {
    "a link's life": [OPEN, TARGET, RESULT, DELETE],
    "opened twice": [OPEN, OPEN],
    "ended twice": [OPEN, DELETE, DELETE],
    "ended without having been": [DELETE],
    "opened after its end": [OPEN, DELETE, OPEN],
    "target after the end": [OPEN, DELETE, TARGET],
    "result after the end": [OPEN, DELETE, RESULT],
    "target of a link that is none": [TARGET],
    "result of a link that is none": [RESULT],
    "no event yet": [OPEN, EVENTS],
    "a number that was never told": [("GET", "/v1/events?after=99&wait=0", None)],
    "events that wait too long": [("GET", "/v1/events?after=0&wait=31", None)],
    "events after less than nothing": [("GET", "/v1/events?after=-1&wait=0", None)],
    "events after a word": [("GET", "/v1/events?after=x&wait=0", None)],
    "who am I": [("GET", "/v1/host", None)],
    "an id that is too short": [("PUT", "/v1/links/short", OPEN[2])],
    "an unknown path": [("GET", "/v1/unknown", None)],
    "no user": [put(**opening(user=None))],
    "a user without a name": [put(**opening(user=""))],
    "a user too long": [put(**opening(user="u" * 257))],
    "no service": [put(**opening(service=None))],
    "no source known": [put(**opening(source=""))],
    "no time": [put(**opening(seconds=0))],
    "too much time": [put(**opening(seconds=181))],
    "time in words": [put(**opening(seconds="60"))],
    "digits in words": [put(**opening(digits="yes"))],
    "no targets": [put(**opening(targets=[]))],
    "targets without end": [put(**opening(targets=[
        {"method": f"m{i}", "title": "M", "app": "browser"} for i in range(9)]))],
    "a target twice": [put(**opening(targets=[TARGETS[0], TARGETS[0]]))],
    "an app that is none": [put(**opening(targets=[{**TARGETS[0], "app": "fax"}]))],
    "a method that is none": [put(**opening(targets=[{**TARGETS[0], "method": "A/B"}]))],
    "a target of another method": [OPEN, put("/target", method="other", state=STATE, url=URL)],
    "a state too short": [OPEN, put("/target", method="work", state="s" * 21, url=URL)],
    "a state too long": [OPEN, put("/target", method="work", state="s" * 129, url=URL)],
    "a state that is a path": [OPEN, put("/target", method="work", state="/" * 32, url=URL)],
    "a url without TLS": [OPEN, put("/target", method="work", state=STATE,
                                    url=URL.replace("https", "http"))],
    "a url too long": [OPEN, put("/target", method="work", state=STATE, url=URL + "x" * 2048)],
    "a result that is none": [OPEN, put("/result", result="perhaps")],
    "digits without digits": [OPEN, put("/result", result="digits")],
    "three digits": [OPEN, put("/result", result="digits", digits="123")],
    "digits in letters": [OPEN, put("/result", result="digits", digits="ab")],
    "digits with another result": [OPEN, put("/result", result="granted", digits="12")],
    "a key that is none of ours": [("DELETE", "/v1/keys/0123456789abcdef", None)],
}


class Both:
    """A host of the double, and of the real relay."""

    def __init__(self, authority, double, real):
        self.context = ssl.create_default_context(cafile=authority.ca_path)
        self.hosts = [(double.url, double.key("pair.example.org")),
                      (real.url, HostClient(real, name="pair.example.org").enrol().token)]

    def ask(self, url, key, method, path, body):
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=10,
                                                 context=self.context)
        try:
            headers = {"Authorization": "Bearer " + key}
            if body is not None:
                headers["Content-Type"] = "application/json"
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            reply = connection.getresponse()
            text = reply.read()
            # Values differ, and so do the words of errors: members are compared.
            return reply.status, sorted(json.loads(text)) if text else []
        finally:
            connection.close()

    def answers(self, steps):
        """Of the double, and of the real one."""
        ident = words()
        return [[self.ask(url, key, method, path.replace("{id}", ident), body)
                 for method, path, body in steps] for url, key in self.hosts]


@pytest.fixture(scope="module")
def both(house, authority, relay_double):
    real = Relay(house.folder, authority, "paired-relay").start()
    relay_double.reset()
    yield Both(authority, relay_double, real)
    relay_double.reset()
    real.stop()


@pytest.mark.parametrize("name", CASES)
def test_both_answer_alike(both, name):
    double, real = both.answers(CASES[name])
    assert double == real


def test_neither_takes_a_key_that_is_none(both):
    for url, key in both.hosts:
        changed = key[:-1] + ("A" if key[-1] != "A" else "B")
        for token in (changed, key[:-1], "jr1.", "", key.replace("jr1.", "jre1.")):
            assert both.ask(url, token, "GET", "/v1/host", None) == (401, ["error"]), url
