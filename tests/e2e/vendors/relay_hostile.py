# SPDX-License-Identifier: GPL-3.0-or-later
"""A relay that lies. What one link's events say is changed by steal(), swap(), invent_callback(),
inject() and decorate(); the whole stream by misbehave(), one of STREAMS; the transport by the
faults of vendors/server.py and those below."""

import itertools
import json
import secrets
import ssl
import time

from vendors.relay import Relay
from vendors.relay_state import EVENTS_BODY_MAX, EVENTS_MAX, Poll, link_id
from vendors.server import Reply, json_reply, parse_parameters

FOR_EVER = 10 ** 9
ENDPOINTS = ("enrol", "keys", "host", "events", "open", "delete", "target", "result")

# Bodies of GET /v1/events that are against the specification; %s is the instance.
GARBAGE = [
    b"", b"null", b"[]", b'"text"', b"{", b"<html>sorry</html>", b"\x00" * 100, b"\xff\xfe{}",
    b'{"instance": "%s", "next": 1, "events": []} and more', b'{"instance": "%s", "next": 1}',
    b'{"instance": "%s", "events": []}', b'{"next": 1, "events": []}',
    b'{"instance": 7, "next": 1, "events": []}', b'{"instance": null, "next": 1, "events": []}',
    b'{"instance": "", "next": 1, "events": []}',
    b'{"instance": "' + b"i" * 5000 + b'", "next": 1, "events": []}',
    b'{"instance": "%s", "next": "1", "events": []}',
    b'{"instance": "%s", "next": 1.5, "events": []}',
    b'{"instance": "%s", "next": -1, "events": []}',
    b'{"instance": "%s", "next": 18446744073709551617, "events": []}',
    b'{"instance": "%s", "next": 1e308, "events": []}',
    b'{"instance": "%s", "next": 1, "next": 2, "events": []}',
    b'{"instance": "%s", "next": 1, "events": {}}',
    b'{"instance": "%s", "next": 1, "events": [null, 7, "x", [], true]}',
    b'{"instance": "%s", "next": 1, "events": [{}]}',
    b'{"instance": "%s", "next": 1, "events": [{"link": 7, "n": 1, "presses": 1}]}',
    b'{"instance": "%s", "next": 1, "events": [{"link": "", "n": 1, "presses": 1}]}',
    b'{"instance": "%s", "next": 1, "events": ' + b"[" * 10000 + b"]" * 10000 + b"}",
    b'{"instance": "%s", "next": 1, "events": [' + b"{}," * 5000 + b"{}]}",
]

# Members that one event of an open link is given in place of the right ones; None takes it away.
WRONG_EVENTS = [
    {"n": None}, {"n": "1"}, {"n": -1}, {"n": 2 ** 63}, {"n": 2 ** 64}, {"n": 1.5},
    {"presses": None}, {"presses": "many"}, {"presses": -1}, {"presses": 0},
    {"presses": 2 ** 31}, {"presses": 2 ** 63}, {"presses": 10 ** 30},
    {"method": None}, {"method": ""}, {"method": 7}, {"method": "nobody"}, {"method": "a" * 4096},
    {"method": "../x"}, {"method": "password"},
    {"callback": ""}, {"callback": 7}, {"callback": "code=%zz&state=x"},
    {"callback": "code=a\u0000b"}, {"callback": "?code=a&state=b"},
    {"callback": "code=" + "c" * 5000}, {"callback": "&" * 4096},
    {"callback": "code=1&code=2&state=x"}, {"callback": "code=\u001b[2J&state=\u202e"},
    {"refused": "yes"}, {"refused": 1}, {"refused": None},
    {"link": None}, {"link": "x"}, {"link": "a" * 5000}, {"link": "\u0000" * 22},
]


def unknown_event(number):
    return {"link": secrets.token_urlsafe(16), "n": number, "presses": 1, "method": "work",
            "callback": "code=invented&state=" + secrets.token_hex(16)}


def unknown_push(number):
    """That nobody listens to, and that no vendor sent."""
    return {"push": secrets.token_urlsafe(16), "n": number, "app": "gh_0123456789ab",
            "method": "POST", "query": "signature=invented", "body": "<xml>\n" + "x" * 2000}


