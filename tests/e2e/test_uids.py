# SPDX-License-Identifier: GPL-3.0-or-later
"""Uids and groups of the users that jauth makes: never twice, never the host's own, in a fleet the
same everywhere; what jauth-userdb tells of them, and what jauthctl changes.

People are made by tests/e2e/makeperson, which calls what registration and directories call.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

import configs
from house import CONFIG, DATABASE, wait_until

MAKE = pathlib.Path(os.environ["JAUTH_BUILD"]) / "tests/e2e/makeperson"
ISSUER = "wecom:ww1"

LOCAL = range(65536, 200000)
FLEET = range(0x78000000, 0x7fffffff)

FLEET_KEY = CONFIG.parent / "fleet-key"
UIDS = CONFIG.parent / "uids"
# Of this key and ISSUER; tests/unit/t-people-uids.c says how they are made.
KEY = "0123456789abcdef0123456789abcdef"
OF_ZHANGSAN = 2108987753
MEET = "m1466", "m8894"
OF_BOTH = 2066787721

METHOD = """
[method work]
type = github
client_id = Iv1.0123456789abcdef
organization = acme
organization_id = 9
read_teams = yes
map = {id}
"""

GROUPS = """
[group engineers]
from = work/17, work/18
[group docker]
local = yes
from = work/ops
[group toor]
local = yes
from = work/17, work/ops
[group cdrom]
from = work/17
"""

FLEET_ACCOUNTS = f"""
[accounts]
uids = fleet
fleet_key_file = {FLEET_KEY}
uid_overrides = {UIDS}
"""


def text(accounts="", groups=GROUPS):
    return (configs.head() + configs.PASSWORD + configs.service("sshd", "password") + METHOD
            + accounts + groups)


# --- what the tests do ---

def make(*rows, database=DATABASE / "jauth.db", root="", config=CONFIG):
    """Rows of name, subject and groups; what makeperson says of each: a uid or why not."""
    lines = "".join(f"{name}\t{ISSUER}\t{subject}\t{','.join(groups)}\n"
                    for name, subject, *groups in rows)
    done = subprocess.run(["setpriv", "--reuid=jauth", "--regid=jauth", "--init-groups", str(MAKE),
                           str(config), str(database), str(root), "work"], input=lines, text=True,
                          capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return [int(line) if line.isdigit() else line for line in done.stdout.split("\n")[:-1]]


def make_one(name, *groups, subject=None, **options):
    return make((name, subject or name, *groups), **options)[0]


def getent(database, key):
    done = subprocess.run(["getent", database, str(key)], capture_output=True, text=True,
                          check=False, timeout=20)
    return done.stdout.strip().split(":") if done.returncode == 0 else None


def uid_of(name):
    entry = getent("passwd", name)
    return int(entry[2]) if entry else None


def groups_of(name):
    out = subprocess.run(["id", "-Gn", name], capture_output=True, text=True, check=False,
                         timeout=20).stdout
    return set(out.split())


def publish(house, name=None):
    """What was committed is served. Twice: the first one may have begun before, for the host's own
    files changed."""
    for _ in range(2):
        written = house.status()["userdb-written"]
        house.call("Admin", "Reload")
        wait_until(lambda n=written: house.status()["userdb-written"] > n, 20, "a snapshot")
    if name:
        wait_until(lambda: getent("passwd", name), 10, f"{name} served")


def ctl(*words):
    done = subprocess.run(["jauthctl", *map(str, words)], capture_output=True, text=True,
                          check=False, timeout=60, stdin=subprocess.DEVNULL,
                          env={"PATH": "/usr/sbin:/usr/bin", "LANG": "C.UTF-8", "TZ": "UTC"})
    return done.returncode, done.stdout, done.stderr


def right(*words):
    code, out, complaints = ctl(*words)
    assert (code, complaints) == (0, ""), (words, out, complaints)
    return out


def right_json(*words):
    return json.loads(right(*words, "--json"))


def refused(*words):
    code, out, complaints = ctl(*words)
    assert (code, out) == (1, ""), (words, out, complaints)
    return complaints


def record(name):
    """As any program sees it that asks for more than a line of passwd."""
    out = subprocess.run(["userdbctl", "-j", "--with-nss=no", "user", name], capture_output=True,
                         text=True, check=False, timeout=20).stdout
    return json.loads(out)


@contextlib.contextmanager
def restored(path):
    before = path.read_text() if path.exists() else None
    yield path
    if before is None:
        path.unlink(missing_ok=True)
    else:
        path.write_text(before)


# --- one host ---

@pytest.fixture(scope="module")
def host(house):
    """Uids of one host, groups of the sections above, and jauth-userdb."""
    subprocess.run(["groupadd", "-f", "docker"], check=True)
    subprocess.run(["groupadd", "-f", "-o", "-g", "0", "toor"], check=True)
    house.configure(text())
    house.userdb()
    yield house
    house.stop_jauth()


def test_who_is_made_is_a_user_for_everybody(host):
    uid = make_one("zhangsan", "17", "sudo", "docker", "root")
    publish(host, "zhangsan")
    name, _, number, gid, comment, home, shell = getent("passwd", "zhangsan")
    assert (name, number, comment, home, shell) == ("zhangsan", str(uid), "zhangsan",
                                                    "/home/zhangsan", "/bin/bash")
    assert uid in LOCAL
    assert getent("passwd", uid)[0] == "zhangsan"
    assert getent("group", "jauth-users")[2] == gid
    assert int(gid) in LOCAL and int(gid) != uid
    # What the provider calls a group is nothing here: neither its sudo nor its docker.
    assert groups_of("zhangsan") == {"jauth-users", "engineers"}
    shown = right_json("user", "show", "zhangsan")
    assert (shown["uid"], shown["state"], shown["served"]) == (uid, "active", True)
    assert (shown["issuer"], shown["subject"], shown["made-by"]) == (ISSUER, "zhangsan", "work")
    assert shown["groups"] == "jauth-users, engineers, toor"
    assert "work/root" in shown["provider-groups"]
    row = next(row for row in right_json("user", "list") if row["user"] == "zhangsan")
    assert (row["uid"], row["state"], row["made-by"], row["locked"]) == (uid, "active", "work",
                                                                          False)
    assert "zhangsan" in right("user", "list")
    assert right_json("explain", "zhangsan", "--service", "sshd")["exists"] is True


def test_groups_come_and_go_with_the_provider(host):
    make_one("lisi", "ops")
    publish(host, "lisi")
    assert groups_of("lisi") == {"jauth-users", "docker"}
    make_one("lisi", "18", "opsx", "OPS")
    publish(host)
    assert groups_of("lisi") == {"jauth-users", "engineers"}
    make_one("lisi")
    publish(host)
    assert groups_of("lisi") == {"jauth-users"}


def test_a_rule_taken_away_takes_the_group_from_everybody(host):
    make_one("wangwu", "17", "ops")
    publish(host, "wangwu")
    assert groups_of("wangwu") == {"jauth-users", "engineers", "docker"}
    host.reload(text(groups="[group engineers]\nfrom = work/18\n"))
    wait_until(lambda: groups_of("wangwu") == {"jauth-users"}, 10, "no group")
    assert getent("group", "engineers")
    host.reload(text())
    wait_until(lambda: "docker" in groups_of("wangwu"), 10, "groups again")


def test_nobody_is_in_roots_group_nor_in_one_of_the_hosts_unasked(host):
    """toor has gid 0; cdrom is the host's, and its section does not say so."""
    make_one("zhaoliu", "17", "ops", "root")
    publish(host, "zhaoliu")
    groups = subprocess.run(["id", "-G", "zhaoliu"], capture_output=True, text=True,
                            check=True).stdout.split()
    assert "0" not in groups
    assert not groups_of("zhaoliu") & {"root", "toor", "cdrom", "sudo"}
    assert "group \"cdrom\" is not served" in host.journal()


