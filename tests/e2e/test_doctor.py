# SPDX-License-Identifier: GPL-3.0-or-later
"""jauthctl doctor: whatever is broken is told, with how to mend it, and nothing else."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

import configs
import userdb
from clock import PRELOADED
from house import SSHD_OPTIONS, wait_until
from linked import relay_section, wecom_section
from screen import Terminal
from service import run

ALL_RIGHT, WARNING, BROKEN = range(3)
REFUSED = 4

PAM = pathlib.Path("/etc/pam.d")
CONFIG = pathlib.Path("/etc/jauth/jauthd.conf")
SECRETS = pathlib.Path("/etc/jauth/secrets")
DROP_IN = pathlib.Path("/etc/jauth/jauthd.conf.d/test.conf")
DEFS = pathlib.Path("/etc/login.defs")
NSSWITCH = pathlib.Path("/etc/nsswitch.conf")
SSHD_CONFIG = pathlib.Path("/etc/ssh/sshd_config")
AUTHORITIES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
HTTP_SOCKET = "/run/jauth-http/socket"
USERDB = pathlib.Path("/run/systemd/userdb/org.jauth1")
SNAPSHOT = pathlib.Path("/var/lib/jauth-userdb/snapshot")
SYSTEMD = pathlib.Path("/run/systemd/system")

RIGHT_SSHD = {**SSHD_OPTIONS, "PermitRootLogin": "prohibit-password", "LoginGraceTime": "180",
              "MaxStartups": "100:30:200"}

REGISTERS = "[directory acme]\ntype = wecom\n"   # whatever jauthd says of it


def sshd_text(**options):
    return "".join(f"{key} {value}\n" for key, value in {**RIGHT_SSHD, **options}.items())


def text_of(double, wecom, op, gateway):
    return (configs.head() + configs.PASSWORD + relay_section(double)
            + configs.oidc_relay(op) + wecom_section(wecom) + configs.sms_gateway(gateway)
            + configs.sms(vendors="gateway") + configs.service("sshd", "wecom"))


@pytest.fixture(scope="module", autouse=True)
def jauth(house, double, wecom, op, gateway):
    text = text_of(double, wecom, op, gateway)
    wecom.trusted_domain = double.url.removeprefix("https://")
    wecom.add_member("ZhangSan", name="张三")
    run(["ssh-keygen", "-A"])
    SSHD_CONFIG.write_text(sshd_text())
    house.use_jauth("sshd")
    house.configure(text)
    yield text
    house.stop_jauth()
    house.use_debian("sshd", "login")
    for vendor in (double, wecom, op, gateway):
        vendor.reset()


def ctl(*words, before=(), env=None):
    done = subprocess.run([*before, "jauthctl", "doctor", *words], text=True, timeout=120,
                          capture_output=True, stdin=subprocess.DEVNULL, start_new_session=True,
                          check=False, env={"PATH": "/usr/sbin:/usr/bin", "LANG": "C.UTF-8",
                                            **(env or {})})
    return done.returncode, done.stdout, done.stderr


def doctor(env=None):
    """Exit code and rows."""
    code, out, complaints = ctl("--json", env=env)
    assert complaints == "", complaints
    rows = json.loads(out)
    worst = max(("ok", "skipped", "warning", "broken").index(row["verdict"]) for row in rows)
    assert code == max(0, worst - 1)
    for row in rows:
        assert (row["fix"] != "") == (row["verdict"] in ("warning", "broken")), row
    return code, rows


def bad(rows):
    return [row for row in rows if row["verdict"] in ("warning", "broken")]


def found(rows, check, verdict, pattern):
    """The one row of this check that says it."""
    hits = [row for row in rows if row["check"] == check and row["verdict"] == verdict
            and re.search(pattern, row["found"])]
    assert len(hits) == 1, (pattern, bad(rows))
    return hits[0]


@contextlib.contextmanager
def written(path, text, mode=0o644):
    """The file says something else for a while."""
    before = path.read_bytes() if path.exists() else None
    kept = path.stat() if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
        if before is not None:
            path.write_bytes(before)
            path.chmod(kept.st_mode & 0o7777)
            os.chown(path, kept.st_uid, kept.st_gid)


@contextlib.contextmanager
def made(folder):
    folder.mkdir(parents=True)
    try:
        yield
    finally:
        folder.rmdir()


@contextlib.contextmanager
def changed(path, old, new):
    text = path.read_text()
    assert old in text
    with written(path, text.replace(old, new)):
        yield


# --- as it should be ---

def test_all_is_right(house, wecom):
    code, rows = doctor()
    assert not bad(rows), bad(rows)
    assert code == ALL_RIGHT
    for check, pattern in (
            ("bus", "256 connections"), ("daemons", "jauthd answers"),
            ("daemons", "jauth-http answers"), ("configuration", "no mistake"),
            ("secrets", r"\d files"), ("pam", "sshd asks jauth"), ("sshd", "effective"),
            ("names", "passwd: files"), ("neighbours", "no SSSD"), ("neighbours", "no nscd"),
            ("disk", "/var/lib/jauth has"), ("authorities", r"\d authorities"),
            ("relay", "knows this host as house.example.org"), ("methods", "wecom: its vendor"),
            ("clock", "as that of https://")):
        assert any(row["check"] == check and row["verdict"] == "ok"
                   and re.search(pattern, row["found"]) for row in rows), (check, pattern, rows)
    found(rows, "methods", "skipped", "phone: its test needs a person")
    found(rows, "methods", "skipped", "password: this type has no test")
    secrets = [path.read_text().strip() for path in SECRETS.iterdir()] + wecom.secrets_made
    assert not [secret for secret in secrets if secret in json.dumps(rows)]


def test_for_people():
    code, out, complaints = ctl()
    assert (code, complaints) == (ALL_RIGHT, "")
    assert re.search(r"^ok +bus +it answers", out, re.MULTILINE) and "fix:" not in out
    with changed(DEFS, "LOGIN_TIMEOUT", "#LOGIN_TIMEOUT"), \
            written(PAM / "common-account", "account required pam_jauth.so\n"):
        code, out, _ = ctl()
    assert code == BROKEN
    assert re.search(r"^broken +pam +pam_jauth.so stands in .*\n +fix: take it out", out,
                     re.MULTILINE)


CHINESE = {"LANG": "zh_CN.UTF-8"}        # and no such locale on this machine
HAN = re.compile("[\u4e00-\u9fff]")
COMMAND = re.compile("(systemctl|chown|jauthctl check|update-ca-certificates) ")
VERDICTS = {"正常": "ok", "跳过": "skipped", "警告": "warning", "故障": "broken"}


def without_numbers(rows):
    return re.sub("[0-9]+", "", json.dumps(rows))


def lines_on_a_terminal(env):
    """Exit code, and of each line the three columns: where they begin is what is looked at."""
    with Terminal(["jauthctl", "doctor"], env=env, rows=120, columns=400) as terminal:
        code = terminal.wait_end(60)
        rows = [terminal.screen.buffer[y] for y in range(terminal.screen.lines)]
        lines = [tuple("".join(row[x].data for x in range(*span)).rstrip()
                       for span in ((0, 9), (9, 24), (24, 400))) for row in rows]
    return code, [line for line in lines if line[2]]


def test_in_chinese(house):
    """Whatever is said, right or wrong, is Chinese; and stands in its column."""
    _, rows = doctor()
    code, lines = lines_on_a_terminal(CHINESE)
    assert code == ALL_RIGHT
    assert [(VERDICTS[line[0]], line[1]) for line in lines] == [
        (row["verdict"], row["check"]) for row in rows]
    with contextlib.ExitStack() as stack:
        for path, text in ((SSHD_CONFIG, sshd_text(UsePAM="no", MaxStartups="10",
                                                   LoginGraceTime="30", PermitRootLogin="yes")),
                           (PAM / "sshd", "auth sufficient pam_jauth.so\n"),
                           (PAM / "common-account", "account required pam_jauth.so\n"),
                           (NSSWITCH, "passwd: systemd files\ngroup: files\n"),
                           (DROP_IN.with_name("a.conf~"), ""), (AUTHORITIES, ""),
                           (DROP_IN.with_name("a.conf"), methods(s1="wecom") + REGISTERS),
                           (DROP_IN, BY_JAUTHCTL + methods(s1="password"))):
            stack.enter_context(written(path, text))
        stack.enter_context(written(SECRETS / "open", "very secret\n", mode=0o644))
        house.http.stop()
        stack.callback(house.http.start)
        _, rows = doctor(CHINESE)
        assert without_numbers(rows) == without_numbers(doctor()[1])    # which programs read
        code, lines = lines_on_a_terminal(CHINESE)
    assert code == BROKEN
    heads = [line for line in lines if line[0]]
    assert [(VERDICTS[line[0]], line[1]) for line in heads] == [
        (row["verdict"], row["check"]) for row in rows]
    assert [line for line in lines if not HAN.search(line[2])] == []
    fixes = [line for line in lines if not line[0]]
    assert len(fixes) == len(bad(rows)) > 15
    for line, row in zip(fixes, bad(rows)):
        label, fix = line[2][:3], line[2][3:]
        assert (line[1], label) == ("", "处理：")
        assert HAN.search(fix) or (fix == row["fix"] and COMMAND.match(fix)), fix
    for text in ("在两个文件中取值不同", "因文件名而不会被读取", "在 /etc/nsswitch.conf 中写入：",
                 "jauth-http 没有应答", "其他用户可以读取或写入它"):
        assert any(text in line[2] for line in lines), text


def test_a_terminal_that_has_no_chinese():
    for env in ({"LANG": "zh_CN.GB18030"}, {"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}):
        _, lines = lines_on_a_terminal(env)
        assert {line[0] for line in lines} == {"ok", "skipped"}
        assert not HAN.search(str(lines))
    _, out, complaints = ctl(before=["setpriv", "--reuid=nobody", "--regid=nogroup",
                                     "--clear-groups"], env=CHINESE)
    assert (out, complaints) == ("", "jauthctl: 只有 root 可以检查全部内容\n")


def test_only_root():
    code, out, complaints = ctl(before=["setpriv", "--reuid=nobody", "--regid=nogroup",
                                        "--clear-groups"])
    assert (code, out) == (REFUSED, "") and "only root" in complaints
    assert ctl("x")[0] == 2


# --- daemons ---

def test_nobody_is_there(house):
    house.stop_jauth()
    try:
        _, rows = doctor()
        found(rows, "daemons", "broken", "jauthd does not answer")
        found(rows, "daemons", "broken", "jauth-http does not answer")
        found(rows, "methods", "skipped", "jauthd does not answer")
        house.bus.stop()
        found(doctor()[1], "bus", "broken", "nobody listens")
    finally:
        if not house.bus.wanted:
            house.start_bus()
        house.http.start()
        house.jauthd.start()
    assert doctor()[0] == ALL_RIGHT


@contextlib.contextmanager
def full_queue(path):
    """Nobody who accepts, and no room for one more who waits."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(BlockingIOError):
            while True:
                waiting = stack.enter_context(socket.socket(socket.AF_UNIX))
                waiting.setblocking(False)
                waiting.connect(path)
        yield


