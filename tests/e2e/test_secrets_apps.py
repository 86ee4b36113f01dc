# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be nowhere after logins by DingTalk, WeChat, official accounts and mini programs,
however they end: codes, tokens, session keys, states, cookies, receipts, digits, pushes, and what a
vendor tells of a person beyond the one name that is compared. Looked for in cores of the three
daemons, their logs and nginx's, the audit, the database, a bus monitor's record, files and command
lines. What jauthd needs for the next login it alone holds."""

import base64
import pathlib
import re
import subprocess
import time
import urllib.parse

import pytest

import configs
from clock import Clock
from house import DATABASE, wait_until
from linked import dingtalk_section
from people import GATE, expect_shell
from relay import MiniProgram, Phone, Relay
from relayed import DROP_IN, HOST, LINK
from service import run
from telephone import at_account, at_dingtalk, at_dingtalk_page
from vendors.wechat import PROGRAM, WEBSITE, WeChat
from vendors.wechat_account import OfficialAccount

EXPIRED_S = 600                         # every link of the relay is gone by then
LET_GO_S = 20                           # connections and caches
ANSWER = r"type (\d\d) into your own terminal"

DIGITS = [rb'class="digits">\d\d<', rb'"digits": ?"\d\d"', ANSWER.encode()]
PUSHES = [rb"<FromUserName>", rb"<MsgSignature><!\[CDATA\[[0-9a-f]{40}", rb"jl_[0-9A-Za-z]{16}"]


class Seen:
    """What telephones saw on the way, and nobody else may know."""

    def __init__(self):
        self.secrets, self.links, self.signatures = set(), set(), set()

    def add(self, *texts):
        self.secrets |= {text for text in texts if text}

    def link(self, shown):
        self.links.add(LINK.findall(shown)[-1])
        return Scanned(LINK.findall(shown)[-1])


class Scanned:
    def __init__(self, ident):
        self.id = ident


class Way:
    """One method: somebody who is linked to its user, and somebody who is not."""

    name = browser = None
    issuer = "wechat"
    no = "denied"                       # what the login ends with when he says no

    def __init__(self, world):
        self.world, self.relay, self.seen = world, world.relay, world.seen
        self.vendor = self.vendor_in(world)
        self.user = world.house.add_user()
        self.person, self.stranger = self.add_person(self.user), self.add_person("x" + self.user)

    @staticmethod
    def vendor_in(world):
        return world.wechat

    def add_person(self, name):
        return self.vendor.add_person(name)

    def subject(self, person):
        """What is linked."""
        return person.unionid(self.app)

    def hidden(self, person):
        """What the vendor tells beside it."""
        return [person.openid(self.app)]

    def answer(self, shown, person):
        """What he reads and types; None for a person: the right one, who says no."""
        raise NotImplementedError


class ByPage(Way):
    """By the relay's page, there and back."""

    def at_vendor(self, url, person):
        raise NotImplementedError

    def come_back(self, phone, link, query):
        return phone.come_back(link, self.name, query)

    def answer(self, shown, person):
        link, phone = self.seen.link(shown), Phone(self.relay, self.browser)
        page = phone.open(link)
        sent = phone.press(link, self.name, page)
        url = sent.headers["Location"]
        query = self.at_vendor(url, person)
        page = self.come_back(phone, link, query)
        while page.refreshes:
            page = phone.get(f"/cb/{self.name}")
        self.seen.add(page.digits and phone.cookie, *re.findall(r"state=([A-Za-z0-9]{22,})", url),
                      phone.cookie.partition(".")[2])
        return page.digits or ""


class DingTalkApp(ByPage):
    name, browser = "app", "dingtalk"

    @staticmethod
    def vendor_in(world):
        return world.dingtalk

    @property
    def issuer(self):
        return f"dingtalk:{self.vendor.corp_id}"

    def section(self):
        return dingtalk_section(self.vendor, self.name)

    def add_person(self, name):
        return self.vendor.add_member(f"Manager.{name}")

    def subject(self, person):
        return person

    def hidden(self, person):
        return [self.vendor.persons[person].unionid, "15012345678", "he@example.net",
                "he@example.org"]

    def at_vendor(self, url, person):
        self.vendor.refusing = not person
        return at_dingtalk(self.vendor, url, person or self.person)

    def come_back(self, phone, link, query):
        return phone.post_back(self.name, query)


