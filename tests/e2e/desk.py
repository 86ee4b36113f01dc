# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands beside the relay's pages in a browser: the host whose links they are, and a hostile
site."""

import threading

from relay import state_word
from vendors.server import Reply, Server

PAGE = "<!DOCTYPE html><html><body><h1>{head}</h1>{body}</body></html>"


def page(head, body=""):
    return Reply(200, PAGE.format(head=head, body=body), "text/html; charset=utf-8")


class Evil(Server):
    """Another site, which serves whatever page a test gives it."""

    def __init__(self, authority):
        super().__init__(authority, "evil.example.net", name="page-evil")
        self.routes = {("GET", "/"): ("page", lambda request: page("Evil", self.body))}
        self.body = ""

    @property
    def url(self):
        return f"https://evil.example.net:{self.port}/"


class Desk:
    """What jauthd does: answers presses and callbacks of one host."""

    def __init__(self, host, targets):
        self.host, self.targets = host, targets
        self.links, self.callbacks = {}, {}
        self.digits, self.result = "47", "digits"
        self.is_open = True
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def address(self, link, method, state):
        """Where this button leads."""
        raise NotImplementedError

    def open(self, **fields):
        link = self.host.open(targets=fields.pop("targets", self.targets), **fields)
        assert link.opened.status == 200
        self.links[link.id] = link
        return link

    def url(self, link):
        return f"{self.host.relay.url}/q/{link.id}"

    def _work(self):
        while self.is_open:
            for event in self.host.events(wait=2):
                link = self.links.get(event["link"])
                if link and "callback" in event:
                    self.callbacks[link.id] = event["callback"]
                    more = {"digits": self.digits} if self.result == "digits" else {}
                    link.set_result(self.result, **more)
                elif link and event.get("method"):
                    method, state = event["method"], state_word()
                    link.set_target(method, self.address(link, method, state), state)

    def close(self):
        self.is_open = False
        self.thread.join()