@pytest.mark.parametrize("others", [contextlib.nullcontext, full_queue], ids=["alone", "queue"])
def test_somebody_is_there_and_silent(house, others):
    house.jauthd.send(signal.SIGSTOP)
    house.http.send(signal.SIGSTOP)
    try:
        with others(HTTP_SOCKET):
            start = time.monotonic()
            rows = json.loads(ctl("--json")[1])
            assert time.monotonic() - start < 20
    finally:
        house.jauthd.send(signal.SIGCONT)
        house.http.send(signal.SIGCONT)
    found(rows, "daemons", "broken", "jauthd does not answer")
    found(rows, "daemons", "broken", "jauth-http takes calls and does not answer")
    wait_until(lambda: doctor()[0] == ALL_RIGHT, 20, "that all is right again")


def test_the_bus_takes_less_than_sshd_lets_begin():
    local = pathlib.Path("/etc/dbus-1/system-local.conf")
    limit = "<busconfig><limit name=\"max_connections_per_user\">{}</limit>{}</busconfig>"
    with written(local, limit.format(200, "")):
        row = found(doctor()[1], "bus", "warning", "takes 200 .* lets 200 logins")
        assert "1024" in row["fix"]
    with written(local, limit.format(1000, "<!-- <limit name=\"max_connections_per_user\">"
                                     "1</limit> -->")):
        found(doctor()[1], "bus", "ok", "takes 1000")