@pytest.mark.parametrize("name", ["root", "daemon", "www-data", "admin", "sudo", "wheel", "docker",
                                  "jauth-users", "engineers", "Zhang", "zhang:x", "1zhang", "",
                                  "a" * 32, "systemd-oomd", "nobody", "NOBODY"])
def test_a_name_that_is_somebodys_is_refused(host, name):
    assert isinstance(make_one(name, subject="x-" + name), str)
    assert name not in [row["user"] for row in right_json("user", "list")]


def test_a_name_the_host_has_in_another_case_is_refused(host):
    subprocess.run(["useradd", "--badname", "Bigname"], check=True, capture_output=True)
    assert make_one("bigname") == "is a user or group of this host"
    subprocess.run(["userdel", "Bigname"], check=True)
    subprocess.run(["groupadd", "lonely"], check=True)
    assert make_one("lonely") == "is a user or group of this host"
    subprocess.run(["groupdel", "lonely"], check=True)


def test_numbers_and_ranges_of_the_host_are_left_out(host):
    last = make_one("before")
    with restored(pathlib.Path("/etc/subuid")) as subuid, \
            restored(pathlib.Path("/etc/subgid")) as subgid:
        subuid.write_text(f"nobody:{last + 1}:1000\n")
        subgid.write_text(f"nobody:{last + 900}:1100\n")
        subprocess.run(["useradd", "-M", "-u", str(last + 2001), "numbered"], check=True)
        assert make_one("after") == last + 2000
        assert make_one("behind") == last + 2002
        subprocess.run(["userdel", "numbered"], check=True)