class DingTalkPage(DingTalkApp):
    name, browser = "page", "browser"

    def section(self):
        self.vendor.redirect_uris = [f"{self.relay.url}/cb/{self.name}"]
        return dingtalk_section(self.vendor, self.name, mode="web")

    def at_vendor(self, url, person):
        self.vendor.refusing = False
        self.vendor.consents.clear()
        return at_dingtalk_page(self.vendor, url, person or self.person,
                                "yes" if person else "no")

    come_back = ByPage.come_back


class Account(ByPage):
    """Followers only, for which the vendor is asked with the app's token."""

    name, browser = "account", "wechat"

    def __init__(self, world):
        vendor = self.vendor_in(world)
        self.account = vendor.add_part(OfficialAccount(
            vendor, world.relay.url.removeprefix("https://")))
        self.app = self.account.app
        super().__init__(world)

    def add_person(self, name):
        person = super().add_person(name)
        self.account.follow(person)
        return person

    def section(self):
        return configs.section(f"method {self.name}", self.account.keys(require_follow="yes"))

    def at_vendor(self, url, person):
        self.account.refusing = not person
        return at_account(self.account, url, person or self.person)


class AccountCode(Account):
    """By the account's own code; saying no is not to scan it."""

    name = "push"
    no = "cancelled"

    @staticmethod
    def vendor_in(world):
        return world.pusher

    def section(self):
        self.account.message_url = f"{self.relay.url}/push/{self.app.app_id}"
        return configs.section(f"method {self.name}", self.account.keys("push"))

    def answer(self, shown, person):
        code = list(self.account.codes)[-1]
        if not person:
            return "q"
        self.seen.add(code.removeprefix("http://weixin.qq.com/q/"), self.account.codes[code][0])
        text = self.account.scan(code, person).wait()
        for url, body in self.account.sent:
            self.seen.add(re.search(r"<Encrypt><!\[CDATA\[(.{60})", body)[1])
            self.seen.signatures |= set(re.findall(r"signature=([0-9a-f]{40})", url))
        return text and re.search(ANSWER, text)[1] or ""


class Website(Way):
    """WeChat without a relay: the code is that of its page, which is polled."""

    name = "wechat"

    def __init__(self, world):
        self.app = world.wechat.add_app(WEBSITE)
        world.pages.domains[self.app.app_id] = "sso.example.org"
        super().__init__(world)

    def section(self):
        return configs.section(f"method {self.name}", {
            "type": "wechat", **self.world.pages.keys(self.app), "mode": "poll",
            "poll_url": self.vendor.url, "device_flow_alone": "yes",
            "redirect_uri": "https://sso.example.org/nobody-comes-here"})

    def answer(self, shown, person):
        pages = self.world.pages
        uuid = list(pages.scans)[-1]
        pages.scan(uuid, person or self.person)
        pages.agree(uuid) if person else pages.refuse(uuid)
        return ""


class Mini(Way):
    name = "mini"

    def __init__(self, world):
        self.app = world.wechat.add_app(PROGRAM)
        super().__init__(world)

    def section(self):
        return configs.section(f"method {self.name}", {
            "type": "wechat-mini-program", **self.vendor.keys(self.app)})

    def answer(self, shown, person):
        program, link = MiniProgram(self.relay), self.seen.link(shown.replace("/m/", "/q/"))
        if not person:
            program.deny(link)
            return ""
        program.confirm(link, self.vendor.new_code(self.app, person))
        self.seen.add(program.receipt)
        said = program.result(link).json
        while said["status"] == "pending":
            said = program.result(link).json
        return said.get("digits", "")


WAYS = [DingTalkApp, DingTalkPage, Account, AccountCode, Website, Mini]


class World:
    """The relay, with a clock of its own, and the vendors: one more for the account that pushes,
    since each has one account."""

    def __init__(self, house, authority, dingtalk, pages):
        self.house, self.dingtalk, self.pages = house, dingtalk, pages
        self.wechat, self.seen = pages.vendor, Seen()
        self.pusher = WeChat(authority).start()
        self.pusher.ca = authority.ca_path
        self.vendors = [self.dingtalk, self.wechat, self.pusher]
        self.relay = Relay(house.folder, authority, "apps", unknown_per_minute=100000)
        self.clock = Clock(house, self.relay.service, self.relay.metrics)
        self.relay.start()
        house.http.start()
        house.ctl("relay", "enrol", self.relay.url, "-", input=self.relay.invite(HOST) + "\n")
        self.ways = [way(self) for way in WAYS]
        house.use_jauth("sshd")
        house.configure(configs.head() + "".join(way.section() for way in self.ways)
                        + "".join(configs.service(f"sshd {way.name}", way.name, users=way.user)
                                  for way in self.ways)
                        + configs.service("sshd", "app"))
        for way in self.ways:
            house.add_link(way.user, way.issuer, way.subject(way.person))

    def stop(self):
        self.house.use_debian("sshd")
        self.house.stop_jauth()
        DROP_IN.unlink(missing_ok=True)
        self.relay.stop()
        self.clock.release()
        self.pusher.stop()