FAKE_SYSTEMCTL = """#!/bin/sh
case $3 in
%s) printf '%s\\n' LoadState=%s ActiveState=%s UnitFileState=%s NeedDaemonReload=%s ;;
*) printf '%s\\n' LoadState=loaded ActiveState=active UnitFileState=enabled NeedDaemonReload=no ;;
esac
"""


@pytest.mark.parametrize("states,verdict,pattern,fix", [
    ("loaded active enabled no", None, None, None),
    ("loaded active static no", None, None, None),
    ("not-found inactive - no", "broken", "is not-found", "daemon-reload"),
    ("loaded failed enabled no", "broken", "is failed", "enable --now jauth"),
    ("loaded active disabled no", "warning", "next start", "enable --now jauth"),
    ("loaded active enabled yes", "warning", "has changed", "daemon-reload")])
def test_units(states, verdict, pattern, fix):
    path = pathlib.Path("/usr/bin/systemctl")
    load, active, file, stale = states.split()
    for unit in ("jauthd.service", "jauth-http.socket"):
        fake = FAKE_SYSTEMCTL % (unit, "%s", load, active, file, stale, "%s")
        with written(path, fake, mode=0o755), made(SYSTEMD):
            rows = [row for row in doctor()[1] if row["check"] == "units"]
        if verdict:
            assert fix in found(rows, "units", verdict, f"{unit}.* {pattern}")["fix"]
        assert len(bad(rows)) == (verdict is not None) and len(rows) == 2


def test_a_mistake_in_the_configuration():
    with written(DROP_IN, "[general]\ncolour = red\n"):
        row = found(doctor()[1], "configuration", "broken", "test.conf:2.*colour")
    assert "jauthctl check" in row["fix"]


BY_JAUTHCTL = "# Written by jauthctl method; change it by jauthctl method set.\n"


def in_folder(name, text="", mode=0o644):
    return written(DROP_IN.with_name(name), text, mode)


def methods(**sections):
    return "".join(f"[service {name}]\nmethods = {value}\n" for name, value in sections.items())


