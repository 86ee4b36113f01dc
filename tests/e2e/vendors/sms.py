# SPDX-License-Identifier: GPL-3.0-or-later
"""What the SMS vendors share: the telephone (what arrived), and behaviour on demand.

A vendor is a Server that checks every request as the real one does, and

    vendor.messages          what it took: dicts of number (E.164), text, code, id, in order
    vendor.attempts          the same of every right request, taken or not
    vendor.wait_for(n)       the n-th message (1: the first), when it is there
    vendor.behave("limit", "slow")   what happens to the next sends, one each; then all is well
    vendor.deliver(id, "failed")     the state that is told for a message from now on
    vendor.keys()            the lines of its [sms ID] section but for the type
    vendor.reset()           forgets messages, behaviours, requests and complaints
    vendor.requests          (time, endpoint) of every request; vendor.complaints: what a client did
                             wrong, in words: a test that is not about that finds it empty

A behaviour is a class of answers ("refused", "config", "number", "limit", "again", "clock"), one of
the vendor's own words for an error (the keys of `words`), "ok", or a manner of MANNERS: then the
message was taken, and something happens to the answer."""

import collections
import contextlib
import os
import re
import shutil
import time

from vendors.server import Refusal, Reply, Server

CLASSES = ("refused", "config", "number", "limit", "again", "clock", "unknown")
HANG_S = 30


class SmsVendor(Server):
    """A subclass has `type`, `words`, `examples`, routes whose sending one is (…, self.send), and
    the methods below that raise NotImplementedError here."""

    type = None                         # as in [sms ID] type = …
    words = {}                          # the vendor's word for an error → its HTTP status
    examples = {}                       # class → one of the words

    def __init__(self, authority, host="sms.example.org", port=0, name="sms"):
        super().__init__(authority, host, port, name)
        self.folder = authority.folder
        self.url = f"https://{host}:{self.port}"
        self.messages = []
        self.attempts = []
        self.behaviours = collections.deque()
        self.states = {}                # message id → state, where it is not "delivered"
        self.slow_s = 2

    # --- what a vendor is ---

    def read_message(self, request):
        """Checks the request as a whole and returns the number (E.164) and the text in it; raises
        Refusal with one of the words as its error."""
        raise NotImplementedError

    def accepted(self, message):
        """The Reply that says so, with message["id"]."""
        raise NotImplementedError

    def error_reply(self, word, status, detail):
        """The Reply with the vendor's form of an error."""
        raise NotImplementedError

    def keys(self):
        """What [sms ID] says of it, but for its type."""
        raise NotImplementedError

    # --- what a test does ---

    def reset(self):
        with self.lock:
            for what in (self.messages, self.attempts, self.behaviours, self.states,
                         self.requests, self.complaints, self.faults):
                what.clear()

    def secret_file(self, name, text):
        """The path of a file with the secret that jauthd, and nobody else, may read."""
        path = os.path.join(self.folder, f"{self.type}-{self.port}-{name}")
        with open(path, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text + "\n")
        with contextlib.suppress(LookupError):
            shutil.chown(path, "jauth")
        return path

    def behave(self, *names):
        for name in names:
            assert name == "ok" or name in self.words or name in self.examples or \
                name in self.MANNERS, f"{type(self).__name__} has no behaviour {name}"
        with self.lock:
            self.behaviours.extend(names)

    def deliver(self, message_id, state):
        """delivered, failed or waiting."""
        with self.lock:
            self.states[message_id] = state

    def state_of(self, message_id):
        return self.states.get(message_id, "delivered")

    def wait_for(self, n=1, timeout=10):
        end = time.monotonic() + timeout
        while len(self.messages) < n:
            assert time.monotonic() < end, f"{len(self.messages)} of {n} messages arrived"
            time.sleep(0.02)
        return self.messages[n - 1]

    # --- sending ---

    def send(self, request):
        """The route of the sending endpoint."""
        number, text = self.read_message(request)
        name = self.behaviours.popleft() if self.behaviours else "ok"
        name = self.examples.get(name, name)
        message = {"number": number, "text": text, "code": self.code_of(text),
                   "id": self.new_id()}
        self.attempts.append(message)
        if name in self.words:
            return self.error_reply(name, self.words[name], "as the test wishes")
        self.messages.append(message)
        reply = self.accepted(message)
        reply.manner = name
        return reply

    def new_id(self):
        return f"message-{len(self.messages) + 1}"

    @staticmethod
    def code_of(text):
        """The one unbroken run of digits long enough to be a code."""
        found = re.findall(r"(?<!\d)\d{6,8}(?!\d)", text)
        return found[0] if len(found) == 1 else None

    def _answer(self, function, request):
        try:
            with self.lock:
                return function(request)
        except Refusal as refusal:
            self.complaints.append(str(refusal))
            return self.error_reply(refusal.error, refusal.status, str(refusal))

    # --- what happens to an answer ---

    def _send(self, handler, reply):
        manner = getattr(reply, "manner", "ok")
        if manner == "ok":
            super()._send(handler, reply)
        else:
            self.MANNERS[manner](self, handler, reply)

    def _slow(self, handler, reply):
        time.sleep(self.slow_s)
        super()._send(handler, reply)

    def _hang(self, handler, _reply):
        time.sleep(HANG_S)
        handler.close_connection = True

    def _lost(self, handler, _reply):
        handler.close_connection = True

    def _cut(self, handler, reply):
        handler.send_response(reply.status)
        handler.send_header("Content-Type", reply.content_type)
        handler.send_header("Content-Length", str(len(reply.body)))
        handler.end_headers()
        handler.wfile.write(reply.body[:len(reply.body) // 2])
        handler.close_connection = True

    def _huge(self, handler, _reply):
        self._fault_huge(handler)

    def _malformed(self, handler, reply):
        body = reply.body[:len(reply.body) // 2]
        super()._send(handler, Reply(reply.status, body, reply.content_type))

    def _empty(self, handler, reply):
        super()._send(handler, Reply(reply.status, b"", reply.content_type))

    def _html(self, handler, reply):
        super()._send(handler, Reply(reply.status, "<html>hello</html>", "text/html"))

    def _broken(self, handler, _reply):
        super()._send(handler, Reply(503, "<html>sorry</html>", "text/html"))

    def _redirect(self, handler, _reply):
        self._fault_redirect(handler, location=self.url + "/elsewhere")

    MANNERS = {
        "slow": _slow,                  # slow_s seconds late
        "hang": _hang,                  # never
        "lost": _lost,                  # the connection closes without an answer
        "cut": _cut,                    # it closes in the middle of the answer
        "huge": _huge,                  # megabytes
        "malformed": _malformed,        # half of it, as if it were whole
        "empty": _empty,
        "html": _html,                  # 200 and a page
        "broken": _broken,              # 503 and a page
        "redirect": _redirect,
    }
