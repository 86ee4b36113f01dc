# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be nowhere after logins by the relay: this host's key and its enrolment token, cookies,
digits, states, codes and tokens of the providers, WeCom's secret. Looked for in cores of the three
daemons, their logs and nginx's, the audit, the database, a bus monitor's record, the relay's files
and command lines. What a program needs for the next login it holds, and nothing else does."""

import pathlib
import re
import subprocess
import time

import pytest

import configs
from house import DATABASE, wait_until
from linked import wrong
from people import expect_no_shell, expect_shell
from relayed import KEY_FILE, Site, Telephone, begin, host_client, scan
from test_secrets import core_of

USER = "joanna"
LOGIN_S = 20                            # and so much a link, which outlives its login


class Recorder(Telephone):
    """A telephone that remembers what only it may know."""

    known = []

    def request(self, method, path, body=None, headers=None):
        reply = super().request(method, path, body, headers)
        self.known += re.findall(r"state=([A-Za-z0-9]{22,})", reply.headers.get("Location", ""))
        if self.cookie:
            self.known.append(self.cookie.partition(".")[2])
        return reply

    def at_provider(self, method, url):
        query = super().at_provider(method, url)
        self.known += re.findall(r"code=([^&]+)", query)
        return query


@pytest.fixture(scope="module")
def monitor(house):
    record = house.folder / "bus.record"
    with open(record, "wb") as file:
        process = subprocess.Popen(["dbus-monitor", "--system", "--binary"], stdout=file)
    wait_until(lambda: record.stat().st_size > 0, 10, "the monitor")
    yield record
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def site(house, authority, wecom, op, monitor):
    made = Site(house, authority, wecom, op).start()
    made.enrolment = made.enrol()
    house.use_jauth("sshd")
    house.configure(configs.head(login_seconds=LOGIN_S) + configs.PASSWORD
                    + made.wecom_section() + made.oidc_section()
                    + configs.service("sshd", "wecom, work"))
    yield made
    house.use_debian("sshd")
    house.stop_jauth()
    made.stop()


@pytest.fixture(scope="module", autouse=True)
def secrets(house, site):
    """Logins of every end, also of one that is left; then everything stands still."""
    person = site.add_person(name=USER)
    phones = {method: Recorder(person, site.relay, app, "en")
              for method, app in (("wecom", "wecom"), ("work", "browser"))}
    for method, phone in phones.items():
        with house.sshd().login(USER) as ssh:
            ssh.send_line(phone.approve(scan(ssh), method).digits)
            expect_shell(ssh, USER)
    with house.sshd().login(USER, NumberOfPasswordPrompts="1") as ssh:
        ssh.send_line(wrong(phones["wecom"].approve(scan(ssh)).digits))
        expect_no_shell(ssh, USER)
    with house.bus_login(USER) as login:
        phones["work"].approve(begin(login), "work")
    old = host_client(site.relay).token
    house.ctl("relay", "rotate", "--wait", "1")
    time.sleep(2)                       # connections are let go of
    found = set(Recorder.known) | set(site.op.secrets_made) | set(site.wecom.secrets_made)
    assert len(found) >= 20
    return {"passing": [text.encode() for text in found - {site.wecom.secret}
                        - {site.wecom.token[0]}],
            "keys": [old.partition(".")[2].encode(), site.enrolment.rpartition(".")[2].encode()],
            "live": [host_client(site.relay).token.rpartition(".")[2].encode(),
                     site.wecom.secret.encode(), site.wecom.token[0].encode()]}


def assert_none_in(data, needles, where):
    found = [needle[:12] + b"..." for needle in needles if needle in data]
    assert not found, f"{where} holds {found}"


def everything(secrets):
    return [needle for needles in secrets.values() for needle in needles]


def test_core_of_jauthd(house, site, secrets, tmp_path):
    """Its key, the app's secret and token are live."""
    core = core_of(house.jauthd, tmp_path)
    assert secrets["live"][0] in core, "this is no core of jauthd's memory"
    assert_none_in(core, secrets["passing"] + secrets["keys"], "jauthd's core")


def test_core_of_jauth_http(house, site, secrets, tmp_path):
    core = core_of(house.http, tmp_path)
    assert site.wecom.host.encode() in core, "this is no core of jauth-http's memory"
    assert_none_in(core, everything(secrets), "jauth-http's core")


def test_core_of_jauth_relay(site, secrets, tmp_path):
    """Keys are there as digests, but for that of a request that waits; links until their time is
    over. When that is so and the last request is answered, nothing is left (jauth-relay(8))."""
    time.sleep(LOGIN_S + 10)
    core = core_of(site.relay.service, tmp_path)
    assert site.domain.encode() in core, "this is no core of jauth-relay's memory"
    assert_none_in(core, everything(secrets), "jauth-relay's core")


def test_digits_are_not_in_the_relays_core(house, site, secrets, tmp_path):
    """Two digits alone are anywhere: looked for as the page and the host say them."""
    core = core_of(site.relay.service, tmp_path)
    assert not re.findall(rb'class="digits">\d\d<', core)
    assert not re.findall(rb'"digits": ?"\d\d"', core)
    assert not re.findall(rb'"digits": ?"\d\d"', core_of(house.jauthd, tmp_path))
    assert not re.findall(rb'"digits": ?"\d\d"', core_of(house.http, tmp_path))


def test_logs(house, site, secrets):
    relay, nginx = site.relay.service.log(), site.relay.nginx
    access = (nginx.folder / "jauth-relay.log").read_text()
    assert "audit:" in house.journal() and "/cb/wecom" in access
    assert "GET /q/- " in access and "PUT /v1/links/- " in access    # by an id anybody presses
    errors = "".join(path.read_text() for path in nginx.folder.glob("*error.log"))
    for where, text in (("the journal", house.journal()), ("the relay's log", relay),
                        ("nginx's log", access + errors + nginx.service.log()),
                        ("sshd's log", house.sshd().log())):
        assert_none_in(text.encode(), everything(secrets), where)


def test_audit_and_database(house, secrets):
    assert_none_in(str(house.audit()).encode(), everything(secrets), "the audit")
    for path in DATABASE.glob("*"):
        if path.is_file():
            assert_none_in(path.read_bytes(), everything(secrets), path.name)


def test_bus_record(secrets, monitor):
    record = monitor.read_bytes()
    assert b"Begin" in record and USER.encode() in record
    assert_none_in(record, everything(secrets), "the bus monitor's record")


def test_files(site, secrets):
    """The key is in its file; the relay keeps digests."""
    assert secrets["live"][0] in pathlib.Path(KEY_FILE).read_bytes()
    for path in [*site.relay.folder.rglob("*"), *pathlib.Path("/etc/jauth").rglob("*")]:
        if path.is_file() and str(path) != KEY_FILE and path.suffix != ".key":
            assert_none_in(path.read_bytes(), everything(secrets), str(path))


def test_command_lines_and_environments(secrets):
    for name in ("cmdline", "environ"):
        for path in pathlib.Path("/proc").glob(f"[0-9]*/{name}"):
            try:
                data = path.read_bytes()
            except OSError:
                continue
            assert_none_in(data, everything(secrets), str(path))