def test_keys_in_two_files():
    """Of the values nothing is told: they may be none of a reader's business."""
    by_hand, kept, kept_too, later = (DROP_IN.with_name(name + ".conf") for name in "abcd")
    with in_folder(by_hand.name, methods(s1="password", s4="password", s5="wecom", s6="wecom")), \
            in_folder(kept.name, BY_JAUTHCTL + methods(s1="wecom", s2="wecom", s3="wecom",
                                                       s5="password")), \
            in_folder(kept_too.name, BY_JAUTHCTL + methods(s3="password")), \
            in_folder(later.name, methods(s2="password", s4="wecom", s5="wecom", s6="wecom")):
        rows = [row for row in doctor()[1] if "methods" in row["found"]]
        place = {(path, name): f"{path}:{line_of(path, name) + 1}"
                 for path in (by_hand, kept, kept_too, later)
                 for name in ("s1", "s2", "s3", "s4", "s5") if name in path.read_text()}
    assert "password" not in json.dumps(rows)
    for name, counts, idle, fix in (
            ("s1", kept, by_hand, "take {idle} away; what shall count is written in {counts}"),
            ("s3", kept_too, kept, "take {idle} away; what shall count is written in {counts}"),
            ("s2", later, kept, "take {counts}.* away, so that what jauthctl writes counts"),
            # The first of the three says what counts, if not for its sake.
            ("s5", later, kept, "take {counts}.* away, so that what jauthctl writes counts")):
        row = found(rows, "configuration", "warning", rf"\[service {name}\] methods stands in two")
        assert f"{place[counts, name]} counts, and {place[idle, name]} has no" in row["found"]
        assert re.match(fix.format(idle=place[idle, name], counts=counts), row["fix"])
    # Who does it by hand means it.
    row = found(rows, "configuration", "ok", r"\[service s4\] methods")
    assert f"{place[later, 's4']} counts, and not {place[by_hand, 's4']}" in row["found"]
    assert len(rows) == 5


def line_of(path, word):
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if word in line)


def test_what_the_wizard_wrote_over_a_section_by_hand(house, jauth):
    """The whole way: a hand edit behind the wizard's back is told, and with the fix it counts."""
    agent = re.search(r"^agent_id = (\d+)$", jauth, re.MULTILINE)
    run(["jauthctl", "method", "set", "wecom", f"agent_id={agent[1]}"])
    kept = DROP_IN.with_name("method-wecom.conf")
    try:
        assert bad(doctor()[1]) == []
        with changed(CONFIG, agent[0], "agent_id = 1999999"):
            row = found(doctor()[1], "configuration", "warning", r"\[method wecom\] agent_id")
            assert f"{CONFIG}:{line_of(CONFIG, 'agent_id')} has no effect" in row["found"]
            assert str(kept) in row["fix"]
            kept.write_text(kept.read_text().replace(agent[1], "1999999"))
            assert bad(doctor()[1]) == []
    finally:
        kept.unlink(missing_ok=True)
        house.reload(jauth)


@contextlib.contextmanager
def spoilt(**modes):
    """Places with another owner, group and mode for a while."""
    places = {"folder": DROP_IN.parent, "drop_in": DROP_IN, "main": CONFIG, "all": CONFIG.parent}
    kept = {path: path.stat() for path in places.values()}
    try:
        for name, (owner, group, mode) in modes.items():
            shutil.chown(places[name], owner, group)
            places[name].chmod(mode)
        yield
    finally:
        for path, st in kept.items():
            os.chown(path, st.st_uid, st.st_gid)
            path.chmod(st.st_mode & 0o7777)


@pytest.mark.parametrize("modes,pattern", [
    ({"all": ("root", "root", 0o777), "folder": ("jauth", "root", 0o755),
      "main": ("root", "root", 0o666), "drop_in": ("root", "jauth", 0o664)},
     "can be changed by others than root"),
    ({"main": ("root", "root", 0o600), "folder": ("root", "root", 0o700),
      "drop_in": ("root", "root", 0o640)}, "jauthd, which runs as jauth, cannot read it"),
    # As it may be.
    ({"all": ("root", "root", 0o775), "folder": ("root", "jauth", 0o750),
      "main": ("root", "root", 0o664), "drop_in": ("root", "jauth", 0o640)}, None)])
def test_who_may_change_and_read_the_configuration(modes, pattern):
    def told():
        return [row for row in bad(doctor()[1]) if row["check"] == "configuration"
                and "--check" not in row["found"] and "cannot be read" not in row["found"]]
    with written(DROP_IN, "[service su]\nmethods = password\n"), spoilt(**modes):
        rows = told()
        assert len(rows) == (len(modes) if pattern else 0)
        for row in rows:
            assert row["verdict"] == "broken" and pattern in row["found"]
            run(["sh", "-c", row["fix"]])
        assert not pattern or told() == []


def test_files_that_are_not_read():
    copies = ["work.conf~", ".work.conf.swp", "work.conf.rpmnew", "work.conf.dpkg-old", "#w.conf#",
              "w\udcff\x1b[2J.conf.bak"]
    misnamed = ["work", "work.cnf", "work.conf.d"]
    with contextlib.ExitStack() as stack:
        for name in [*copies, *misnamed, "README", ".gitignore", "work.conf.tmp"]:
            stack.enter_context(in_folder(name, "[nonsense\n"))
        rows = bad(doctor()[1])
        assert {row["verdict"] for row in rows} == {"warning"} and "\x1b" not in str(rows)
        assert [("compare" in row["fix"], "ends in .conf" in row["fix"]) for row in sorted(
            rows, key=lambda row: row["fix"])] == [(True, False)] * len(copies) + [
                (False, True)] * len(misnamed)
        for name in [*copies[:5], *misnamed]:
            found(rows, "configuration", "warning", f"/{re.escape(name)} is not read")
        for n in range(25):
            stack.enter_context(in_folder(f"{n:02}.conf~"))
        assert len(bad(doctor()[1])) == 20