@pytest.fixture(scope="module")
def world(house, authority, dingtalk, wechat_pages):
    made = World(house, authority, dingtalk, wechat_pages)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def record(house, world):
    """Everything on the bus while people log in; the links were made before."""
    path = house.folder / "bus.record"
    with open(path, "wb") as file:
        process = subprocess.Popen(["dbus-monitor", "--system", "--binary"], stdout=file)
    wait_until(lambda: path.stat().st_size > 0, 30, "the monitor")
    yield path, process
    if process.poll() is None:
        process.terminate()
        process.wait()


def begin(login):
    """What the terminal shows when a telephone may scan."""
    step = login.next_ask(40)
    if re.search(GATE, step.text()):
        login.answer("y")
        step = login.next_ask(40)
    return step.text()


def log_in(house, way):
    with house.sshd().login(way.user) as ssh:
        ssh.wait_for(r"[Tt]ype y to show the code|/[qm]/[A-Za-z0-9_-]{22}.*: ", 40)
        if "/q/" not in ssh.seen and "/m/" not in ssh.seen:
            ssh.send_line("y")
            ssh.wait_for(r"two digits[^\n]*: |Press Enter when approved[^\n]*: ", 40)
        ssh.send_line(way.answer(ssh.seen, way.person))
        expect_shell(ssh, way.user, 40)


def fail_to(house, way, person):
    with house.bus_login(way.user) as login:
        login.answer(way.answer(begin(login), person))
        assert login.outcome(60) == ("denied" if person else way.no)


def leave(house, way):
    """When the telephone has shown its digits."""
    with house.bus_login(way.user) as login:
        way.answer(begin(login), way.person)
    house.wait_no_login(20)


@pytest.fixture(scope="module", autouse=True)
def secrets(house, world, record):
    """Logins of every kind and end; then the house stands still."""
    for way in world.ways:
        log_in(house, way)
        fail_to(house, way, way.stranger)
        fail_to(house, way, None)
        leave(house, way)
    record[1].terminate()
    record[1].wait()
    assert not [complaint for vendor in world.vendors for complaint in vendor.complaints]
    return collect(world)


def collect(world):
    """passing: for one login. live: for all of them. signed: what jauthd would know again of a
    push. told: of people, beside who they are. names: who they are."""
    people = [(way, person) for way in world.ways for person in (way.person, way.stranger)]
    live = {world.dingtalk.secret, world.dingtalk.token[0]}
    for way in world.ways:
        app = getattr(way, "app", None)
        live |= {app.secret} if app else set()
        live |= {app.stable[0]} if app and app.stable else set()
    pushed = world.ways[WAYS.index(AccountCode)].account
    live |= {pushed.token, pushed.aes_key}
    made = {secret for vendor in world.vendors for secret in vendor.secrets_made}
    idle = {world.ways[WAYS.index(Account)].account.token,
            world.ways[WAYS.index(Account)].account.aes_key}
    passing = (made | world.seen.secrets) - live - idle
    assert len(passing) > 60 and len(live) == 10
    return {"passing": spelled(passing),
            "live": spelled(live) + [base64.b64decode(pushed.aes_key + "=")],
            "signed": spelled(world.seen.signatures),
            "told": spelled(fact for way, person in people for fact in way.hidden(person)),
            "names": spelled(way.subject(person) for way, person in people)}


def spelled(texts):
    """As they are, and as they stand in an address."""
    found = set(texts)
    return [text.encode() for text in found | {urllib.parse.quote(text, safe="") for text in found}]


def found_in(data, needles, patterns=()):
    return ([needle[:12] + b"..." for needle in set(needles) if needle in data]
            + [match[0] for match in (re.search(pattern, data) for pattern in patterns) if match])


def core_of(service, folder):
    path = folder / service.name
    run(["gcore", "-o", str(path), str(service.pid)])
    core = pathlib.Path(f"{path}.{service.pid}")
    data = core.read_bytes()
    core.unlink()
    return data