def test_a_number_is_never_used_again(host):
    first = make_one("chen")
    assert make_one("chen") == first
    publish(host, "chen")
    right("user", "remove", "chen")
    wait_until(lambda: not getent("passwd", "chen"), 10, "gone")
    assert not getent("passwd", first)
    host.jauthd.process.kill()
    wait_until(host.is_on_bus, 20, "jauthd again")
    again = make_one("chen")
    other = make_one("chenchen", subject="other")
    assert first not in (again, other) and again != other
    publish(host, "chen")
    assert uid_of("chen") == again
    assert "uid %d stays his" % first in right("log", "--user", "chen")


def test_a_user_whom_the_host_makes_later_is_the_hosts_alone(host):
    """Neither his name nor his uid leads to the one of jauth, and no group of it to him."""
    uid = make_one("sunqi", "ops")
    publish(host, "sunqi")
    assert "docker" in groups_of("sunqi")
    assert subprocess.run(["useradd", "-M", "sunqi"], check=False, capture_output=True).returncode
    with restored(pathlib.Path("/etc/passwd")) as passwd:
        passwd.write_text(passwd.read_text() + "sunqi:x:1777:1777::/:/bin/sh\n")
        wait_until(lambda: "docker" not in groups_of("sunqi"), 5, "no group of another's")
        assert uid_of("sunqi") == 1777
        assert not getent("passwd", uid)
        assert right_json("user", "show", "sunqi")["served"] is False
    with restored(pathlib.Path("/etc/passwd")) as passwd:
        passwd.write_text(passwd.read_text() + f"another:x:{uid}:1777::/:/bin/sh\n")
        assert getent("passwd", uid)[0] == "another"
        wait_until(lambda: not getent("passwd", "sunqi"), 5, "another has the uid")
    wait_until(lambda: getent("passwd", "sunqi"), 5, "sunqi again")
    assert uid_of("sunqi") == uid


def test_a_locked_user_is_told_as_locked(host):
    uid = make_one("zhouba")
    publish(host, "zhouba")
    assert not record("zhouba").get("locked", False)
    right("user", "lock", "zhouba")
    wait_until(lambda: record("zhouba").get("locked"), 10, "locked")
    assert uid_of("zhouba") == uid
    shown = right_json("user", "show", "zhouba")
    assert (shown["state"], shown["identity-locked-by"]) == ("locked", "(sysadmin)")
    right("user", "unlock", "zhouba")
    wait_until(lambda: not record("zhouba").get("locked", False), 10, "unlocked")
    assert "identity-locked-by" not in right_json("user", "show", "zhouba")
    reasons = [row["reason"] for row in right_json("log", "--user", "zhouba")]
    assert reasons[-2:] == ["user locked", "user unlocked, who was: locked by the sysadmin"]