# --- PAM ---

JAUTH = "auth [success=done ignore=ignore default=die] pam_jauth.so\n"
ACCOUNT = "account required pam_jauth.so\naccount include common-account\n"


@pytest.mark.parametrize("stack,verdict,pattern", [
    ("auth sufficient pam_unix.so\n" + JAUTH + "auth include common-auth\n", "broken",
     "pam_unix.so lets people in before"),
    ("auth [success=1 default=ignore] pam_sss.so\n" + JAUTH + "auth include common-auth\n",
     "broken", "pam_sss.so lets people in before"),
    ("auth include common-auth\n" + JAUTH, None, None),
    ("auth substack common-auth\n" + JAUTH, None, None),
    ("auth sufficient pam_rootok.so\n" + JAUTH + "auth include common-auth\n", None, None),
    ("auth required pam_env.so\n-auth optional pam_faildelay.so delay=3 # twice\n" + JAUTH
     + "auth include common-auth\n", None, None),
    ("auth sufficient pam_jauth.so\nauth include common-auth\n", "broken",
     "auth_err=ignore.*another password"),
    ("auth optional pam_jauth.so\nauth include common-auth\n", "broken", "maxtries=ignore"),
    ("auth [success=done ignore=ignore auth_err=die default=ignore] \\\n pam_jauth.so\n"
     "auth include common-auth\n", "broken", "perm_denied=ignore"),
    ("auth [success=done default=die] pam_jauth.so\nauth include common-auth\n", "broken",
     "ignore=die.*root"),
    ("auth [success=done ignore=ignore authinfo_unavail=ignore default=die] pam_jauth.so\n"
     "auth include common-auth\n", "warning", "unreachable"),
    ("auth required pam_jauth.so\nauth include common-auth\n", None, None),
    ("auth requisite /lib/security/pam_jauth.so\nauth include common-auth\n", None, None),
    (JAUTH + "auth required pam_permit.so\n", "broken", "nothing but jauth"),
    (JAUTH, "broken", "nothing but jauth"),
    (JAUTH + "auth include common-auth\n@include nosuch\n", "broken", "not whole"),
    (JAUTH + "auth include common-auth\nauth include sshd\n", "broken", "not whole"),
])
def test_a_stack(stack, verdict, pattern):
    with written(PAM / "sshd", stack + ACCOUNT):
        rows = [row for row in doctor()[1] if row["check"] == "pam"]
    if verdict:
        found(rows, "pam", verdict, "sshd: .*" + pattern)
    else:
        assert bad(rows) == []


def test_a_stack_and_the_policy(house):
    with written(PAM / "sshd", JAUTH + "auth include common-auth\n"):
        found(doctor()[1], "pam", "warning", "stands in auth only")
    with written(PAM / "sshd", "@include common-auth\n"):
        _, rows = doctor()
        assert found(rows, "pam", "warning", "stack does not ask")["fix"] == \
            "jauthctl service enable sshd"
        found(rows, "pam", "warning", "no service asks jauth")
        found(rows, "sshd", "skipped", "does not ask")
    with written(PAM / "su", JAUTH + "auth include common-auth\n" + ACCOUNT):
        found(doctor()[1], "pam", "warning", r"no section \[service su\]")


def test_sections_and_stacks_that_are_not_of_logins(house, jauth):
    house.reload(jauth + configs.service("shhd", "password") + configs.service("passwd", "password")
                 + configs.service("jauthctl", "password"))
    try:
        with changed(PAM / "passwd", "@include common-password",
                     "password required pam_jauth.so\npassword include common-password"):
            _, rows = doctor()
        found(rows, "pam", "warning", "there is no PAM service shhd")
        assert len([row for row in bad(rows) if row["check"] == "pam"]) == 1
    finally:
        house.reload(jauth)


def test_jauth_in_what_everybody_shares():
    for name in ("common-auth", "common-account", "common-session"):
        kind = name.removeprefix("common-")
        text = (PAM / name).read_text()
        with written(PAM / name, f"{kind} optional pam_jauth.so\n" + text):
            found(doctor()[1], "pam", "broken", f"stands in /etc/pam.d/{name}")


def test_a_module_that_is_missing(house):
    module = next(pathlib.Path("/usr/lib").glob("*/security/pam_jauth.so"))
    module.rename(module.with_suffix(".away"))
    try:
        found(doctor()[1], "pam", "broken", "pam_jauth.so: No such file")
    finally:
        module.with_suffix(".away").rename(module)


def test_a_service_that_waits(house, jauth):
    house.reload(jauth + configs.service("su", "password"))
    run(["jauthctl", "service", "enable", "su", "--for", "1h"])
    try:
        row = found(doctor()[1], "pam", "warning", "su waits to be confirmed; in 3[56]")
        assert "service confirm su" in row["fix"]
    finally:
        run(["jauthctl", "service", "rollback", "su"])
        house.reload(jauth)


# --- sshd and the console ---

