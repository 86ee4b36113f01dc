# SPDX-License-Identifier: GPL-3.0-or-later
"""The double of the relay (vendors/relay.py), by which jauthd is tested, answers hosts as the real
one does: the same requests to both, the same answers. Where the double is stricter (a poll without
its numbers, members that nobody knows) it says so in its complaints, and is not compared."""

import http.client
import json
import ssl
import threading
import time
import urllib.parse

import pytest

from relay import HostClient, Relay, Vendor, words

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
LISTEN = put(**opening(listen="wx_1", targets=[]))
MINI = [{"method": "mini", "title": "Mini", "app": "mini-program"},
        {"method": "qr", "title": "WeChat", "app": "computer"}]
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
    "targets of a mini program and of a computer": [
        put(**opening(targets=MINI)), put("/target", method="mini", state=STATE, url=URL)],
    "a link that listens": [LISTEN, RESULT, DELETE],
    "a link that listens, opened twice": [LISTEN, LISTEN],
    "a target of a link that listens": [LISTEN, TARGET],
    "targets and listening": [put(**opening(listen="wx_1"))],
    "listening to nothing": [put(**opening(listen=""))],
    "listening to a path": [put(**opening(listen="a/b"))],
    "listening to a long name": [put(**opening(listen="a" * 64))],
    "listening to a longer name": [put(**opening(listen="a" * 65))],
    "listening to a number": [put(**opening(listen=1))],
    "an answer to nobody": [("PUT", "/v1/pushes/{id}", {"status": 200, "body": ""})],
    "an answer to a link": [OPEN, ("PUT", "/v1/pushes/{id}", {"status": 200, "body": ""})],
    "a key that is none of ours": [("DELETE", "/v1/keys/0123456789abcdef", None)],
}


class Both:
    """A host of the double, and of the real relay."""

    def __init__(self, authority, double, real):
        self.context = ssl.create_default_context(cafile=authority.ca_path)
        vendor = Vendor(real, "wx_1")
        self.senders = [lambda body, query: double.push("wx_1", body, query),
                        lambda body, query: self.sent(vendor.post(body, query))]
        self.hosts = [(double.url, double.key("pair.example.org")),
                      (real.url, HostClient(real, name="pair.example.org").enrol().token)]

    @staticmethod
    def sent(reply):
        return reply.status, reply.text

    def push_of(self, url, key):
        """The event of the push that is open."""
        end, after = time.monotonic() + 4, 0
        while time.monotonic() < end:
            connection = self.connect(url)
            connection.request("GET", f"/v1/events?after={after}&wait=1",
                               headers={"Authorization": "Bearer " + key})
            reply = json.loads(connection.getresponse().read())
            connection.close()
            after = reply["next"]
            for event in reply["events"]:
                if "push" in event:
                    return event
        raise AssertionError("no push")

    def connect(self, url):
        parts = urllib.parse.urlsplit(url)
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=10,
                                           context=self.context)

    def ask(self, url, key, method, path, body):
        connection = self.connect(url)
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


@pytest.mark.parametrize("answer,status", [
    ({"status": 200, "body": ""}, 204), ({"status": 200, "body": "<xml>\n\u5c0f</xml>"}, 204),
    ({"status": 403, "body": ""}, 204), ({"status": 403, "body": "x"}, 400), ({"status": 200}, 400),
    ({"status": 500, "body": ""}, 400), ({"status": "200", "body": ""}, 400),
    ({"status": 200, "body": 1}, 400), ({"status": 200, "body": "a" * 4096}, 204),
    ({"status": 200, "body": "a" * 4097}, 400), ({"status": 200, "body": "\0"}, 400)])
def test_both_tell_of_a_message_alike(both, answer, status):
    """The event, and what becomes of the answer."""
    heard = []
    for (url, key), send in zip(both.hosts, both.senders):
        link = "PUT", f"/v1/links/{words()}", opening(listen="wx_1", targets=[])
        assert both.ask(url, key, *link)[0] == 200
        said = []
        vendor = threading.Thread(target=lambda: said.append(send("<a>\n\"</a>", "b=%20&c=\"")))
        vendor.start()
        push = both.push_of(url, key)
        ident = push.pop("push")
        assert len(ident) == 22 and push.pop("n") > 0
        path = f"/v1/pushes/{ident}"
        answers = [both.ask(url, key, "PUT", path, answer)[0]]
        if answers[0] != 204:
            answers.append(both.ask(url, key, "PUT", path, {"status": 200, "body": ""})[0])
        vendor.join()
        answers.append(both.ask(url, key, "PUT", path, {"status": 200, "body": "late"})[0])
        heard.append((push, answers, said))
        assert both.ask(url, key, "DELETE", link[1], None)[0] == 204
    assert heard[0] == heard[1]
    assert heard[0][1][0] == status
    assert heard[0][0] == {"app": "wx_1", "method": "POST", "query": "b=%20&c=\"",
                           "body": "<a>\n\"</a>"}


def test_neither_tells_who_does_not_listen(both):
    for send in both.senders:
        assert send("<a/>", "") == (200, "")


def test_neither_takes_a_key_that_is_none(both):
    for url, key in both.hosts:
        changed = key[:-1] + ("A" if key[-1] != "A" else "B")
        for token in (changed, key[:-1], "jr1.", "", key.replace("jr1.", "jre1.")):
            assert both.ask(url, token, "GET", "/v1/host", None) == (401, ["error"]), url