class HostileRelay(Relay):
    def __init__(self, authority, **options):
        super().__init__(authority, **options)
        self.rewrites = {}              # id of a link → function of its event: another, or None
        self.members = {}               # added to every event
        self.injected = []              # events, as they are, for the next poll
        self.stream = None              # row of STREAMS, and what it is told
        self.counter = itertools.count(1)
        self.n_replies = 0              # of misbehaving streams

    def honest(self):
        """Tells the truth from now on."""
        with self.lock:
            self.clear_faults()
            self.rewrites.clear()
            self.members.clear()
            self.injected.clear()
            self.stream = None
            self._end_polls()

    def reset(self):
        self.honest()
        super().reset()

    # --- lies about links ---

    def event_of(self, link):
        rewrite = self.rewrites.get(link.id)
        event = link.event()
        if rewrite:
            event = rewrite(event)
        return {**event, **self.members}

    def decorate(self, **members):
        """Adds members to every event: results, identities, whatever a host might believe."""
        self.members.update(members)

    def rewrite(self, link, **members):
        """The link's events carry these members instead; None takes one away."""
        def change(event):
            return {name: value for name, value in {**event, **members}.items()
                    if value is not None}
        self.rewrites[link_id(link)] = change
        self.tell_again(link)

    def tell_again(self, link):
        """The link's state under a new number."""
        with self.lock:
            self.store.add_event(self.find(link))

    def withhold(self, link):
        """The host never hears of this link's callback."""
        self.rewrites[link_id(link)] = lambda event: {
            name: value for name, value in event.items() if name != "callback"}

    def code_of(self, link):
        return parse_parameters(self.find(link).query)["code"]

    def invent_callback(self, link, query=None, **parameters):
        """A callback that no browser brought; with the right state when no query is given."""
        with self.lock:
            link = self.find(link)
            if query is None:
                state = link.target["state"] if link.target else "invented"
                pairs = {"code": "invented", "state": state, **parameters}
                query = "&".join(f"{name}={value}" for name, value in pairs.items())
            link.query = query
            self.store.add_event(link)

    def steal(self, giver, taker, **parameters):
        """The code that came back to `giver` goes to `taker`, whose button nobody need have
        pressed; the giver's host never hears of it. Other parameters of the callback as given."""
        self.withhold(giver)
        if not self.find(taker).presses:
            self.press(taker, self.find(giver).method)
            self.wait_target(taker)
        self.invent_callback(taker, code=self.code_of(giver), **parameters)

    def swap(self, first, second):
        """Each of two links whose callbacks came gets the other's code under its own state.
        Both must be withheld before; see withhold()."""
        for link, other in ((first, second), (second, first)):
            query = self.find(link).query.replace(self.code_of(link), self.code_of(other))
            self.rewrite(link, callback=query)

    def inject(self, *events):
        """These events, whatever they are, to the next poll of any host."""
        with self.lock:
            self.injected += events
            self._end_polls()

    # --- lies of the whole stream ---

    def misbehave(self, kind, **details):
        """Every poll from now on is answered by this row of STREAMS; None: honestly."""
        with self.lock:
            self.stream = (STREAMS[kind], details) if kind else None
            self._end_polls()

    def events(self, request):
        if not self.stream and not self.injected:
            return super().events(request)
        host = self.host_of(request)
        after, _ = self._poll_numbers(request, host)
        if self.injected:
            events, self.injected = self.injected, []
            return self.stream_reply(host, events, self.store.numbers[host])
        self.n_replies += 1
        function, details = self.stream
        return function(self, host, after, **details)

    def _poll_numbers(self, request, host):
        """Whatever number we made up may be asked for again."""
        if self.stream:
            self.store.told[host].add(int(request.query.get("after", 0)))
        return super()._poll_numbers(request, host)

    def stream_reply(self, host, events, number, instance=None):
        self.store.told[host].add(number)
        return json_reply({"instance": instance or self.store.instance, "next": number,
                           "events": events})

    def stream_unknown(self, host, after, count=EVENTS_MAX):
        """Events of links that nobody opened, at once and for ever."""
        return self.stream_reply(host, [unknown_event(after + i + 1) for i in range(count)],
                                 after + count)

    def stream_repeated(self, host, after, count=1000):
        """The present state of the host's links again and again."""
        links = [link for link in self.open_links() if link.host == host]
        events = [self.event_of(link) for link in links]
        return self.stream_reply(host, list(itertools.islice(itertools.cycle(events), count))
                                 if events else [], after + count)

    def stream_full(self, host, after, size=EVENTS_BODY_MAX):
        """A body of exactly `size` bytes."""
        event = unknown_event(after + 1)
        body = {"instance": self.store.instance, "next": after + 1, "events": [event]}
        event["padding"] = ""
        event["padding"] = "x" * (size - len(json.dumps(body)))
        return json_reply(body)

    def stream_pushes(self, host, after):
        """Messages of a vendor that nobody sent, at once and for ever; each is answered."""
        events = [unknown_push(after + i + 1) for i in range(EVENTS_MAX)]
        return self.stream_reply(host, events, after + EVENTS_MAX)

    def stream_pushed_again(self, host, after):
        """One message, again and again."""
        event = {**unknown_push(after + 1), "push": "A" * 22}
        return self.stream_reply(host, [event] * EVENTS_MAX, after + 1)

    def stream_endless(self, host, after, step=1):
        """Nothing happened, and the number is another one; at once."""
        return self.stream_reply(host, [], max(0, after + step))

    def stream_empty(self, host, after):
        """Nothing happened; at once."""
        return self.stream_reply(host, [], after)

    def stream_backwards(self, host, after):
        return self.stream_reply(host, [unknown_event(max(0, after - 1))], max(0, after - 1))

    def stream_far(self, host, after, number=2 ** 63 - 1):
        return self.stream_reply(host, [unknown_event(number)], number)

    def stream_instances(self, host, after):
        """Restarted since the last poll, every time."""
        return self.stream_reply(host, [], after, secrets.token_hex(8))

    def stream_garbage(self, _host, _after, bodies=tuple(GARBAGE)):
        body = bodies[next(self.counter) % len(bodies)]
        return Reply(200, body.replace(b"%s", self.store.instance.encode()))

    def stream_wrong(self, host, after):
        """The right state of every open link but for one member."""
        wrong = WRONG_EVENTS[next(self.counter) % len(WRONG_EVENTS)]
        events = [{name: value for name, value in {**self.event_of(link), **wrong}.items()
                   if value is not None} for link in self.open_links() if link.host == host]
        return self.stream_reply(host, events, after + 1)

    def stream_replay(self, host, after):
        """The first thing a telephone ever did with each link, for ever."""
        events = [{"link": link.id, "n": after + i + 1, "presses": 1, "method": link.methods[0]}
                  for i, link in enumerate(self.open_links()) if link.host == host]
        return self.stream_reply(host, events, after + len(events))

    def stream_presses(self, host, after):
        """Every button of every link is pressed, again and again."""
        count = next(self.counter)
        events = [{"link": link.id, "n": after + i + 1, "presses": count,
                   "method": link.methods[count % len(link.methods)]}
                  for i, link in enumerate(self.open_links()) if link.host == host]
        return self.stream_reply(host, events, after + len(events) + 1)

    # --- faults of transport, beside those of every server ---

    def fault_everywhere(self, kind, endpoints=ENDPOINTS, times=FOR_EVER, **details):
        for endpoint in endpoints:
            self.fault(endpoint, kind, times, **details)

    def _send_fault(self, handler, fault):
        kinds = {"error": self._fault_error, "drip": self._fault_drip, "hang": self._fault_hang,
                 "lost": self._fault_lost, "headers": self._fault_headers}
        if fault.kind not in kinds:
            return super()._send_fault(handler, fault)
        try:
            return kinds[fault.kind](handler, **fault.details)
        except (OSError, ssl.SSLError):
            handler.close_connection = True
            return True                 # the client has hung up, as it should

    def _fault_error(self, handler, status=503, retry_after=None, text="no"):
        """An error as the specification has it."""
        headers = {}
        if retry_after is not None:
            headers["Retry_After"] = str(retry_after)
            self.not_before = time.monotonic() + retry_after - 0.2
        self._send(handler, json_reply({"error": text}, status, **headers))
        return True

    def _fault_drip(self, handler, pause=0.2, size=100000):
        """A byte at a time."""
        handler.close_connection = True
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(size))
        handler.end_headers()
        for _ in range(size):
            handler.wfile.write(b" ")
            time.sleep(pause)
        return True

    def _fault_headers(self, handler, count=100000):
        """Headers without an end."""
        handler.close_connection = True
        handler.send_response(200)
        for number in range(count):
            handler.send_header(f"X-{number}", "x" * 1000)
            if number % 50 == 0:
                handler.flush_headers()
        handler.end_headers()
        return True

    def _fault_hang(self, handler, seconds=FOR_EVER):
        """No reply while the client stays."""
        poll = Poll(handler.connection)
        end = time.monotonic() + seconds
        while not poll.is_gone() and time.monotonic() < end:
            time.sleep(0.05)
        handler.close_connection = True
        return True

    def _fault_lost(self, handler):
        """Done, but the reply never arrives."""
        handler.jauth_lost = True
        return False

    def _send(self, handler, reply):
        if getattr(handler, "jauth_lost", False):
            handler.jauth_lost = False
            handler.close_connection = True
            return
        super()._send(handler, reply)


STREAMS = {name.removeprefix("stream_"): function for name, function in vars(HostileRelay).items()
           if name.startswith("stream_") and name != "stream_reply"}