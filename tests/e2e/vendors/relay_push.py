# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of vendors at the relay in relay.py: PUT /v1/pushes/ID, and push(), by which a test is
the vendor. Each host that listens is told by a push of its own."""

import re
import secrets

from vendors.relay_state import PUSH_MAX, Expected, is_text, read_body
from vendors.server import Refusal, Reply

APP = re.compile(r"[A-Za-z0-9_]{1,64}")
WAIT_S = 4.5                            # RELAY_PUSH_WAIT_MS

ANSWER = {"status": lambda v: v in (200, 403) and not isinstance(v, bool),
          "body": lambda v: is_text(v, PUSH_MAX) and "\0" not in v}


class Push:
    """What one host is told of one message, and what it says."""

    def __init__(self, host, app, method, query, body):
        self.id = secrets.token_urlsafe(16)
        self.host = host
        self.app, self.method, self.query, self.body = app, method, query, body
        self.number = 0                 # of its event
        self.answer = None              # {"status", "body"}
        self.is_over = False            # the vendor has its answer

    def event(self):
        return {"push": self.id, "n": self.number, "app": self.app, "method": self.method,
                "query": self.query, "body": self.body}


def verdict(pushes):
    """(status, body) by what the hosts have said so far."""
    said = [push.answer for push in pushes if push.answer]
    bodies = [answer["body"] for answer in said if answer["body"]]
    if bodies:
        return 200, bodies[0]
    return (403 if said and all(answer["status"] == 403 for answer in said) else 200), ""


class Pushes:
    """The part of a Relay that has to do with them."""

    def answer_push(self, request, host, name):
        body = read_body(request, ANSWER)
        if body["status"] == 403 and body["body"]:
            raise Refusal(400, "body", "403 with a body")
        push = self.store.pushes.get(name)
        if not push or push.host != host:
            raise Refusal(404, "no such push", f"{host} answers a push that it was not told of")
        if push.is_over:
            raise Expected(404)         # too late
        if push.answer and push.answer != body:
            self.complaints.append("another answer to the same push")
        push.answer = push.answer or body
        self.store.changed.notify_all()
        return Reply(204)

    def listeners(self, app):
        """The hosts with an open link that listens to the app."""
        links = [link for link in list(self.store.links.values()) if link.is_open()]
        return list(dict.fromkeys(link.host for link in links if link.body.get("listen") == app))

    def push(self, app, body="", query="", method="POST", timeout=WAIT_S):
        """As a vendor sends it: (status, body) of the answer."""
        assert APP.fullmatch(app)
        with self.lock:
            hosts = self.listeners(app)
            if not hosts or len(body.encode()) > PUSH_MAX or len(query) > PUSH_MAX:
                return (200 if method == "POST" else 404), ""
            pushes = [Push(host, app, method, query, body) for host in hosts]
            for push in pushes:
                self.store.pushes[push.id] = push
                self.store.add_event(push)
            self.store.changed.wait_for(
                lambda: verdict(pushes)[1] or all(push.answer for push in pushes), timeout)
            for push in pushes:
                push.is_over = True
            return verdict(pushes)

    def wait_listener(self, app, timeout=20):
        """The hosts that listen to the app, once there is one."""
        return self.wait_for(lambda: self.listeners(app), timeout, f"who listens to {app}")
