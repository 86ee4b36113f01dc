# SPDX-License-Identifier: GPL-3.0-or-later
"""People who become users by a list of telephone numbers: over real ssh, with a code for each; a
row that goes, comes back or has another number; files that cannot be right; and that no number
stands whole where it must not."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

import configs
from accounts import USERDB
from bus import Bus
from directories import Sync, ctl, is_locked, listed, members, people, query, refused_sync, sync
from house import DATABASE, wait_until
from people import SMS_GATE, SMS_PROMPT, expect_no_shell, expect_shell
from service import run

PEOPLE = pathlib.Path("/etc/jauth/people")
SESSION = pathlib.Path("/etc/pam.d/common-session")
LEI, MEI, BO = "+8613711114321", "+8613722228765", "+8613733339876"


def text_of(gateway, **more):
    return ("[general]\ncountry = CN\n" + configs.head(tries=1) + configs.PASSWORD
            + configs.sms_gateway(gateway)
            + configs.sms(vendors="gateway", people_file=PEOPLE, sync_every="0", **more)
            + configs.section("group operators", {"from": "phone/ops"})
            + configs.section("group docker", {"from": "phone/dock", "local": "yes"})
            + configs.service("sshd", "phone") + configs.service("jauth-test", "phone"))


def write_people(text, mode=0o640, end="\n"):
    PEOPLE.unlink(missing_ok=True)
    data = text if isinstance(text, bytes) else (text + end).encode()
    PEOPLE.write_bytes(data)
    os.chown(PEOPLE, 0, int(run(["id", "-g", "jauth"]).stdout))
    os.chmod(PEOPLE, mode)


@pytest.fixture(scope="module", autouse=True)
def jauth(house, gateway):
    run(["groupadd", "-f", "docker"])
    house.userdb()
    session = SESSION.read_text()
    SESSION.write_text(session + "session required pam_mkhomedir.so umask=0077\n")
    house.use_jauth("sshd", sessions=True)
    house.configure(text_of(gateway))
    yield house
    house.use_debian("sshd")
    SESSION.write_text(session)
    PEOPLE.unlink(missing_ok=True)
    house.stop_jauth()
    house.userdb().stop()


@pytest.fixture(autouse=True)
def fresh(house, gateway):
    """Nobody is there, nothing was counted."""
    gateway.reset()
    house.configure(text_of(gateway))
    yield
    assert not gateway.complaints


@pytest.fixture
def staff():
    """Lei and Mei, synced."""
    write_people(f"{LEI} lei @ops 王雷\n# a comment\n{MEI} mei Mei Zhang")
    done = sync(name="phone")
    assert (done.of("add"), done.result) == (["lei", "mei"], "2 added")
    wait_known("lei")


def wait_known(name):
    wait_until(lambda: run(["getent", "passwd", name], check=False).returncode == 0, 10, name)


def phones(*words):
    return json.loads(run(["jauthctl", "phone", "list", *words, "--json"]).stdout)


def messages(gateway, number):
    return [message for message in gateway.messages if message["number"] == number]


def log_in(house, gateway, name, number, n=1):
    """Up to the shell, with the n-th code that this number gets."""
    with house.sshd().login(name) as ssh:
        ssh.wait_for(SMS_GATE)
        ssh.send_line("y")
        ssh.wait_for(SMS_PROMPT)
        wait_until(lambda: len(messages(gateway, number)) >= n, 10, "the message")
        ssh.send_line(messages(gateway, number)[n - 1]["code"])
        expect_shell(ssh, name)


def turned_away(house, gateway, name):
    """Reads what everybody reads, types some code, and is out; nobody got a message."""
    sent = len(gateway.messages)
    with house.sshd().login(name, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(SMS_GATE)
        ssh.send_line("y")
        for _ in range(3):
            ssh.wait_for(SMS_PROMPT)
            ssh.send_line("000000")
        expect_no_shell(ssh, name)
    assert len(gateway.messages) == sent
    house.unlock_limits()               # also who has no number is counted


def account(user):
    """The account phase, as for an SSH key."""
    with Bus() as bus, bus.begin(user, service="jauth-test", phase="account") as login:
        return login.outcome()


def test_a_person_who_exists_nowhere_else_gets_a_shell(house, gateway, staff):
    uid = int(run(["id", "-u", "lei"]).stdout)
    assert 65536 <= uid < 200000
    log_in(house, gateway, "lei", LEI)
    home = pathlib.Path("/home/lei")
    assert home.is_dir() and home.stat().st_uid == uid
    assert run(["getent", "passwd", "lei"]).stdout.split(":")[4:6] == ["王雷", "/home/lei"]
    assert set(run(["id", "-Gn", "lei"]).stdout.split()) == {"jauth-users", "operators"}
    assert "lei" in run(["getent", "group", "operators"]).stdout
    assert house.audit("lei")[-1]["outcome"] == "granted"


def test_who_is_not_on_the_list_is_nobody(house, gateway, staff):
    turned_away(house, gateway, "bo")
    assert "bo" not in people()


def test_a_row_that_goes_takes_everything_and_brings_it_back(house, gateway, staff):
    uid = people()["lei"][0]
    write_people(f"{MEI} mei Mei Zhang")
    assert sync(name="phone").of("lock") == ["lei"]
    assert people()["lei"][:2] == (uid, 1) and is_locked("lei")
    assert account("lei") == "locked" and account("mei") != "locked"
    turned_away(house, gateway, "lei")
    assert phones("lei") == []
    wait_until(lambda: '"locked":true' in run(
        ["userdbctl", "--json=short", "user", "lei"]).stdout, 10, "the lock")
    write_people(f"{MEI} mei Mei Zhang\n{LEI} lei @ops 王雷")
    assert sync(name="phone").of("unlock") == ["lei"]
    assert people()["lei"][:2] == (uid, 0) and not is_locked("lei")
    log_in(house, gateway, "lei", LEI)


def give_key(house, name):
    key, folder = house.folder / f"{name}-key", pathlib.Path("/home", name, ".ssh")
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)])
    folder.mkdir(mode=0o700)
    shutil.copy(key.with_suffix(".pub"), folder / "authorized_keys")
    for path in (folder, folder / "authorized_keys"):
        shutil.chown(path, name)
    return key


def test_keys_and_sessions_end_with_the_row(house, gateway, staff):
    helper = house.end_session_helper()
    log_in(house, gateway, "lei", LEI)
    by_key = house.sshd().command("lei", "echo up; sleep 983", BatchMode="yes",
                                  IdentityFile=give_key(house, "lei"))
    with subprocess.Popen(by_key, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ssh:
        assert ssh.stdout.readline() == b"up\n"
        write_people(f"{MEI} mei Mei Zhang")
        assert sync(name="phone").of("lock") == ["lei"]
        assert ssh.wait(20) != 0
    refused = run(by_key, check=False, timeout=20)
    assert refused.returncode != 0 and "up" not in refused.stdout
    helper.stop()


def test_another_number_takes_the_place_of_the_old_one(house, gateway, staff):
    write_people(f"{BO} lei @ops 王雷\n{MEI} mei Mei Zhang")
    done = sync(name="phone")
    assert (done.of("number"), done.result) == (["lei"], "1 with another number")
    assert done.text("lei") == ["has another telephone number"]
    log_in(house, gateway, "lei", BO)
    assert not messages(gateway, LEI)
    assert len(phones("lei")) == 1


def test_a_login_under_way_ends_with_its_number(house, gateway, staff):
    """The code is the right one, and the number is not his any more."""
    with house.sshd().login("lei", NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(SMS_GATE)
        ssh.send_line("y")
        ssh.wait_for(SMS_PROMPT)
        wait_until(lambda: messages(gateway, LEI), 10, "the message")
        write_people(f"{BO} lei\n{MEI} mei Mei Zhang")
        sync(name="phone")
        ssh.send_line(messages(gateway, LEI)[0]["code"])
        expect_no_shell(ssh, "lei")


def test_who_returns_with_another_number_may_be_somebody_else(house, gateway, staff):
    write_people(f"{MEI} mei Mei Zhang")
    sync(name="phone")
    write_people(f"{BO} lei\n{MEI} mei Mei Zhang")
    assert sync(name="phone").of("refuse") == ["lei"]
    turned_away(house, gateway, "lei")
    uid = people()["lei"][0]
    house.ctl("user", "remove", "lei")
    assert sync(name="phone").of("add") == ["lei"]
    assert people()["lei"][0] != uid
    wait_known("lei")
    log_in(house, gateway, "lei", BO)


def test_a_second_sync_writes_nothing(staff):
    tables = ("people", "people_groups", "phones", "directory_members", "directory_places",
              "directory_departments", "directory_done", "audit")
    before = [query(f"SELECT * FROM {table}") for table in tables]
    done = sync(name="phone")
    assert (done.changes, done.result) == ([], "no changes")
    assert [query(f"SELECT * FROM {table}") for table in tables] == before


def test_a_dry_run_makes_nobody(house):
    write_people(f"{LEI} lei")
    assert sync("--dry-run", name="phone").of("add") == ["lei"]
    assert people() == {} and phones() == []


def test_names_that_are_not_to_be_had(house, gateway, user):
    """Neither root nor the host's own users get a number by a row that spells them."""
    write_people(f"{LEI} root\n{MEI} {user}\n{BO} admin\n+8613744440000 docker\n"
                 "+8613744440001 bo")
    done = sync(name="phone")
    assert done.of("add") == ["bo"]
    assert done.of("refuse") == sorted(["root", user, "admin", "docker"])
    assert [row["user"] for row in phones()] == ["bo"]
    turned_away(house, gateway, user)
    assert listed("phone")["refused"] == 4


