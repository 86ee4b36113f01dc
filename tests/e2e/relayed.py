# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole logins by the real jauth-relay: one behind nginx or several with a Redis, the host enrolled
by the two commands, and telephones that follow what the screen and the pages say."""

import os
import pathlib
import re
import secrets
import shutil
import signal
import time
import urllib.parse

import configs
from house import wait_until
from linked import DIGITS_PROMPT
from ports import free_port
from relay import NAME, SHORT_NAME, HostClient, Phone, Relay
from service import Service, run
from telephone import at_oidc, at_wecom

HOST = "house.example.org"
LINK = re.compile(r"https://[a-z0-9.:-]+/q/([A-Za-z0-9_-]{22})(?![A-Za-z0-9_-])")
DROP_IN = pathlib.Path("/etc/jauth/jauthd.conf.d/relay.conf")
KEY_FILE = "/etc/jauth/secrets/relay"


class Scanned:
    """The link that a screen shows."""

    def __init__(self, text):
        self.id = LINK.findall(text)[-1]


def scan(terminal, timeout=20):
    """What stands below the code on a terminal."""
    terminal.wait_for(DIGITS_PROMPT, timeout)
    return Scanned(terminal.seen)


def begin(login, timeout=20):
    """The same on jauthd's own socket."""
    return Scanned(login.next_ask(timeout).text())


class Redis:
    """A redis-server at a socket of its own. `keeps`: on disk, each write."""

    def __init__(self, folder, keeps=False):
        self.folder = folder / f"redis-{free_port()}"
        self.folder.mkdir()
        os.chmod(self.folder, 0o755)
        self.socket = self.folder / "socket"
        self.keeps(keeps)

    def keeps(self, keeps):
        self.service = Service("redis", [
            "redis-server", "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm",
            "777", "--dir", str(self.folder), "--save", "", "--appendonly",
            "yes" if keeps else "no", "--appendfsync", "always"], str(self.folder), notify=False)

    def start(self):
        self.service.start()
        wait_until(self.answers, 10, "redis-server")
        return self

    def answers(self):
        return self.command("ping").strip() == "PONG"

    def command(self, *words):
        return run(["redis-cli", "-s", str(self.socket), *words], check=False).stdout

    def stop(self):
        if self.service.wanted:
            self.service.send(signal.SIGCONT)
            self.service.stop()

    def section(self):
        return f"[redis]\naddress = {self.socket}\n"


