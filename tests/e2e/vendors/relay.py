# SPDX-License-Identifier: GPL-3.0-or-later
"""jauth-relay as a host meets it: the calls below /v1 of base/relay-protocol.h, written from that
specification alone and strict about every request of jauthd. Telephones are played by the tests:
press(), wait_target(), callback(), refuse(), wait_result(). The lies are in relay_hostile.py."""

import contextlib
import hashlib
import re
import secrets
import socket
import threading
import time
import urllib.parse

from vendors.relay_push import Pushes
from vendors.relay_state import (AFTER_CALLBACK, BIND, CALLBACK_MAX, CLOCKS_S, ENROL_PREFIX,
                                 KEY_PREFIX, KEYS_PER_HOST, LAST, LINK, LINKS_PER_HOST, OPEN,
                                 RESULT, TARGET, TOKEN, WAIT_MAX_S, Expected, Link, Poll, Store,
                                 link_id, read_body)
from vendors.server import Refusal, Reply, Server, json_reply, parse_parameters


class Relay(Pushes, Server):
    """`store`: another relay's, for several that share one."""

    def __init__(self, authority, host="relay.example.org", port=0, name="relay", store=None):
        super().__init__(authority, host, port, name=name)
        self.url = f"https://{host}:{self.port}"
        self.context = authority.server_context(name, [host, "localhost", "127.0.0.1"])
        self.connections = set()
        self.store = store or Store()
        self.lock = self.store.changed
        self.client = threading.local()
        self.not_before = 0.0           # a poll before this monotonic time ignores Retry-After
        self.routes = {
            ("POST", "/v1/enrol"): ("enrol", self.enrol),
            ("POST", "/v1/keys"): ("keys", self.add_key),
            ("GET", "/v1/host"): ("host", self.tell_host),
            ("GET", "/v1/events"): ("events", self.events),
        }
        # Paths that end in a name → endpoint, function of a Request, a host and the name.
        self.patterns = [
            ("PUT", re.compile(r"/v1/links/([^/]+)"), "open", self.open_link),
            ("DELETE", re.compile(r"/v1/links/([^/]+)"), "delete", self.delete_link),
            ("PUT", re.compile(r"/v1/links/([^/]+)/target"), "target", self.set_target),
            ("PUT", re.compile(r"/v1/links/([^/]+)/result"), "result", self.set_result),
            ("PUT", re.compile(r"/v1/pushes/([^/]+)"), "push", self.answer_push),
            ("DELETE", re.compile(r"/v1/keys/([^/]+)"), "keys", self.delete_key),
        ]

    def serve(self, handler):
        self.client.connection = handler.connection
        self.connections.add(handler.connection)
        super().serve(handler)

    def route(self, request):
        for method, pattern, endpoint, function in self.patterns:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                return endpoint, lambda request: function(request, self.host_of(request), match[1])
        return super().route(request)

    def _answer(self, function, request):
        try:
            return super()._answer(function, request)
        except Expected as expected:
            return json_reply({"error": "no longer"}, expected.status)

    # --- what a sysadmin of the relay does ---

    def enrolment(self, host):
        """A token for one host to enrol with."""
        token_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        self.store.enrolments[token_id] = {"host": host, "sha256": sha256(secret), "key": None,
                                           "revoked": False}
        return f"{ENROL_PREFIX}{token_id}.{secret}"

    def key(self, host):
        """A key of a host, as if it had enrolled."""
        key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        self.store.keys[key_id] = {"host": host, "sha256": sha256(secret), "revoked": False}
        return f"{KEY_PREFIX}{key_id}.{secret}"

    def revoke(self, host):
        with self.lock:
            for row in self.store.keys.values():
                row["revoked"] = row["revoked"] or row["host"] == host
            self.store.changed.notify_all()

    def restart(self):
        """As a relay in memory does: the links are forgotten, the numbers begin again."""
        with self.lock:
            self.store.forgotten.update(self.store.links)
            self.store.links.clear()
            self.store.pushes.clear()
            self.store.numbers.clear()
            self.store.instance = secrets.token_hex(8)
            self._end_polls()

    def down(self):
        """Killed: connections end, new ones are refused."""
        self.http.shutdown()
        self.http.server_close()
        connections, self.connections = self.connections, set()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def up(self):
        """Back on the same port, with what the store holds."""
        self.http = self._listener(self.port)
        self.http.socket = self.context.wrap_socket(self.http.socket, server_side=True,
                                                    do_handshake_on_connect=False)
        self._serve_in_thread(self.http)

    def _end_polls(self):
        for poll in self.store.polls.values():
            poll.superseded = True
        self.store.changed.notify_all()

    # --- who asks ---

    def _token(self, request, prefix, rows):
        """(id, row) of the token in a request."""
        kind, _, token = request.header("Authorization").partition(" ")
        match = TOKEN.fullmatch(token)
        row = rows.get(match[2]) if kind == "Bearer" and match and match[1] == prefix else None
        if not row or not secrets.compare_digest(row["sha256"], sha256(match[3])):
            raise Refusal(401, "no such key", f"{request.method} {request.path}: no such key")
        if row["revoked"]:
            raise Expected(401)
        return match[2], row

    def host_of(self, request):
        if request.query and request.path != "/v1/events":
            self.complaints.append(f"{request.path} has a query")
        return self._token(request, KEY_PREFIX, self.store.keys)[1]["host"]

    def enrol(self, request):
        _, row = self._token(request, ENROL_PREFIX, self.store.enrolments)
        body = read_body(request, BIND)
        if row["key"] not in (None, body["key"]):
            raise Refusal(401, "used", "an enrolment was used for a second key")
        row["key"] = body["key"]
        self._bind(body, row["host"])
        return json_reply({"host": row["host"]})

    def add_key(self, request):
        host = self.host_of(request)
        body = read_body(request, BIND)
        mine = [row for row in self.store.keys.values()
                if row["host"] == host and not row["revoked"]]
        if body["key"] not in self.store.keys and len(mine) >= KEYS_PER_HOST:
            raise Refusal(429, "too many keys", f"{host} adds more than {KEYS_PER_HOST} keys")
        self._bind(body, host)
        return json_reply({"host": host})

    def _bind(self, body, host):
        row = {"host": host, "sha256": body["sha256"], "revoked": False}
        if self.store.keys.setdefault(body["key"], row) != row:
            raise Refusal(401, "another key", "a key's id was used for another key")

    def delete_key(self, request, host, key):
        mine, _ = self._token(request, KEY_PREFIX, self.store.keys)
        row = self.store.keys.get(key)
        if not row or row["host"] != host:
            raise Refusal(404, "no such key", f"key {key} is none of {host}")
        if key == mine:
            raise Refusal(409, "in use", "the key in use was to be deleted")
        row["revoked"] = True
        return Reply(204)

    def tell_host(self, request):
        key, row = self._token(request, KEY_PREFIX, self.store.keys)
        return json_reply({"host": row["host"], "key": key, "instance": self.store.instance})

    # --- links ---

    def open_link(self, request, host, name):
        body = read_body(request, OPEN)
        if not body["targets"] and "listen" not in body:
            raise Refusal(400, "targets", "a link without targets that listens to nothing")
        if not LINK.fullmatch(name):
            raise Refusal(404, "id", f"a link's id is {name!r}")
        link = self.store.links.get(name)
        before = link or self.store.forgotten.get(name)
        if before and before.host != host:
            raise Refusal(409, "another host's", f"{host} opens a link of {before.host}")
        if before and before.deleted is not None:
            raise Refusal(410, "over", "a link was opened again after its end")
        if before and {**before.body, "seconds": 0} != {**body, "seconds": 0}:
            self.complaints.append("a link was opened again with another body")
        if link and not link.is_open():
            return json_reply({"error": "over"}, 410)
        if not link:
            if len([1 for other in self.open_links() if other.host == host]) >= LINKS_PER_HOST:
                return json_reply({"error": "too many links"}, 429, Retry_After="1")
            link = self.store.links[name] = Link(name, host, body)
            self.store.changed.notify_all()
        return json_reply({"expires": link.expires})

    def _own(self, host, name, what):
        """The link, if it is this host's and not over."""
        link = self.store.links.get(name)
        if not link or link.host != host:
            if name in self.store.forgotten:
                # The host has not heard yet that this is another instance.
                raise Expected(404)
            raise Refusal(404, "no such link", f"{what} of a link that {host} does not have")
        if link.deleted is not None:
            raise Refusal(410, "over", f"{what} of a link after its end")
        if time.time() > link.expires + CLOCKS_S:
            raise Refusal(410, "over", f"{what} of a link long after its time")
        if not link.is_open():
            raise Expected(410)
        return link

    def set_target(self, request, host, name):
        body = read_body(request, TARGET)
        link = self._own(host, name, "target")
        if body["method"] not in link.methods:
            raise Refusal(400, "method", f"a target for {body['method']}, not of this link")
        if not link.presses[body["method"]]:
            self.complaints.append(f"a target for {body['method']}, whose button nobody pressed")
        if self.store.states.setdefault(body["state"], (name, body["url"])) != (name, body["url"]):
            self.complaints.append("a state was used for two targets")
        parts = urllib.parse.urlsplit(body["url"])
        is_own = body["url"].startswith(f"{self.url}/d/{name}#")
        parameters = parse_parameters(parts.fragment if is_own else parts.query)
        if parameters.get("state") != body["state"]:
            self.complaints.append("a target's url does not carry its state")
        link.target = body
        self.store.changed.notify_all()
        return Reply(204)

    def set_result(self, request, host, name):
        body = read_body(request, RESULT)
        if ("digits" in body) != (body["result"] == "digits"):
            raise Refusal(400, "digits", f"digits with the result {body['result']}, or none")
        link = self._own(host, name, "result")
        if body["result"] in AFTER_CALLBACK and link.query is None and "listen" not in link.body:
            self.complaints.append(f"{body['result']} before any callback")
        before = link.results[-1] if link.results else None
        if before and before["result"] in LAST and before != body:
            self.complaints.append(f"{body['result']} after {before['result']}")
        if before and before["result"] == "digits" == body["result"] and before != body:
            self.complaints.append("other digits for the same link")
        link.results.append(body)
        self.store.changed.notify_all()
        return Reply(204)

    def delete_link(self, request, host, name):
        if request.body:
            self.complaints.append("DELETE with a body")
        link = self.store.links.get(name) or self.store.forgotten.get(name)
        if link and link.host == host and link.deleted is None:
            link.deleted = time.monotonic()
            self.store.changed.notify_all()
        return Reply(204)

    # --- the stream ---

    def events(self, request):
        host = self.host_of(request)
        after, wait = self._poll_numbers(request, host)
        poll = self._begin_poll(host)
        end = time.monotonic() + wait
        while True:
            links, number = self.store.events(host, after)
            left = end - time.monotonic()
            if links or left <= 0 or poll.superseded or poll.is_gone():
                break
            self.store.changed.wait(min(left, 0.1))
        if self.store.polls.get(host) is poll:
            del self.store.polls[host]
        self.host_of(request)           # the key may have been revoked meanwhile
        return self.events_reply(host, [self.event_of(link) for link in links], number)

    def event_of(self, link):
        return link.event()

    def events_reply(self, host, events, number):
        self.store.told[host].add(number)
        return json_reply({"instance": self.store.instance, "next": number, "events": events})

    def _poll_numbers(self, request, host):
        query = request.query
        if sorted(query) != ["after", "wait"] or not all(
                re.fullmatch("[0-9]{1,19}", str(query[name])) for name in query):
            raise Refusal(400, "query", f"events with {request.target!r}")
        after, wait = int(query["after"]), int(query["wait"])
        if wait > WAIT_MAX_S:
            raise Refusal(400, "wait", f"a poll that waits {wait} s")
        if after not in self.store.told[host]:
            self.complaints.append(f"events after {after}, which was never told")
        if time.monotonic() < self.not_before:
            self.complaints.append("a poll before the time that Retry-After says")
        return after, wait

    def _begin_poll(self, host):
        """Ends the poll that waits; two at a time are wrong unless the other's client left."""
        other = self.store.polls.get(host)
        if other:
            end = time.monotonic() + 0.3
            while not other.is_gone() and not other.superseded and time.monotonic() < end:
                self.store.changed.wait(0.02)
            if not other.is_gone() and self.store.polls.get(host) is other:
                self.complaints.append("two polls at a time")
            other.superseded = True
            self.store.changed.notify_all()
        poll = self.store.polls[host] = Poll(self.client.connection)
        return poll

    # --- what telephones do ---

    def find(self, link):
        name = link_id(link)
        return self.store.links.get(name) or self.store.forgotten[name]

    def open_links(self, user=None):
        """The oldest first."""
        return [link for link in list(self.store.links.values())
                if link.is_open() and user in (None, link.user)]

    def wait_link(self, user=None, timeout=20):
        return self.wait_for(lambda: (self.open_links(user) or [None])[-1], timeout, "a link")

    def press(self, link, method=None):
        """The button; the first method's when none is said. False: the page shows none now."""
        with self.lock:
            link = self.find(link)
            if not link.is_open() or link.refused or link.query is not None:
                return False
            link.method = method or link.methods[0]
            assert link.method in link.methods
            link.presses[link.method] += 1
            link.pressed.append(link.method)
            self.store.add_event(link)
            return True

    def wait_target(self, link, timeout=20):
        """Where the button last pressed leads: {"method", "state", "url"}."""
        def target():
            now = self.find(link)
            return now.target if now.target and now.target["method"] == now.method else None
        return self.wait_for(target, timeout, "a target")

    def callback(self, link, query):
        """The browser that pressed comes back with this query. False: it is not taken."""
        with self.lock:
            link = self.find(link)
            state = parse_parameters(query).get("state")
            if (not link.is_open() or link.refused or link.query is not None or not link.target
                    or link.target["method"] in link.mini_methods or state != link.target["state"] or len(query) > CALLBACK_MAX):
                return False
            link.query = query
            self.store.add_event(link)
            return True

    def confirm(self, link, js_code):
        """A mini program presses and completes in one. False: somebody was earlier, or it is over,
        or there is nothing to confirm for."""
        with self.lock:
            link = self.find(link)
            methods = link.mini_methods
            if not link.is_open() or link.refused or link.query is not None or not methods:
                return False
            # For the button that was pressed last, or the first of a mini program.
            if link.method not in methods:
                link.method = ([one for one in link.pressed if one in methods] or methods[:1])[-1]
            link.presses[link.method] += 1
            link.query = f"code={js_code}"
            self.store.add_event(link)
            return True

    def refuse(self, link):
        """"This wasn't me". False: the page shows that no more."""
        with self.lock:
            link = self.find(link)
            if not link.is_open() or link.refused:
                return False
            link.refused = True
            self.store.add_event(link)
            return True

    def result(self, link):
        """What the host said last, {"result", …}, or None."""
        results = self.find(link).results
        return results[-1] if results else None

    def wait_result(self, link, *words, timeout=20):
        """The result once it is one of these words, any when none is said."""
        def result():
            now = self.result(link)
            return now if now and (not words or now["result"] in words) else None
        return self.wait_for(result, timeout, f"a result of {words or 'any kind'}")

    def wait_deleted(self, link, timeout=20):
        return self.wait_for(lambda: self.find(link).deleted is not None, timeout, "DELETE")

    def wait_for(self, condition, timeout, what):
        with self.lock:
            value = self.store.changed.wait_for(condition, timeout)
        if not value:
            raise TimeoutError(f"{what} did not come in {timeout} s")
        return value

    def all_complaints(self, timeout=3):
        """Everything that was wrong. The logins are over: their links must be deleted by now."""
        every = {**self.store.forgotten, **self.store.links}.values()
        with self.lock:
            self.store.changed.wait_for(
                lambda: not any(link.is_open() for link in every), timeout)
        left = [f"no DELETE for the link of {link.user}" for link in every if link.is_open()]
        return self.complaints + left

    def reset(self):
        """Back to good behaviour, with no links; keys stay."""
        with self.lock:
            self.clear_faults()
            self.complaints.clear()
            self.store.forgotten.clear()
            self.store.links.clear()
            self.store.pushes.clear()
            self.not_before = 0.0


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()