def test_rights_by_a_group_need_a_word(house, gateway):
    """docker is a privileged group: who is in it by the list gets in with privileged = yes only."""
    write_people(f"{LEI} lei @dock")
    sync(name="phone")
    wait_known("lei")
    assert "docker" in run(["id", "-Gn", "lei"]).stdout
    with house.sshd().login("lei", NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(SMS_GATE)
        ssh.send_line("y")
        ssh.wait_for(SMS_PROMPT)
        wait_until(lambda: messages(gateway, LEI), 10, "the message")
        ssh.send_line(messages(gateway, LEI)[0]["code"])
        expect_no_shell(ssh, "lei")
    assert "privileged" in house.audit("lei")[-1]["reason"]
    house.reload(text_of(gateway, privileged="yes"))
    house.unlock_limits()
    log_in(house, gateway, "lei", LEI, n=2)


BAD_FILES = [
    (f"{LEI} a\n{LEI} b", 0o640, "line 2: this number stands in line 1"),
    (f"{LEI} mei\n{BO} mei", 0o640, "line 2: this name stands in line 1"),
    ("12345 lei", 0o640, "line 1: the first word is no telephone number"),
    (f"{LEI} Lei", 0o640, "line 1: the second word is no user name"),
    (b"", 0o640, "is empty"),
    (f"{MEI} mei\n{LEI} le".encode(), 0o640, "line 2: the last line has no end"),
    (f"{LEI} lei\n".encode("utf-16"), 0o640, "UTF-8"),
    (f"{LEI} lei", 0o660, "chmod go-w"),
    (f"{LEI} lei", 0o644, "chmod o-r"),
    (f"{LEI} lei", 0o600, "Permission denied"),
    ("".join(f"+86139{n:08} p{n}\n" for n in range(100000)), 0o640, "too large"),
    ("".join(f"+86139{n:08} p{n}\n" for n in range(10001)), 0o640, "more than 10000 people"),
]


def test_a_file_that_is_not_right_changes_nothing(staff):
    before = people(), phones()
    for text, mode, says in BAD_FILES:
        write_people(text, mode)
        done = refused_sync(name="phone")
        assert says in done.result and "/etc/jauth/people" in done.result, (says, done.result)
        assert "13711114321" not in done.result and not done.changes
        assert (people(), phones()) == before
        assert listed("phone")["state"] == "failed"


def test_no_file_changes_nothing_either(staff):
    PEOPLE.unlink()
    assert "No such file" in refused_sync(name="phone").result
    PEOPLE.symlink_to("/etc/passwd")
    assert "symbolic link" in refused_sync(name="phone").result
    PEOPLE.unlink()
    PEOPLE.mkdir()
    assert "no regular file" in refused_sync(name="phone").result
    PEOPLE.rmdir()
    assert len(people()) == 2


def test_a_file_of_windows_is_read(house, gateway):
    write_people(b"\xef\xbb\xbf" + f"137-1111-4321 lei 王雷\r\n".encode())
    assert sync(name="phone").of("add") == ["lei"]
    wait_known("lei")
    log_in(house, gateway, "lei", LEI)


def test_many_who_go_at_once_are_asked_about():
    write_people("\n".join(f"+86137000001{n:02} p{n}" for n in range(20)))
    assert len(sync(name="phone").of("add")) == 20
    write_people("# nobody")
    done = refused_sync(name="phone")
    assert "20 of 20 members" in done.result and len(people()) == 20
    assert sum(state for _, state, _ in people().values()) == 0
    write_people("\n".join(f"+86137000001{n:02} p{n}" for n in range(15)))
    assert len(sync("--allow-removals", "20", name="phone").of("lock")) == 5
    write_people("# nobody")
    assert "15 of 15 members" in refused_sync(name="phone").result
    assert len(sync("--allow-removals", "15", name="phone").of("lock")) == 15
    assert query("SELECT count(*) FROM phones") == [(0,)]


def test_thousands_of_rows_in_many_groups():
    write_people("\n".join(f"+86139{n:08} p{n} @g{n % 20}" for n in range(1000)))
    assert sync(name="phone").result == "1000 added"
    assert sync(name="phone").changes == []
    assert query("SELECT count(*) FROM people_groups") == [(1000,)]


def test_registration_without_a_list_is_a_mistake(house, gateway):
    text = (configs.head() + configs.sms_gateway(gateway)
            + configs.sms(vendors="gateway", registration="yes"))
    path = house.folder / "bounded.conf"
    path.write_text(text)
    done = subprocess.run(["jauthd", "--check", "--config", str(path)], check=False, text=True,
                          capture_output=True)
    assert done.returncode != 0 and "add people_file" in done.stdout


def test_a_number_of_the_list_is_taken_away_in_the_list(staff):
    [row] = phones("lei")
    assert (row["list"], row["number"]) == ("phone", "*****21")
    done = subprocess.run(["jauthctl", "phone", "remove", str(row["id"])], check=False, text=True,
                          capture_output=True)
    assert done.returncode != 0 and "take its row out there" in done.stderr
    assert len(phones("lei")) == 1


def test_no_number_stands_whole_anywhere(house, gateway, staff):
    log_in(house, gateway, "lei", LEI)
    write_people(f"{BO} lei\n{BO} mei")
    refused_sync(name="phone")
    places = [*DATABASE.glob("*"), *pathlib.Path(USERDB).glob("*"), *house.folder.glob("*.log")]
    assert any(place.name == "jauth.db" for place in places)
    assert any("snapshot" in place.name for place in places)
    told = json.dumps([house.audit(), listed("phone"), members("phone"), ctl("list")])
    for number in (LEI, MEI, BO):
        digits = number.removeprefix("+86").encode()
        assert not [str(place) for place in places if digits in place.read_bytes()]
        assert digits.decode() not in told + house.journal()
    assert members("phone")["lei"]["departments"] == "ops ops"


def test_killed_at_any_time_it_goes_on(house, staff):
    write_people("\n".join(f"+86139{n:08} p{n}" for n in range(1500)) + f"\n{LEI} lei\n{MEI} mei")
    for _ in range(3):
        with subprocess.Popen(["jauthctl", "directory", "sync", "phone"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
            wait_until(lambda: query("SELECT count(*) FROM directory_members"), 10, "the sync")
            house.jauthd.kill()
            client.wait(30)
        house.jauthd.restart()
    assert wait_until(lambda: Sync(name="phone").code == 0, 60, "a whole sync")
    assert len(people()) == 1502
    assert query("SELECT count(*) FROM phones WHERE source = 'phone'") == [(1502,)]


def doctor_of_the_list():
    """What the doctor finds: how bad it is, what it is, and what to do."""
    done = run(["jauthctl", "doctor", "--json"], check=False)
    [row] = [row for row in json.loads(done.stdout) if row["check"] == "directories"]
    return row["verdict"], row["found"], row["fix"]


def test_the_doctor_reads_the_last_sync(gateway, user):
    """From no list to one that is right, one that is not, and one that is almost empty."""
    PEOPLE.unlink(missing_ok=True)
    refused_sync(name="phone")
    verdict, text, fix = doctor_of_the_list()
    assert (verdict, fix) == ("broken", "jauthctl directory sync phone --dry-run shows whether it "
                                        "goes now")
    assert text.startswith("phone: no sync was whole yet") and "No such file" in text
    rows = "\n".join(f"+86137{i:08d} staff{i:02d}" for i in range(12))
    write_people(rows)
    sync(name="phone")
    verdict, text, fix = doctor_of_the_list()
    assert (verdict, fix) == ("ok", "") and text.startswith("phone: 12 members, as of 20")
    write_people(rows + f"\n{LEI}")
    refused_sync(name="phone")
    verdict, text, _ = doctor_of_the_list()
    assert verdict == "warning" and "members stay as they were on 20" in text
    assert "line 13" in text and LEI not in text
    write_people(rows + f"\n{LEI} {user}")
    sync(name="phone")
    assert doctor_of_the_list() == ("warning", "phone: 1 of its members do not become users",
                                    "jauthctl directory members phone says why")
    write_people(f"{LEI} lei")
    refused_sync(name="phone")
    verdict, text, fix = doctor_of_the_list()
    assert verdict == "warning" and text.startswith("phone: the sync has stopped and asks: ")
    assert fix == "see jauthctl directory sync phone --dry-run; then --allow-removals N"
    gateway.reset()                     # the doctor looks whether it is there
