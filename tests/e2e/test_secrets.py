# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be nowhere after logins of every kind: password, device code, access token and ID token,
codes by SMS and the numbers they went to, an app's key, its codes and the recovery codes. Looked for
in cores of both daemons, the journal, the audit, the database, a bus monitor's record, command lines
and environments. What a vendor knows us by is live in jauthd's memory, and nowhere else."""

import base64
import pathlib
import subprocess
import time

import pytest

import configs
from bus import Bus
from house import DATABASE, wait_until
from people import (SMS_PROMPT, TOTP_PROMPT, code_in, enrol_totp, expect_no_shell, expect_shell,
                    scan, type_password)
from service import run

PASSWORD = "Zq7!xylophone-Wunderkind.9"
WRONG = "Vm3!xylophone-Hinterland.8"
NEW = "Kd5!xylophone-Oberwasser.2"
NUMBER, REFUSED_NUMBER = "+8613987654321", "+8613912345678901"


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
def after_logins(house, op, gateway, monitor):
    """Logins of every kind and end; then the house stands still. What they had in secret."""
    house.use_jauth("sshd", "passwd")
    gateway.reset()
    house.configure(configs.head(tries=1) + configs.PASSWORD + configs.oidc(op) + configs.totp(digits=8)
                    + configs.sms_gateway(gateway)
                    + configs.sms(vendors="gateway", code_digits=8)
                    + configs.service("sshd password-only", "password", users="pat, kim")
                    + configs.service("sshd by-phone", "password + phone", users="joan")
                    + configs.service("sshd by-app", "password + app", users="june")
                    + configs.service("sshd", "password + work"))
    house.add_user("pat", PASSWORD)
    house.add_user("jane", PASSWORD)
    house.add_user("kim")
    house.add_account("kim", PASSWORD)
    house.add_link("jane", op.issuer, op.add_person("sub-of-jane"))
    house.add_user("joan", PASSWORD)
    house.add_user("june", PASSWORD)
    play_logins(house, op)
    assert len(op.secrets_made) >= 4
    secrets = {"password": [PASSWORD, WRONG, NEW], "provider": list(op.secrets_made),
               "codes": play_sms(house, gateway) + play_totp(house)}
    # Connections and caches are let go of within seconds.
    time.sleep(2)
    yield secrets
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


def play_sms(house, gateway):
    """One right login after a wrong entry, one that is left, a number that is refused."""
    house.add_phone("joan", NUMBER, label="of her own")
    with house.bus_login("joan", service="jauthctl", phase="enrol", method="phone", rhost=None,
                         caller_uid=0, surface="terminal") as login:
        login.step()
        login.answer(REFUSED_NUMBER)
        login.step()
    with house.sshd().login("joan") as ssh:
        type_password(ssh, PASSWORD)
        ssh.wait_for(SMS_PROMPT)
        ssh.send_line("87654321")
        ssh.wait_for(SMS_PROMPT)
        ssh.send_line(gateway.messages[0]["code"])
        expect_shell(ssh, "joan")
    house.unlock_limits()
    with house.sshd().login("joan") as ssh:
        type_password(ssh, PASSWORD)
        ssh.wait_for(SMS_PROMPT)
    codes = [message["code"] for message in gateway.messages]
    assert len(codes) == 2
    return [*codes, NUMBER[1:], NUMBER[3:], REFUSED_NUMBER[1:], "87654321"]


def play_totp(house):
    """A login by the app, one by a recovery code."""
    key = enrol_totp(house, "june", time.time)
    code = key.code(time.time() + 30)
    for entry in (code, key.recovery[0]):
        with house.sshd().login("june") as ssh:
            type_password(ssh, PASSWORD)
            ssh.wait_for(TOTP_PROMPT)
            ssh.send_line(entry)
            expect_shell(ssh, "june")
    text = base64.b32encode(key.secret).decode()
    groups = " ".join(text[i:i + 4] for i in range(0, len(text), 4))
    return [key.secret, text, groups, code, key.shown, *key.recovery,
            *(code.replace("-", "") for code in key.recovery)]


def needles(secrets):
    """Each secret as it may lie in memory: whole, and the parts of a token."""
    for secret in secrets["codes"]:
        yield secret if isinstance(secret, bytes) else secret.encode()
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
        assert_none_in(core, {"password": [PASSWORD], "provider": [], "codes": []}, "jauthd's core")


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


def test_what_the_gateway_knows_us_by(house, gateway, monitor, tmp_path):
    """jauthd sends it; it is neither told nor kept anywhere else."""
    token = gateway.token.encode()
    assert token in core_of(house.jauthd, tmp_path), "this is no core of jauthd's memory"
    places = {"jauth-http's core": core_of(house.http, tmp_path),
              "the journal": house.journal().encode(), "the audit": str(house.audit()).encode(),
              "the bus monitor's record": monitor.read_bytes()}
    assert not [place for place, data in places.items() if token in data]


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
