# SPDX-License-Identifier: GPL-3.0-or-later
"""What the relay in relay.py keeps, and the bodies it takes: base/relay-protocol.h as data."""

import collections
import json
import re
import secrets
import select
import threading
import time

from vendors.server import Refusal

LINK = re.compile(r"[A-Za-z0-9_-]{22}")
KEY = re.compile(r"[0-9a-f]{16}")
DIGEST = re.compile(r"[0-9a-f]{64}")
METHOD = re.compile(r"[a-z0-9-]{1,32}")
LISTEN = re.compile(r"[A-Za-z0-9_]{1,64}")
STATE = re.compile(r"[A-Za-z0-9]{22,128}")
TOKEN = re.compile(r"(jr1\.|jre1\.)([0-9a-f]{16})\.([A-Za-z0-9_-]{22,})")
KEY_PREFIX, ENROL_PREFIX = "jr1.", "jre1."

APPS = ("browser", "wecom", "wechat", "dingtalk", "computer", "mini-program")
RESULTS = ("digits", "message", "granted", "denied", "refused", "failed", "busy", "over",
           "registered")
AFTER_CALLBACK = ("digits", "message", "granted", "denied", "registered")
LAST = ("granted", "denied", "refused", "failed", "over", "registered")

BODY_MAX = 16384
EVENTS_BODY_MAX = 262144
EVENTS_MAX = 32
TARGETS_MAX = 8
URL_MAX = 2048
CALLBACK_MAX = 4096
PUSH_MAX = 4096
SECONDS_MAX = 180
WAIT_MAX_S = 30
LINKS_PER_HOST = 1000
KEYS_PER_HOST = 4
CLOCKS_S = 5                            # left to clocks that differ


class Link:
    """What the host said of one login, and what telephones did with it."""

    def __init__(self, link_id, host, body):
        self.id = link_id
        self.host = host
        self.body = body
        self.expires = int(time.time()) + body["seconds"]
        self.number = 0                 # of its last event; 0: none
        self.presses = collections.Counter()
        self.method = None              # of the last press
        self.pressed = []               # of all presses, in their order
        self.target = None              # {"method", "state", "url"}
        self.query = None               # of the one callback that was taken
        self.refused = False
        self.results = []               # what the host said came of it, the last one counts
        self.deleted = None             # monotonic time

    @property
    def user(self):
        return self.body["user"]

    @property
    def methods(self):
        return [target["method"] for target in self.body["targets"]]

    @property
    def mini_methods(self):
        """Those that a mini program confirms for."""
        return [target["method"] for target in self.body["targets"]
                if target["app"] == "mini-program"]

    def is_open(self):
        return self.deleted is None and time.time() < self.expires

    def event(self):
        event = {"link": self.id, "n": self.number, "presses": self.presses.total()}
        if self.method:
            event["method"] = self.method
        if self.query is not None:
            event["callback"] = self.query
        if self.refused:
            event["refused"] = True
        return event


class Expected(Exception):
    """A reply that says no to a request that was right when it was made."""

    def __init__(self, status):
        super().__init__()
        self.status = status


class Poll:
    """One GET /v1/events that waits; `connection` is its client's."""

    def __init__(self, connection):
        self.connection = connection
        self.superseded = False

    def is_gone(self):
        """The client has left. What is inside TLS cannot be looked at; its end can."""
        poller = select.poll()
        try:
            poller.register(self.connection.fileno(), select.POLLRDHUP)
        except ValueError:
            return True
        return bool(poller.poll(0))


