# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be nowhere after logins by password and by code: the password, device code, access
token and ID token. Looked for in cores of both daemons, the journal, the audit, the database, a
bus monitor's record, command lines and environments."""

import pathlib
import subprocess
import time

import pytest

import configs
from bus import Bus
from house import DATABASE, wait_until
from people import code_in, expect_no_shell, expect_shell, scan, type_password
from service import run

PASSWORD = "Zq7!xylophone-Wunderkind.9"
WRONG = "Vm3!xylophone-Hinterland.8"
NEW = "Kd5!xylophone-Oberwasser.2"


@pytest.fixture(scope="module")
def monitor(house):
    """A record of everything on the bus, from before the first login."""
    record = house.folder / "bus.record"
    with open(record, "wb") as file:
        process = subprocess.Popen(["dbus-monitor", "--system", "--binary"], stdout=file)
    wait_until(lambda: record.stat().st_size > 0, 10, "the monitor")
    yield record
    process.terminate()
    process.wait()


@pytest.fixture(scope="module", autouse=True)
def after_logins(house, op, monitor):
    """Logins of every kind and end; then the house stands still. What they had in secret."""
    house.use_jauth("sshd", "passwd")
    house.configure(configs.head(tries=1) + configs.PASSWORD + configs.oidc(op)
                    + configs.service("sshd password-only", "password", users="pat, kim")
                    + configs.service("sshd", "password + work"))
    house.add_user("pat", PASSWORD)
    house.add_user("jane", PASSWORD)
    house.add_user("kim")
    house.add_account("kim", PASSWORD)
    house.add_link("jane", op.issuer, op.add_person("sub-of-jane"))
    play_logins(house, op)
    assert len(op.secrets_made) >= 4
    # Connections and caches are let go of within seconds.
    time.sleep(2)
    yield {"password": [PASSWORD, WRONG, NEW], "provider": list(op.secrets_made)}
    house.use_debian("sshd", "passwd")
    house.stop_jauth()


def play_logins(house, op):
    sshd = house.sshd()
    for user in ("pat", "kim"):
        with sshd.login(user) as ssh:
            type_password(ssh, PASSWORD)
            expect_shell(ssh, user)
    with sshd.login("pat", NumberOfPasswordPrompts=1) as ssh:
        type_password(ssh, WRONG)
        expect_no_shell(ssh, "pat")
    with sshd.login("jane") as ssh:
        type_password(ssh, PASSWORD)
        op.approve(code_in(scan(ssh)), "sub-of-jane")
        ssh.send_line()
        expect_shell(ssh, "jane")
    with sshd.login("jane", NumberOfPasswordPrompts=1) as ssh:
        type_password(ssh, PASSWORD)
        op.deny(code_in(scan(ssh)))
        ssh.send_line()
        expect_no_shell(ssh, "jane")
    with Bus() as bus, bus.begin("pat") as login:
        login.step()
        login.answer(WRONG)             # and leaves without reading the verdict
    house.set_password("kim", NEW)


def needles(secrets):
    """Each secret as it may lie in memory: whole, and the parts of a token."""
    for secret in secrets["password"] + secrets["provider"]:
        yield secret.encode()
        if secret.count(".") == 2 and len(secret) > 200:
            for part in secret.split(".")[1:]:
                yield part.encode()


def assert_none_in(data, secrets, where):
    found = [needle[:12] + b"..." for needle in needles(secrets) if needle in data]
    assert not found, f"{where} holds {found}"


def core_of(service, folder):
    path = folder / service.name
    run(["gcore", "-o", str(path), str(service.pid)])
    return pathlib.Path(f"{path}.{service.pid}").read_bytes()


def test_core_of_jauthd(house, op, after_logins, tmp_path):
    core = core_of(house.jauthd, tmp_path)
    assert op.issuer.encode() in core, "this is no core of jauthd's memory"
    assert_none_in(core, after_logins, "jauthd's core")


def test_core_of_jauth_http(house, op, after_logins, tmp_path):
    core = core_of(house.http, tmp_path)
    assert op.host.encode() in core, "this is no core of jauth-http's memory"
    assert_none_in(core, after_logins, "jauth-http's core")


def test_core_while_a_login_waits_has_no_password(house, after_logins, tmp_path):
    with house.sshd().login("jane") as ssh:
        type_password(ssh, PASSWORD)
        scan(ssh)
        core = core_of(house.jauthd, tmp_path)
        assert_none_in(core, {"password": [PASSWORD], "provider": []}, "jauthd's core")


def test_journal(house, after_logins):
    journal = house.journal()
    assert "audit:" in journal
    assert_none_in(journal.encode(), after_logins, "the journal")


def test_audit(house, after_logins):
    rows = house.audit()
    assert {"granted", "denied"} <= {row["outcome"] for row in rows}
    assert_none_in(str(rows).encode(), after_logins, "the audit")


def test_database(house, after_logins):
    files = [path for path in DATABASE.glob("*") if path.is_file()]
    assert files
    for path in files:
        assert_none_in(path.read_bytes(), after_logins, path.name)


def test_bus_record(house, after_logins, monitor):
    record = monitor.read_bytes()
    assert b"Begin" in record and b"jane" in record
    assert_none_in(record, after_logins, "the bus monitor's record")


def test_logs_of_sshd_and_of_the_bus(house, after_logins):
    assert_none_in((house.sshd().log() + house.bus.log()).encode(), after_logins, "sshd's log")


def test_command_lines_and_environments(house, after_logins):
    for name in ("cmdline", "environ"):
        for path in pathlib.Path("/proc").glob(f"[0-9]*/{name}"):
            try:
                assert_none_in(path.read_bytes(), after_logins, str(path))
            except OSError:
                continue


def test_both_daemons_write_no_core_of_their_own(house):
    for service in (house.jauthd, house.http):
        limits = pathlib.Path(f"/proc/{service.pid}/limits").read_text(encoding="ascii")
        line = [line for line in limits.splitlines() if line.startswith("Max core file")][0]
        assert line.split()[4:6] == ["0", "0"], line


def test_nobody_else_may_look_into_them(house):
    """Not dumpable: even a process of the same user reads neither memory nor environment."""
    for service, user in ((house.jauthd, "jauth"), (house.http, "jauth-http")):
        done = run(["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "cat",
                    f"/proc/{service.pid}/environ"], check=False)
        assert done.returncode != 0
