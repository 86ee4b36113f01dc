#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of the fleet, see fleet.py: bus, jauthd and jauth-http of its own, people at its terminals
and their telephones. Orders come as lines of JSON, {"order": name of a method, …}, and each is
answered by one line, {"done": …} or {"error": …}."""

import contextlib
import hashlib
import json
import os
import pathlib
import random
import re
import secrets
import sys
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from bus import Bus  # noqa: E402
from house import House  # noqa: E402
from people import expect_shell  # noqa: E402
from handset import Phone  # noqa: E402
from service import run  # noqa: E402

# Folders that every host has for itself: (path, mode, owner).
OWN = [("/run/dbus", "755", "root:root"), ("/run/jauth-http", "2750", "jauth-http:jauth"),
       ("/var/lib/jauth", "700", "jauth:jauth"), ("/etc/jauth", "755", "root:root"),
       ("/run/house/work", "755", "root:root")]
KEY_PATH = pathlib.Path("/etc/jauth/relay.key")
LINK = re.compile(r"https://[^\s/]+/q/[A-Za-z0-9_-]{22}")
TWO_DIGITS = re.compile(r"\d\d")
DIGITS_PROMPT = r"two digits[^\n]*: "
GRANTED = re.compile(r'audit: .*kind="login" user="([^"]*)" service="sshd" .*outcome="granted"')
STEP_S = 90
THINK_S = 3                             # at most, before each thing that people do


class Person:
    """Somebody at a terminal who wants to be `user`, and a telephone."""

    def __init__(self, host, user, kind):
        self.host = host
        self.user = user
        self.kind = kind
        self.phone = host.phone()
        self.login = None
        self.outcome = None
        self.detail = ""
        self.took = 0.0

    def run(self):
        start = time.monotonic()
        try:
            if self.kind == "by_ssh":
                self.by_ssh()
            else:
                self.on_the_socket()
        except Exception:               # pylint: disable=broad-except
            self.outcome = "error"
            self.detail = traceback.format_exc()[-1500:]
        self.took = time.monotonic() - start

    def on_the_socket(self):
        with Bus() as bus:
            self.login = bus.begin(self.user, rhost=self.host.source(self.user))
        with self.login:
            KINDS[self.kind](self)

    # --- what people do ---

    @staticmethod
    def think():
        time.sleep(random.uniform(0, THINK_S))

    def scan(self):
        """The link in the code on the screen."""
        while True:
            step = self.login.next_ask(STEP_S)
            found = LINK.search(step.text())
            if found:
                return found.group()
            self.login.answer("y")

    def open_page(self):
        return self.open_link(self.scan())

    def open_link(self, link):
        self.think()
        page = self.phone.open(link)
        assert page.status == 200, (page.status, page.text)
        assert self.user in page.text and self.host.name in page.text, page.text
        return page

    def approve(self, page, person):
        """Presses, says yes at the provider as `person`, and comes back; the page then."""
        self.think()
        return self.approve_at(self.phone.press(page, name="method"), person)

    def approve_at(self, page, person):
        """The provider asks; what the telephone shows when it is back."""
        page = self.phone.follow(page)
        assert page.url.startswith(self.host.issuer), (page.status, page.url, page.text)
        self.think()
        return self.phone.settle(self.phone.press(page, "approve", sub=person))

    def type(self, digits):
        self.think()
        self.login.answer(digits)

    def end(self):
        self.outcome = self.login.outcome(STEP_S)

    def right(self):
        page = self.approve(self.open_page(), self.host.subject(self.user))
        self.type(digits_on(page))
        self.end()

    def wrong_person(self):
        page = self.approve(self.open_page(), "somebody-else")
        assert not has_digits(page), page.text
        self.end()

    def wrong_digits(self):
        page = self.approve(self.open_page(), self.host.subject(self.user))
        right = int(digits_on(page))
        self.type(f"{(right + random.randint(1, 99)) % 100:02d}")
        self.end()

    def two_phones(self):
        """Another telephone presses too and goes no further."""
        page = self.open_page()
        other = self.host.phone()
        other.press(other.open(page.url), name="method")
        page = self.approve(self.phone.open(page.url), self.host.subject(self.user))
        self.type(digits_on(page))
        self.end()

    def refuses(self):
        """This was not me."""
        self.phone.press(self.open_page(), name="refuse")
        self.end()

    def leaves(self):
        """Closes the terminal while the telephone is at the provider; then comes back there."""
        page = self.open_page()
        page = self.phone.press(page, name="method")
        self.login.close()
        page = self.approve_at(page, self.host.subject(self.user))
        assert not has_digits(page), page.text
        self.outcome = "left"

    def forgets(self):
        """Looks at the page and goes no further; ends the login at last."""
        self.open_page()
        self.type("q")
        self.end()

    def by_ssh(self):
        """On a terminal of sshd: the code is read off the screen, and a shell answers."""
        with self.host.house.sshd().login(self.user) as ssh:
            ssh.wait_for(DIGITS_PROMPT, STEP_S)
            link = ssh.read_qr()
            assert link, "no code can be read from this screen:\n" + ssh.text()
            page = self.approve(self.open_link(link), self.host.subject(self.user))
            self.think()
            ssh.send_line(digits_on(page))
            expect_shell(ssh, self.user)
        self.outcome = "granted"


def has_digits(page):
    return "digits" in page.classes


def digits_on(page):
    text = "".join(page.classes.get("digits", "").split())
    assert TWO_DIGITS.fullmatch(text), f"no digits on the page: {page.status} {page.text}"
    return text


KINDS = {name: function for name, function in vars(Person).items()
         if name in ("right", "wrong_person", "wrong_digits", "two_phones", "refuses", "leaves",
                     "forgets")}


class FleetHost:
    def __init__(self, name):
        self.name = name
        self.relays = {}
        self.ca_path = None
        self.issuer = None
        self.house = None
        self._take_over()

    def _take_over(self):
        for path, mode, owner in OWN:
            os.makedirs(path, exist_ok=True)
            run(["mount", "-t", "tmpfs", "tmpfs", path])
            run(["chmod", mode, path])
            run(["chown", owner, path])
        run(["hostname", self.name])

    def stop(self):
        if self.house:
            self.house.stop()

    def phone(self):
        return Phone(self.ca_path, self.relays)

    @staticmethod
    def subject(user):
        return "sub-of-" + user

    def source(self, user):
        return f"192.0.2.{1 + sum(user.encode()) % 250}"

    # --- orders ---

    def start(self, ca_path, relays, names, config, invitation, users, issuer):
        """Everything runs, the host is enrolled, and the users are linked. `relays`: name of the
        relays → their addresses; `names`: lines of /etc/hosts."""
        own_hosts = pathlib.Path("/run/house/work/hosts")
        own_hosts.write_text(names)
        run(["mount", "--bind", str(own_hosts), "/etc/hosts"])
        self.ca_path, self.relays, self.issuer = ca_path, relays, issuer
        self.house = House().start_bus()
        self.house.trust(ca_path)
        if invitation:
            self._enrol(invitation)
        self.house.configure(config)
        for user in users:
            self.house.add_link(user, issuer, self.subject(user))

    def _enrol(self, invitation):
        secret = secrets.token_urlsafe(32)
        key = secrets.token_hex(8)
        body = {"key": key, "sha256": hashlib.sha256(secret.encode()).hexdigest()}
        name, = self.relays
        reply = self.phone().request("POST", f"https://{name}/v1/enrol", json.dumps(body),
                                     Authorization="Bearer " + invitation,
                                     Content_Type="application/json")
        assert reply.status == 200 and json.loads(reply.body) == {"host": self.name}, reply.body
        KEY_PATH.write_text(f"jr1.{key}.{secret}")
        os.chmod(KEY_PATH, 0o600)
        os.chown(KEY_PATH, self.house.uid("jauth"), -1)

    def people(self, plan, seconds):
        """All logins of `plan`, [[user, kind], …], begun over that many seconds."""
        crowd = [Person(self, user, kind) for user, kind in plan]
        threads = []
        for person in crowd:
            thread = threading.Thread(target=person.run, daemon=True)
            thread.start()
            threads.append(thread)
            time.sleep(seconds / len(crowd))
        for thread in threads:
            thread.join(2 * STEP_S)
        return [[person.kind, person.user, person.outcome, round(person.took, 2),
                 person.phone.n_retries, person.detail] for person in crowd]

    def granted(self):
        """Who was let in, as jauthd tells."""
        self.house.wait_no_login()
        return GRANTED.findall(self.house.journal())

    def journal(self):
        return self.house.journal()


def main():
    host = FleetHost(sys.argv[1])
    answers, sys.stdout = sys.stdout, sys.stderr
    with contextlib.closing(sys.stdin):
        for line in sys.stdin:
            order = json.loads(line)
            try:
                answer = {"done": getattr(host, order.pop("order"))(**order)}
            except Exception:           # pylint: disable=broad-except
                answer = {"error": traceback.format_exc()[-3000:]}
            print(json.dumps(answer), file=answers, flush=True)
    host.stop()


if __name__ == "__main__":
    main()