@pytest.mark.parametrize("options,verdict,pattern,fix", [
    ({"UsePAM": "no"}, "broken", "usepam is no", "UsePAM yes"),
    ({"KbdInteractiveAuthentication": "no"}, "broken", "kbdinteractive", "KbdInteractive"),
    ({"PasswordAuthentication": "yes"}, "warning", "passwordauthentication is yes", "no"),
    ({"LoginGraceTime": "30"}, "warning", "30 s", "LoginGraceTime 180"),
    ({"LoginGraceTime": "0"}, None, None, None),
    ({"MaxStartups": "10:30:100"}, "warning", "refuse at 10", "MaxStartups"),
    ({"MaxStartups": "10"}, "warning", "refuse at 10", "MaxStartups"),
    ({"AuthenticationMethods": "publickey"}, "broken", "never asked", "publickey,keyboard"),
    ({"AuthenticationMethods": "publickey,keyboard-interactive"}, None, None, None),
    ({"PermitRootLogin": "no"}, "warning", "no group is exempt", "break_glass"),
    ({"PermitRootLogin": "yes"}, "warning", "root's password", "prohibit-password"),
    ({"Colour": "red"}, "broken", "Colour", "sshd -t"),
    ({"Match": "User jane\nMaxSessions 1"}, None, None, None),
])
def test_sshd(options, verdict, pattern, fix):
    with written(SSHD_CONFIG, sshd_text(**options)):
        rows = [row for row in doctor()[1] if row["check"] == "sshd"]
    if verdict:
        assert fix in found(rows, "sshd", verdict, pattern)["fix"]
    else:
        assert bad(rows) == []


def test_a_group_that_is_exempt_is_a_way_in(house):
    house.use_jauth("sshd", options="break_glass=wheel")
    try:
        with written(SSHD_CONFIG, sshd_text(PermitRootLogin="no")):
            assert not [row for row in bad(doctor()[1]) if row["check"] == "sshd"]
    finally:
        house.use_jauth("sshd")


def test_the_console(house, jauth):
    house.use_jauth("login")
    house.reload(jauth + configs.service("login", "password"))
    try:
        for text, verdict in (("LOGIN_TIMEOUT 60\n", "warning"), ("", "warning"),
                              ("# LOGIN_TIMEOUT 600\n", "warning"), ("LOGIN_TIMEOUT\t180\n", "ok"),
                              ("LOGIN_TIMEOUT 0\n", "ok")):
            with written(DEFS, text):
                _, rows = doctor()
                found(rows, "console", verdict, "LOGIN_TIMEOUT is")
                assert not [row for row in bad(rows) if row["check"] == "pam"]
    finally:
        house.use_debian("login")
        house.reload(jauth)


def test_lastlog_of_a_fleet():
    with written(DROP_IN, "[accounts]\nuids = fleet\n"):
        assert "LASTLOG_UID_MAX" in found(doctor()[1], "console", "warning", "588 GB")["fix"]
        with written(DEFS, "LASTLOG_UID_MAX 100000\n"):
            assert not [row for row in bad(doctor()[1]) if row["check"] == "console"]


# --- names ---

@pytest.mark.parametrize("text,people,verdict,pattern", [
    ("passwd: files systemd\ngroup: files [SUCCESS=merge] systemd\n", True, None, None),
    ("passwd: compat systemd\ngroup: compat systemd\n", True, None, None),
    ("passwd: files\ngroup: files\n", False, None, None),
    ("passwd: systemd files\ngroup: files\n", False, "broken", "passwd asks systemd before"),
    ("passwd: files\ngroup: [files] systemd [a b] files\n", False, "broken", "group asks"),
    ("passwd: sss\ngroup: files\n", False, "broken", "passwd does not look into"),
    ("passwd: files sss\ngroup: files systemd\n", True, "broken", "passwd does not ask systemd"),
    ("passwd: files systemd\ngroup: files # systemd\n", True, "broken", "group does not ask"),
    ("group: files systemd\n", True, "broken", "passwd does not look"),
    ("passwd: files systemd\ngroup: files systemd\ninitgroups: files\n", True, "warning",
     "initgroups"),
])
def test_name_service(text, people, verdict, pattern):
    with contextlib.ExitStack() as stack:
        if people:
            stack.enter_context(written(DROP_IN, REGISTERS))
        with written(NSSWITCH, text):
            rows = [row for row in doctor()[1] if row["check"] == "names"]
    if verdict:
        found(rows, "names", verdict, pattern)
    assert len(bad(rows)) == (verdict is not None)