class Store:
    """What relays share: hosts, keys and links."""

    def __init__(self):
        self.changed = threading.Condition(threading.RLock())
        self.instance = secrets.token_hex(8)
        self.enrolments = {}            # token's id → {"host", "sha256", "key"}
        self.keys = {}                  # key's id → {"host", "sha256"}
        self.links = {}
        self.pushes = {}
        self.forgotten = {}             # links of instances before
        self.numbers = collections.Counter()     # host → number of its last event
        self.told = collections.defaultdict(lambda: {0})   # host → every `next` it was given
        self.polls = {}                 # host → the Poll that waits
        self.states = {}                # state → id of the link it was made for

    def add_event(self, told):
        """Of a link, or a push."""
        self.numbers[told.host] += 1
        told.number = self.numbers[told.host]
        self.changed.notify_all()

    def events(self, host, after):
        if after > self.numbers[host]:
            after = 0
        pushes = [push for push in self.pushes.values() if not push.is_over]
        told = sorted((one for one in [*self.links.values(), *pushes]
                       if one.host == host and one.number > after),
                      key=lambda one: one.number)[:EVENTS_MAX]
        return told, told[-1].number if told else after


def without_doubles(pairs):
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a member is there twice")
    return dict(pairs)


def is_number(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_text(value, most, least=0):
    return isinstance(value, str) and least <= len(value.encode()) <= most


def is_token_text(value, pattern):
    return isinstance(value, str) and bool(pattern.fullmatch(value))


def is_target(value):
    return (isinstance(value, dict) and sorted(value) == ["app", "method", "title"]
            and is_token_text(value["method"], METHOD) and is_text(value["title"], 64, 1)
            and value["app"] in APPS)


def are_targets(value):
    return (isinstance(value, list) and len(value) <= TARGETS_MAX
            and all(map(is_target, value))
            and len({target["method"] for target in value}) == len(value))


# Members of bodies → what they must be. A member in brackets may be absent.
OPEN = {"user": lambda v: is_text(v, 256, 1), "service": lambda v: is_text(v, 63, 1),
        "source": lambda v: is_text(v, 63),
        "since": lambda v: is_number(v) and abs(time.time() - v) < SECONDS_MAX + CLOCKS_S,
        "seconds": lambda v: is_number(v) and 1 <= v <= SECONDS_MAX,
        "digits": lambda v: isinstance(v, bool), "targets": are_targets,
        "[listen]": lambda v: is_token_text(v, LISTEN)}
TARGET = {"method": lambda v: is_token_text(v, METHOD), "state": lambda v: is_token_text(v, STATE),
          "url": lambda v: is_text(v, URL_MAX) and v.startswith("https://")}
RESULT = {"result": lambda v: v in RESULTS,
          "[digits]": lambda v: is_token_text(v, re.compile("[0-9]{2}")),
          "[request]": lambda v: is_text(v, 16, 1)}
BIND = {"key": lambda v: is_token_text(v, KEY), "sha256": lambda v: is_token_text(v, DIGEST)}


def read_body(request, members):
    """The JSON object of a request; every member is one of `members` and as it must be."""
    where = f"{request.method} {request.path}"
    if request.content_type != "application/json":
        raise Refusal(400, "content type", f"{where}: content type is {request.content_type!r}")
    if len(request.body) > BODY_MAX:
        raise Refusal(413, "too long", f"{where}: a body of {len(request.body)} bytes")
    try:
        body = json.loads(request.body.decode(), object_pairs_hook=without_doubles)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "no JSON", f"{where}: {error}") from None
    if not isinstance(body, dict):
        raise Refusal(400, "no object", f"{where}: no JSON object")
    missing = [name for name in members if name[0] != "[" and name not in body]
    foreign = [name for name in body if name not in members and f"[{name}]" not in members]
    if missing or foreign:
        raise Refusal(400, "members", f"{where}: lacks {missing}, has {foreign}")
    for name, value in body.items():
        if not members.get(name, members.get(f"[{name}]"))(value):
            raise Refusal(400, name, f"{where}: {name} is {value!r}")
    return body


def link_id(link):
    """Of a Link, its id, or what a code holds: https://relay/q/ID."""
    return link.id if isinstance(link, Link) else link.rpartition("/")[2]