class Site:
    """`n` relays under one address; telephones and hosts choose among them, as behind a balancer
    or a name with several addresses. Beside them the providers."""

    def __init__(self, house, authority, wecom, op, github=None, n=1, redis=None):
        self.house, self.wecom, self.op, self.github, self.redis = house, wecom, op, github, redis
        section = redis.section() if redis else ""
        self.relays = [Relay(house.folder, authority, f"relay{number}of{n}", section,
                             unknown_per_minute=100000)
                       for number in range(n)]
        self.domain = f"{SHORT_NAME}:{self.relays[0].tls_port}"
        self.url = "https://" + self.domain
        for relay in self.relays:
            relay.write_config(url=self.url)
        self.servers = [f"https://{NAME}:{relay.tls_port}" for relay in self.relays]

    @property
    def relay(self):
        return self.relays[0]

    def start(self):
        for relay in self.relays:
            relay.start()
        self.wecom.trusted_domain = self.domain
        self.op.clients["demo"].redirect_uris = [self.url + "/cb/work"]
        if self.github:
            self.github.redirect_uris[:] = [self.url + "/cb/github"]
        return self

    def stop(self):
        for relay in self.relays:
            relay.stop()
        DROP_IN.unlink(missing_ok=True)
        self.op.clients["demo"].redirect_uris = []

    def enrol(self):
        """What the sysadmins of the relay and of the host do."""
        self.house.http.start()
        token = self.relay.invite(HOST)
        said = self.house.ctl("relay", "enrol", self.url, "-",
                              input=token + "\n")
        assert HOST in said.stdout
        self.house.stop_jauth()
        return token

    def section(self):
        """For several relays; for one the command writes its own."""
        if len(self.relays) == 1:
            return ""
        return configs.section("relay", {"url": self.url, "key_file": KEY_FILE,
                                         "servers": ", ".join(self.servers)})

    def wecom_section(self, **more):
        """Machines log in here, more than five in a second."""
        return configs.section("method wecom", {"type": "wecom", "starts_per_s": "1000",
                                                **self.wecom.keys(), **more})

    def oidc_section(self, **more):
        return configs.oidc(self.op, flow="relay", **more).replace(
            "device_flow_alone = yes\n", "")

    def github_section(self, **more):
        path = self.house.folder / "github-secret"
        path.write_text(self.github.client_secret + "\n")
        os.chmod(path, 0o640)
        shutil.chown(path, "root", "jauth")
        return configs.github(self.github, flow="relay", client_secret_file=path,
                              **more).replace("device_flow_alone = yes\n", "")

    # --- people ---

    def add_person(self, password=None, **options):
        """A user who has an account at every provider."""
        user = self.house.add_user(password=password, **options)
        person = Person(self, user)
        member = self.wecom.add_member(person.member)
        self.house.add_link(user, f"wecom:{self.wecom.corp_id}", member, privileged=True)
        self.op.add_person(person.sub)
        self.house.add_link(user, self.op.issuer, person.sub, privileged=True)
        if self.github:
            self.github.add_person(person.number, user)
            self.house.add_link(user, self.github.url, str(person.number), privileged=True)
        return person

    def add_stranger(self):
        """Somebody of the corp who is linked to nobody."""
        stranger = Person(self, "stranger")
        self.wecom.add_member(stranger.member)
        return stranger


class Person:
    def __init__(self, site, user):
        self.site, self.user = site, user
        self.member, self.sub = f"Member.{user}", f"sub-{user}"
        self.number = secrets.randbelow(1 << 40)        # at GitHub

    def phone(self, app="wecom", relay=None, language="en"):
        return Telephone(self, relay or self.site.relay, app, language)


class Telephone(Phone):
    """Somebody's telephone, at one of the relays."""

    def __init__(self, person, relay, app, language):
        super().__init__(relay, app, language)
        self.person = person

    def at_provider(self, method, url):
        """Says yes there; the query with which the browser is sent back."""
        site = self.person.site
        if method == "wecom":
            return at_wecom(site.wecom, url, self.person.member)
        if method == "github":
            return at_oidc(site.github, url, str(self.person.number))
        return at_oidc(site.op, url, self.person.sub)

    def go(self, link, method="wecom"):
        """From the page to the provider; the query of the way back."""
        sent = self.press(link, method)
        assert sent.status == 303, (sent.status, sent.text)
        target = sent.headers["Location"]
        redirect = urllib.parse.parse_qs(urllib.parse.urlsplit(target).query)["redirect_uri"]
        assert redirect == [f"{self.person.site.url}/cb/{method}"]
        return self.at_provider(method, target)

    def arrive(self, link, query, method="wecom"):
        """Back from there; the page, when it no longer comes again by itself."""
        end = time.monotonic() + 30
        page = self.come_back(link, method, query)
        while page.refreshes and time.monotonic() < end:
            time.sleep(0.2)
            page = self.come_back(link, method, query)
        return page

    def approve(self, link, method="wecom"):
        """Everything; the last page."""
        return self.arrive(link, self.go(link, method), method)


def host_client(relay):
    """Who holds this host's key."""
    client = HostClient(relay, HOST)
    with open(KEY_FILE, encoding="ascii") as file:
        client.token = file.read().strip()
    return client


def wait_stopped(house, user):
    """Only when jauthd knows that it wasn't him does a key at the terminal meet the end."""
    wait_until(lambda: any("this wasn't me" in row["reason"] for row in house.audit(user)), 30,
               "jauthd hearing of it")


def last_row(house, user, **conditions):
    return [row for row in house.audit(user, **conditions) if row["kind"] == "login"][-1]