def test_locking_and_removing_nobody_is_refused(host):
    for word in "lock", "unlock", "remove", "show":
        assert "nosuchperson" in refused("user", word, "nosuchperson")


# --- another uid ---

def test_another_uid_takes_everything_along(host):
    uid = make_one("wujiu", "17")
    publish(host, "wujiu")
    home = pathlib.Path("/home/wujiu")
    home.mkdir()
    os.chown(home, uid, uid)
    right("user", "add", "wujiu")
    host.add_link("wujiu", "https://id.example.org", "wujiu")
    told = right_json("user", "set-uid", "wujiu", 199000)
    assert (told["uid"], told["was"], told["files"]) == (199000, uid, ["/home/wujiu"])
    assert told["command"] == f"find / -xdev -uid {uid} -exec chown -h 199000 {{}} +"
    wait_until(lambda: uid_of("wujiu") == 199000, 10, "the new uid")
    assert not getent("passwd", uid)
    assert groups_of("wujiu") == {"jauth-users", "engineers"}
    row = next(row for row in right_json("user", "list") if row["user"] == "wujiu")
    assert (row["uid"], row["created"] > 0) == (199000, True)
    assert [link["uid"] for link in right_json("link", "list", "wujiu")] == [199000]
    # The old one is his for ever, so he cannot have it back either.
    assert "somebody's" in refused("user", "set-uid", "wujiu", uid)
    assert make_one("after-wujiu") not in (uid, 199000)
    host.remove_links("wujiu")
    shutil.rmtree(home)


def test_only_a_free_number_that_jauth_gives_out_is_set(host):
    other, uid = make_one("other"), make_one("mover")
    publish(host, "mover")
    subprocess.run(["useradd", "-M", "-u", "190000", "holder"], check=True)
    with restored(pathlib.Path("/etc/subuid")) as subuid:
        subuid.write_text("holder:191000:1000\n")
        for number, why in ((0, "gives out"), (1000, "gives out"), (65535, "gives out"),
                            (65534, "gives out"), (200000, "gives out"), (61184, "gives out"),
                            (524288, "gives out"), (2147483647, "gives out"),
                            (4294967295, "gives out"), (190000, "the host's own"),
                            (191500, "the host's own"), (other, "somebody's")):
            assert why in refused("user", "set-uid", "mover", number), number
        assert ctl("user", "set-uid", "mover", "-1")[0] == 2
        assert ctl("user", "set-uid", "mover", "seven")[0] == 2
        assert ctl("user", "set-uid", "mover", "4294967296")[0] == 2
    assert "already" in refused("user", "set-uid", "mover", uid)
    assert "nosuchperson" in refused("user", "set-uid", "nosuchperson", 192000)
    assert "root" in refused("user", "set-uid", "root", 192000)
    subprocess.run(["userdel", "holder"], check=True)
    assert uid_of("mover") == uid


def test_a_user_at_work_keeps_his_uid(host):
    uid = make_one("busy")
    publish(host, "busy")
    with subprocess.Popen(["setpriv", f"--reuid={uid}", "--clear-groups", "sleep", "600"]) as work:
        pattern = f"{work.pid} sleep"
        wait_until(lambda: "sleep" in pathlib.Path(f"/proc/{work.pid}/comm").read_text(), 10)
        assert pattern in refused("user", "set-uid", "busy", 193000)
        assert uid_of("busy") == uid
        right("user", "set-uid", "busy", 193000, "--force")
        work.kill()
    wait_until(lambda: uid_of("busy") == 193000, 10, "the new uid")
    # logind's file of a user says that a session of his is there.
    users = pathlib.Path("/run/systemd/users")
    users.mkdir(parents=True, exist_ok=True)
    (users / "193000").touch()
    assert "logged in" in refused("user", "set-uid", "busy", 193001)
    (users / "193000").unlink()
    right("user", "set-uid", "busy", 193001)