def assert_clean_core(service, folder, needles, holds):
    """Once connections and caches are let go of."""
    end = time.monotonic() + LET_GO_S
    while True:
        core = core_of(service, folder)
        assert holds.encode() in core, f"this is no core of {service.name}'s memory"
        found = found_in(core, needles, DIGITS + PUSHES)
        if not found or time.monotonic() > end:
            break
        time.sleep(1)
    assert not found, f"{service.name}'s core holds {found}"


def everything(secrets, *without):
    return [needle for kind, needles in secrets.items() if kind not in without
            for needle in needles]


def test_core_of_jauthd(world, house, secrets, tmp_path):
    """It knows who is who, what the apps are configured with, and which pushes there were."""
    assert_clean_core(house.jauthd, tmp_path, everything(secrets, "live", "names", "signed"),
                      world.dingtalk.token[0])


def test_core_of_jauth_http(world, house, secrets, tmp_path):
    assert_clean_core(house.http, tmp_path, everything(secrets), world.wechat.host)


def test_core_of_jauth_relay(world, secrets, tmp_path):
    """When the time of the links is over and the last request is answered."""
    world.clock.move(EXPIRED_S)
    wait_until(lambda: world.relay.metrics()["links"] == 0, 30, "the end of the links")
    assert_clean_core(world.relay.service, tmp_path, everything(secrets), world.relay.url)


def untold(log):
    """At its debug level sshd keeps what users are told, and so who was linked to them."""
    told = re.compile(r"PAM: jauth: linked since [-0-9: ]+, and may log in: ")
    assert told.search(log)
    return "\n".join(line for line in log.splitlines() if not told.search(line))


def test_logs(world, house, secrets):
    """Nor ids of links."""
    nginx, links = world.relay.nginx, [ident.encode() for ident in world.seen.links]
    access = (nginx.folder / "jauth-relay.log").read_text()
    errors = "".join(path.read_text() for path in nginx.folder.glob("*error.log"))
    assert "audit:" in house.journal() and "/push/" in access and "/api/m/" in access
    audited = "\n".join(line for line in house.journal().splitlines() if "audit:" in line)
    others = "\n".join(line for line in house.journal().splitlines() if "audit:" not in line)
    for where, text, needles in (
            ("the audit in the journal", audited, everything(secrets, "names") + links),
            ("the journal", others, everything(secrets) + links),
            ("the relay's log", world.relay.service.log(), everything(secrets) + links),
            ("sshd's log", untold(house.sshd().log()), everything(secrets) + links),
            ("nginx's log", access + errors + nginx.service.log(),
             everything(secrets) + links)):
        found = found_in(text.encode(), needles, DIGITS + PUSHES)
        assert not found, f"{where} holds {found}"


def test_audit_and_database(world, house, secrets):
    """The identity is there, and nothing beside it."""
    rows = [row for row in house.audit() if row["kind"] == "login"]
    assert {"granted", "denied", "cancelled"} <= {row["outcome"] for row in rows}
    subjects = {row["subject"].encode() for row in rows if row.get("subject")}
    assert subjects <= set(secrets["names"]) and len(subjects) == 2 * len(WAYS)
    needles = everything(secrets, "names") + [ident.encode() for ident in world.seen.links]
    bare = str([{**row, "subject": "", "display": ""} for row in rows]).encode()
    assert not found_in(bare, needles + secrets["names"], DIGITS + PUSHES)
    for path in DATABASE.rglob("*"):
        if path.is_file():
            found = found_in(path.read_bytes(), needles, DIGITS + PUSHES)
            assert not found, f"{path.name} holds {found}"


def test_bus_record(world, secrets, record):
    data = record[0].read_bytes()
    assert b"Begin" in data and all(way.user.encode() in data for way in world.ways)
    assert not found_in(data, everything(secrets), DIGITS + PUSHES)


def test_files(world, secrets):
    """The relay's, jauthd's configuration, and what they keep while they run."""
    for folder in (world.relay.folder, pathlib.Path("/etc/jauth"), *pathlib.Path("/run").glob(
            "jauth*")):
        for path in folder.rglob("*"):
            if path.is_file() and "nginx" not in path.parts:
                found = found_in(path.read_bytes(), everything(secrets))
                assert not found, f"{path} holds {found}"


def test_command_lines_and_environments(secrets):
    for name in ("cmdline", "environ"):
        for path in pathlib.Path("/proc").glob(f"[0-9]*/{name}"):
            try:
                data = path.read_bytes()
            except OSError:
                continue
            assert not found_in(data, everything(secrets)), path