@contextlib.contextmanager
def listening(path, answer=None):
    """A socket that takes calls; `answer` from the question, None: it says nothing, False: it
    closes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        peers = []

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = listener.accept()
                    peers.append(peer)
                    if answer is False:
                        peer.close()
                    elif answer:
                        peer.sendall(json.dumps(answer(json.loads(peer.recv(4096)[:-1])))
                                     .encode() + b"\0")
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield
        finally:
            path.unlink()
            listener.shutdown(socket.SHUT_RDWR)
            for peer in peers:
                peer.close()


def test_neighbours():
    with listening(pathlib.Path("/run/nscd/socket"), False):
        found(doctor()[1], "neighbours", "warning", "nscd remembers")
    conf = pathlib.Path("/etc/sssd/sssd.conf")
    with written(DROP_IN, REGISTERS):
        with written(conf, "[domain/x]\nid_provider = ad\n"):
            found(doctor()[1], "neighbours", "ok", "others than jauth's")
        with written(conf, "[domain/x]\nldap_idmap_range_min = 100000\n"):
            found(doctor()[1], "neighbours", "broken", "may give to others")
    with written(DROP_IN, REGISTERS + "[accounts]\nuids = fleet\n"):
        with written(conf, "[domain/x]\nldap_idmap_range_max = 4000000000\n"):
            found(doctor()[1], "neighbours", "broken", "may give to others")
        with written(conf, "[domain/x]\nldap_idmap_range_min = 100000\n"):
            found(doctor()[1], "neighbours", "ok", "others than jauth's")


# --- jauth-userdb ---

def no_such(_):
    return {"error": "io.systemd.UserDatabase.NoRecordFound", "parameters": {}}


@pytest.mark.parametrize("answer,pattern", [
    (lambda _: {"error": "io.systemd.UserDatabase.BadService", "parameters": {}}, "does not answer as"),
    (lambda _: {"parameters": {"record": {"userName": "root"}}}, "does not answer as"),
    (None, "every look-up"), ("nobody", "org.jauth1: No such file")])
def test_userdb_that_is_wrong(answer, pattern):
    with contextlib.ExitStack() as stack:
        stack.enter_context(written(DROP_IN, REGISTERS))
        if answer != "nobody":
            stack.enter_context(listening(USERDB, answer))
        _, rows = doctor()
    found(rows, "userdb", "broken", pattern)


def test_a_snapshot_that_is_missing_or_damaged():
    with written(DROP_IN, REGISTERS), listening(USERDB, no_such):
        kept = SNAPSHOT.read_bytes() if SNAPSHOT.exists() else None
        SNAPSHOT.unlink(missing_ok=True)
        _, rows = doctor()
        found(rows, "userdb", "broken", "snapshot: No such file")
        found(rows, "userdb", "ok", "jauth-userdb answers in")
        with written(SNAPSHOT, "not one\n"):
            found(doctor()[1], "userdb", "broken", "snapshot: it is damaged")
        if kept is not None:
            SNAPSHOT.write_bytes(kept)


def test_the_real_userdb(house):
    """By the whole way that every program goes."""
    with written(DROP_IN, REGISTERS), written(NSSWITCH, NSSWITCH.read_text()):
        ours = userdb.group(*userdb.GROUP), userdb.user("anna", 70001)
        userdb.write(*ours)
        service = house.userdb()
        try:
            _, rows = doctor()
            assert not [row for row in bad(rows) if row["check"] in ("userdb", "names")]
            found(rows, "userdb", "ok", "1 people and 1 groups")
            found(rows, "userdb", "ok", "jauth-userdb answers in")
            found(rows, "userdb", "ok", "getpwnam finds anna")
            with changed(NSSWITCH, "systemd", ""):
                row = found(doctor()[1], "userdb", "broken", "getpwnam does not find anna")
                assert "libnss-systemd" in row["fix"]
            written_at = SNAPSHOT.stat().st_mtime_ns
            with changed(pathlib.Path("/etc/passwd"), "root:x:0:",
                         "anna:x:1999:100::/:/bin/sh\nroot:x:0:"):
                # jauthd sees that, and writes its own.
                wait_until(lambda: SNAPSHOT.stat().st_mtime_ns != written_at, 10, "jauthd")
                userdb.write(*ours)
                found(doctor()[1], "userdb", "broken", "anna is also a user of this machine")
        finally:
            service.stop()
            SNAPSHOT.unlink()


# --- files ---

@pytest.fixture
def secret():
    path = SECRETS / "other"
    SECRETS.mkdir(exist_ok=True)
    path.write_text("very secret\n")
    path.chmod(0o640)
    shutil.chown(path, "root", "jauth")
    yield path
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def as_link(path):
    path.unlink()
    path.symlink_to("/etc/shadow")


def as_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("spoil,pattern", [
    (lambda path: path.chmod(0o644), "others may read"),
    (lambda path: path.chmod(0o642), "others may read"),
    (lambda path: path.chmod(0o600), "cannot read it"),
    (lambda path: shutil.chown(path, "nobody"), "neither to root nor to jauth"),
    (lambda path: shutil.chown(path, "root", "shadow"), "another group"),
    (as_link, "symbolic link"), (as_folder, "no file")])
def test_a_secret(secret, spoil, pattern):
    found(doctor()[1], "secrets", "ok", "files, readable")
    spoil(secret)
    row = found(doctor()[1], "secrets", "broken", pattern)
    assert "chmod 0640 /etc/jauth/secrets/other" in row["fix"]
    if secret.is_dir():
        secret.rmdir()


def test_a_secret_that_is_named_and_missing():
    with written(DROP_IN, "[method github]\nclient_id = x\n"
                 "client_secret_file = /etc/jauth/nowhere\n"):
        found(doctor()[1], "secrets", "broken", "/etc/jauth/nowhere: No such file")


def test_the_folder_of_the_secrets(secret):
    mode = SECRETS.stat().st_mode
    try:
        SECRETS.chmod(0o777)
        found(doctor()[1], "secrets", "broken", "changed by others")
        SECRETS.chmod(0o700)
        if (SECRETS.stat().st_uid, SECRETS.stat().st_gid) == (0, 0):
            found(doctor()[1], "secrets", "broken", "secrets/other: .*cannot read")
    finally:
        SECRETS.chmod(mode)


@contextlib.contextmanager
def mounted(*words):
    run(["mount", *words])
    try:
        yield
    finally:
        run(["umount", words[-1]])


def test_the_disk():
    with mounted("-t", "tmpfs", "-o", "size=8M", "tmpfs", "/var/lib/jauth"):
        found(doctor()[1], "disk", "broken", "/var/lib/jauth is full")
    with mounted("-t", "tmpfs", "-o", "size=100M", "tmpfs", "/var/lib/jauth"):
        found(doctor()[1], "disk", "warning", r"/var/lib/jauth has only \d+ MiB")
    with mounted("-t", "tmpfs", "-o", "ro", "tmpfs", "/var/lib/jauth"):
        found(doctor()[1], "disk", "broken", "/var/lib/jauth is read-only")


# --- beyond this machine ---

def test_authorities():
    with written(AUTHORITIES, ""):
        found(doctor()[1], "authorities", "broken", "no certificate")
    with written(AUTHORITIES, "-----BEGIN CERTIFICATE-----\n", mode=0o600):
        found(doctor()[1], "authorities", "broken", "cannot be read by jauth-http")
    AUTHORITIES.rename("/etc/ssl/away")
    try:
        found(doctor()[1], "authorities", "broken", "No such file")
    finally:
        os.rename("/etc/ssl/away", AUTHORITIES)


def test_the_relay(double, house):
    key = (SECRETS / "relay").read_text()
    with written(SECRETS / "relay", key[:-5] + "AAAA\n", mode=0o640):
        _, rows = doctor()
        assert [row for row in bad(rows) if row["check"] == "relay"]
    with written(DROP_IN, "[relay]\nurl = https://relay.example.org:1\n"):
        _, rows = doctor()
    found(rows, "relay", "broken", "relay.example.org:1: ")
    found(rows, "servers", "broken", "relay.example.org:1 cannot be reached: ")
    assert not bad(doctor()[1]), bad(doctor()[1])


def test_a_vendor_that_is_not_there(house, jauth, op):
    house.reload(jauth.replace(op.issuer, "https://op.example.org:1"))
    try:
        row = found(doctor()[1], "servers", "broken", "op.example.org:1 cannot be reached")
        assert "proxy" in row["fix"]
    finally:
        house.reload(jauth)


def test_a_directory_goes_out_by_its_proxy(house, jauth):
    text = jauth.replace("[method wecom]\n", "[directory wecom]\nproxy = http://127.0.0.1:1\n")
    assert text != jauth
    house.reload(text)
    try:
        found(doctor()[1], "servers", "broken", "127.0.0.1")
    finally:
        house.reload(jauth)


def test_a_vendor_nobody_vouches_for(house):
    house.http.stop()
    argv = house.http.argv
    house.http.argv = [word for word in argv if "ca" not in os.path.basename(word)]
    house.http.start()
    try:
        _, rows = doctor()
        assert [row for row in bad(rows) if row["check"] == "servers"
                and "certificate" in row["found"]]
    finally:
        house.http.stop()
        house.http.argv = argv
        house.http.start()


def test_keys_that_the_vendor_does_not_take(house, jauth, secret, wecom):
    path = wecom.keys()["secret_file"]
    house.reload(jauth.replace(str(path), str(secret)))
    try:
        row = found(doctor()[1], "methods", "broken", "wecom: .*40001")
        assert row["fix"].startswith("jauthctl method probe wecom")
        assert "very secret" not in json.dumps(row)
    finally:
        house.reload(jauth)


def ahead(seconds):
    """The environment of a jauthctl whose clock is wrong by so many seconds."""
    path = "/run/house/doctor-clock"
    with open(path, "wb") as file:
        file.write(struct.pack("=q", seconds))
    return {"LD_PRELOAD": PRELOADED, "MOVED_CLOCK": path}


@pytest.mark.parametrize("seconds,verdict,pattern", [
    (2, "ok", "as that of"), (20, "warning", r"(19|20|21) s ahead of"),
    (200, "broken", r"(19\d|20\d) s ahead of"), (-20, "warning", "s behind"),
    (-3600, "broken", r"3[56]\d\d s behind")])
def test_the_clock(seconds, verdict, pattern):
    rows = [row for row in doctor(ahead(seconds))[1] if row["check"] == "clock"]
    assert rows and all(row["verdict"] == verdict and re.search(pattern, row["found"])
                        for row in rows), rows
    assert verdict == "ok" or all("set-ntp" in row["fix"] for row in rows)


def test_a_certificate_that_ends_soon():
    assert not [row for row in doctor()[1] if "certificate of" in row["found"]]
    _, rows = doctor(ahead(20 * 24 * 3600))
    soon = [row for row in rows if "certificate of" in row["found"]]
    assert soon and all(row["verdict"] == "warning" and "ends in 9 days" in row["found"]
                        for row in soon), soon