# --- whole or nothing ---

def test_killed_while_it_is_written_the_snapshot_is_whole(host):
    """Killed at many moments: who was served is served, and who is new is there afterwards."""
    for turn in range(6):
        rows = [(f"k{turn}-{i}", f"k{turn}-{i}", "17") for i in range(400)]
        assert all(isinstance(uid, int) for uid in make(*rows))
        with contextlib.suppress(Exception):
            host.call("Admin", "Reload")
        time.sleep(0.004 * turn)
        host.jauthd.process.send_signal(signal.SIGKILL)
        if turn:
            assert getent("passwd", f"k{turn - 1}-399")
        wait_until(lambda name=rows[-1][0]: getent("passwd", name), 20, "served after the start")
    assert len(subprocess.run(["getent", "passwd"], capture_output=True, text=True,
                              check=True).stdout.split("\n")) > 2400


# --- a fleet ---

@pytest.fixture(scope="module")
def fleet(house):
    FLEET_KEY.write_text(KEY)
    shutil.chown(FLEET_KEY, "root", "jauth")
    FLEET_KEY.chmod(0o640)
    UIDS.write_text("# settled by hand\n")
    house.configure(text(FLEET_ACCOUNTS))
    house.userdb()
    yield house
    house.stop_jauth()


class OtherHost:
    """Another host of the fleet: its own database and users, the same key and overrides."""

    def __init__(self, folder, passwd=""):
        (folder / "etc").mkdir(parents=True)
        (folder / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n" + passwd)
        (folder / "etc/group").write_text("root:x:0:\n")
        (folder / "state").mkdir()
        shutil.chown(folder / "state", "jauth", "jauth")
        self.folder = folder

    def make(self, *rows):
        return make(*rows, database=self.folder / "state/jauth.db", root=self.folder)

    def make_one(self, name, subject=None):
        return self.make((name, subject or name))[0]


@pytest.fixture
def second(fleet):
    folder = fleet.folder / f"host-{time.monotonic_ns()}"
    yield OtherHost(folder, "somebody:x:65536:65536::/:/bin/sh\n")
    shutil.rmtree(folder)


def test_hosts_agree_whatever_came_before(fleet, second):
    names = [f"f{i}" for i in range(40)]
    first = dict(zip(names, make(*((name, name, "17") for name in names))))
    others = dict(zip(names[::-1], second.make(*((name, name) for name in names[::-1]))))
    assert first == others
    assert all(uid in FLEET for uid in first.values())
    assert len(set(first.values())) == len(names)
    assert make_one("zhangsan") == second.make_one("zhangsan") == OF_ZHANGSAN
    publish(fleet, "zhangsan")
    assert uid_of("zhangsan") == OF_ZHANGSAN
    assert int(getent("group", "jauth-users")[2]) in FLEET
    assert int(getent("group", "engineers")[2]) in FLEET
    # The identity makes the number, not the name it was given.
    assert second.make_one("zhang3", subject="f1-other") != make_one("zhang4", subject="f1-other2")


def test_two_that_meet_are_told_and_settled_on_every_host(fleet, second):
    left, late = MEET
    assert make_one(left) == OF_BOTH
    assert make_one(late) == "Address already in use"
    assert second.make_one(late) == OF_BOTH          # there he came first
    assert second.make_one(left) == "Address already in use"
    publish(fleet, left)
    assert right_json("directory", "collisions") == []       # nobody here waits for it
    with restored(UIDS):
        # Who holds it here moves; the file goes to the other hosts as it is.
        right("user", "set-uid", left, FLEET[5])
        assert f"{ISSUER} {left} {FLEET[5]}" in UIDS.read_text()
        assert UIDS.read_text().startswith("# settled by hand\n")
        wait_until(lambda: uid_of(left) == FLEET[5], 10, "the new uid")
        assert second.make_one(left) == FLEET[5]
        # What he had is no second one's here.
        assert make_one(late) == "Address already in use"
        UIDS.write_text(UIDS.read_text() + f"{ISSUER} {late} {FLEET[6]}\n")
        publish(fleet)
        assert make_one(late) == FLEET[6]
        assert right_json("directory", "collisions") == []
    publish(fleet)
    told = {(row["user"], row["fault"]) for row in right_json("directory", "collisions")}
    assert told >= {(left, f"is to be the uid of {late}, too"),
                    (late, f"is to be the uid of {left}, too")}
    assert left in right("directory", "collisions")


def test_an_override_says_who_is_to_move(fleet):
    uid = make_one("tomove")
    with restored(UIDS):
        UIDS.write_text(f"{ISSUER} tomove {FLEET[9]}\n")
        publish(fleet, "tomove")
        row = next(row for row in right_json("directory", "collisions")
                   if row["user"] == "tomove")
        assert (row["uid"], row["fault"]) == (FLEET[9], f"is not his uid, which is {uid}")
        assert uid_of("tomove") == uid
        right("user", "set-uid", "tomove", FLEET[9])
        assert not [row for row in right_json("directory", "collisions")
                    if row["user"] == "tomove"]


def test_a_number_after_its_owner_needs_an_override(fleet):
    uid = make_one("leaver")
    publish(fleet, "leaver")
    right("user", "remove", "leaver")
    assert make_one("leaver") == "Address already in use"
    with restored(UIDS):
        UIDS.write_text(f"{ISSUER} leaver {FLEET[12]}\n")
        assert make_one("leaver") == FLEET[12] != uid


@pytest.mark.parametrize("row, why", [
    (f"{ISSUER} x 0", "gives out"), (f"{ISSUER} x 1000", "gives out"),
    (f"{ISSUER} x 65534", "gives out"), (f"{ISSUER} x 2000000000", "gives out"),
    (f"{ISSUER} x", "ISSUER SUBJECT UID"), (f"{ISSUER} x root", "must be a number"),
    (f"{ISSUER} x 70000\n{ISSUER} y 70000", "in line 1 already"),
    (f"{ISSUER} x 70000\n{ISSUER} x 70001", "in line 1 already"),
])
def test_a_wrong_override_is_refused_with_its_line(fleet, row, why):
    with restored(UIDS):
        UIDS.write_text(row + "\n")
        done = subprocess.run(["jauthd", "--check"], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert f"{UIDS}:{1 + row.count(chr(10))}: " in done.stdout and why in done.stdout
        assert ctl("reload")[0] == 1


def test_overrides_that_others_may_write_are_refused(fleet):
    UIDS.chmod(0o666)
    assert ctl("check")[0] == 1
    UIDS.chmod(0o644)
    with restored(UIDS):
        UIDS.unlink()
        assert ctl("check")[0] == 1
    assert ctl("check")[0] == 0


def test_without_a_file_for_all_hosts_nobody_moves(fleet):
    make_one("stays")
    with restored(CONFIG):
        fleet.reload(text(FLEET_ACCOUNTS.replace(f"uid_overrides = {UIDS}\n", "")))
        assert "uid_overrides" in refused("user", "set-uid", "stays", FLEET[20])
        elsewhere = fleet.folder / "uids"
        elsewhere.write_text("")
        elsewhere.chmod(0o644)
        fleet.reload(text(FLEET_ACCOUNTS.replace(str(UIDS), str(elsewhere))))
        line = f"{ISSUER} stays {FLEET[20]}"
        assert line in refused("user", "set-uid", "stays", FLEET[20])
        assert elsewhere.read_text() == ""
        elsewhere.write_text(line + "\n")
        right("user", "set-uid", "stays", FLEET[20])
    fleet.call("Admin", "Reload")
