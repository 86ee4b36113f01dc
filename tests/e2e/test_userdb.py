# SPDX-License-Identifier: GPL-3.0-or-later
"""jauth-userdb with its real clients: getent, id, userdbctl, sshd, pam_unix. And what the others on
the host feel of it when it is ill-treated, stopped, frozen, killed, or has nothing to read."""

import contextlib
import grp
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import time

import pytest

import userdb
from house import JAUTH_USERDB, wait_until
from service import Service, run
from userdb import GROUP, INTERFACE, SERVICE, SNAPSHOT, SOCKET, Connection

# What look-ups of local users may wait for at most: the watchdog and a new start.
WATCHDOG_S = 3
RESTART_S = 1.5
AT_ONCE_S = 1.0

KEYS = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI jane@phone", "ssh-rsa AAAAB3NzaC1yc2E= jane"]
PEOPLE = [
    userdb.group(*GROUP, "People of Acme"), userdb.group("acme-dev", 65601),
    userdb.user("jane", 70001, real_name="Jane 王", keys=KEYS), userdb.user("bob", 70002),
    userdb.user("left", 70003, locked=True, keys=KEYS),
    userdb.user("high", 0x7ffffffe, home="/home/high"),
    userdb.member("jane", "acme-dev"), userdb.member("jane", "docker"),
    userdb.member("bob", "acme-dev"),
]
JANE = "jane:x:70001:65600:Jane 王:/home/jane:/bin/bash"


def words(*argv, check=True):
    return run(list(argv), check=check).stdout.strip()


def getent(*argv):
    return words("getent", *argv, check=False)


def seconds_of(*argv):
    start = time.monotonic()
    done = subprocess.run(argv, capture_output=True, check=False)
    return time.monotonic() - start, done.returncode


def has_user(name):
    return bool(getent("passwd", name))


@pytest.fixture(scope="module", name="daemon")
def fixture_daemon(house):
    """With PEOPLE, a local user and a local group."""
    run(["groupadd", "-g", "990", "docker"])
    house.add_user("local", password="right horse 7", groups=["docker"])
    userdb.write(*PEOPLE)
    yield house.userdb()
    house.userdb().stop()


@pytest.fixture(autouse=True)
def fixture_people(daemon):
    """Each test begins with PEOPLE and a daemon that lives."""
    yield
    if not daemon.wanted:
        daemon.start()
    userdb.write(*PEOPLE)
    with Connection() as client:
        wait_until(lambda: "record" in client.call("GetUserRecord", uid=70001)[0]["parameters"])


@pytest.fixture(scope="module", name="idler")
def fixture_idler(daemon):
    """Somebody who connected at the beginning and never said a word; and when that was."""
    assert daemon.wanted
    return Connection(timeout=40), time.monotonic()


# --- who is who ---

@pytest.mark.parametrize("argv,expected", [
    (["passwd", "jane"], JANE),
    (["passwd", "70001"], JANE),
    (["passwd", "2147483646"], "high:x:2147483646:65600:high:/home/high:/bin/bash"),
    (["group", "acme-dev"], "acme-dev:x:65601:jane,bob"),
    (["group", "65600"], "jauth-users:x:65600:"),
    (["initgroups", "jane"], "990 65601"),
    (["passwd", "nobody-there"], ""),
    (["passwd", "70004"], ""),
    (["group", "acme"], ""),
])
def test_getent_finds(idler, argv, expected):
    assert idler
    found = getent(*argv)
    if argv[0] == "initgroups":
        found = " ".join(sorted(found.split()[1:], key=int))
    if argv == ["group", "acme-dev"]:
        found = found.replace("bob,jane", "jane,bob")
    assert found == expected


def test_id_gives_a_person_our_groups_and_the_hosts_own(idler):
    assert idler
    assert words("id", "-u", "jane") == "70001"
    assert words("id", "-gn", "jane") == "jauth-users"
    assert sorted(words("id", "-Gn", "jane").split()) == ["acme-dev", "docker", "jauth-users"]
    assert words("id", "-Gn", "bob").split() == ["jauth-users", "acme-dev"]


def test_local_users_are_as_they_were(idler):
    assert idler
    assert sorted(words("id", "-Gn", "local").split()) == ["docker", "local"]
    assert words("id", "-Gn", "root") == "root"
    assert grp.getgrnam("docker").gr_mem == ["local"]


def test_everybody_is_listed_once(idler):
    assert idler
    names = [line.split(":")[0] for line in getent("passwd").splitlines()]
    assert {name: names.count(name) for name in ("root", "local", "jane", "bob", "left", "high")
            } == dict.fromkeys(("root", "local", "jane", "bob", "left", "high"), 1)
    groups = getent("group").splitlines()
    assert [[line.split(":")[0] for line in groups].count(name)
            for name in ("root", "jauth-users", "acme-dev")] == [1, 1, 1]
    # The host's own group once more, with those of ours that are in it: nss-systemd's way.
    assert [line for line in groups if line.startswith("docker:")] == [
        "docker:x:990:local", "docker:x:990:local,jane"]


def test_userdbctl_agrees(idler):
    assert idler
    text = words("userdbctl", "user", "jane")
    for part in ("jane", "70001", "Jane 王", "/home/jane", "/bin/bash", "org.jauth1"):
        assert part in text
    assert "acme-dev" in words("userdbctl", "group", "65601")
    table = words("userdbctl", "groups-of-user", "jane", "--no-legend")
    assert sorted(line.split()[-1] for line in table.splitlines()) == ["acme-dev", "docker"]
    table = words("userdbctl", "users-in-group", "acme-dev", "--no-legend")
    assert sorted(line.split()[0] for line in table.splitlines()) == ["bob", "jane"]
    assert "org.jauth1" in words("userdbctl", "services", "--no-legend")


@pytest.mark.parametrize("uid", [0, 65534])
def test_anybody_gets_the_public_keys(idler, uid):
    """sshd's AuthorizedKeysCommandUser may be nobody."""
    assert idler
    assert words("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups",
                 "userdbctl", "ssh-authorized-keys", "jane").splitlines() == KEYS


def test_through_the_multiplexer_it_is_the_same(idler):
    """systemd-userdbd, where it is installed, stands between nss-systemd and us."""
    assert idler
    folder = pathlib.Path("/run/systemd/userdb")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "io.systemd.Multiplexer"))
    listener.listen()
    multiplexer = subprocess.Popen(
        ["bash", "-c", "export LISTEN_FDS=1 LISTEN_PID=$$; exec /lib/systemd/systemd-userdbd "
         f"3<&{listener.fileno()}"], pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL)
    try:
        assert getent("passwd", "jane") == JANE
        assert sorted(words("id", "-Gn", "jane").split()) == ["acme-dev", "docker", "jauth-users"]
        assert words("id", "-Gn", "root") == "root"
    finally:
        multiplexer.terminate()
        multiplexer.wait()
        listener.close()
        (folder / "io.systemd.Multiplexer").unlink()


# --- who left ---

def account(user):
    return run(["pamtester", "account-only", user, "acct_mgmt"], check=False).returncode == 0


def test_pam_unix_lets_no_locked_person_in_without_jauthd(idler):
    """The account phase of cron and of SSH keys is this one."""
    assert idler
    pathlib.Path("/etc/pam.d/account-only").write_text("account required pam_unix.so\n")
    assert account("jane") and account("local")
    assert not account("left")
    assert getent("shadow", "left").split(":")[7] == "1"
    assert getent("shadow", "jane").split(":")[7] == ""
    assert getent("passwd", "left").startswith("left:x:70003:")
    assert words("userdbctl", "ssh-authorized-keys", "left") == ""


# --- logging in ---

@pytest.fixture(name="ssh_key")
def fixture_ssh_key(tmp_path):
    path = tmp_path / "key"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)])
    return path


def test_a_person_logs_in_by_a_key_of_the_record_and_gets_a_home(house, ssh_key):
    key = ssh_key.with_suffix(".pub").read_text().strip()
    lines = [line for line in PEOPLE if "\tjane\t7" not in line and "\tleft\t" not in line]
    userdb.write(*lines[:2], userdb.user("jane", 70001, keys=[key]),
                 userdb.user("left", 70003, keys=[key], locked=True), *lines[2:])
    wait_until(lambda: key in words("userdbctl", "ssh-authorized-keys", "jane"))
    sessions = pathlib.Path("/etc/pam.d/common-session")
    before = sessions.read_text()
    sessions.write_text(before + "session required pam_mkhomedir.so umask=0077\n")
    sshd = house.sshd(AuthorizedKeysCommand="/usr/bin/userdbctl ssh-authorized-keys %u",
                      AuthorizedKeysCommandUser="nobody", KbdInteractiveAuthentication="no")
    options = {"IdentityFile": ssh_key, "BatchMode": "yes"}
    try:
        done = run(sshd.command("jane", "id -un; pwd; id -Gn", **options), check=False)
        assert done.stdout.split()[:2] == ["jane", "/home/jane"], done.stderr
        assert sorted(done.stdout.split()[2:]) == ["acme-dev", "docker", "jauth-users"]
        home = pathlib.Path("/home/jane").stat()
        assert (home.st_uid, home.st_gid, home.st_mode & 0o7777) == (70001, 65600, 0o700)
        assert run(sshd.command("left", "id", **options), check=False).returncode == 255
    finally:
        sessions.write_text(before)
        shutil.rmtree("/home/jane", ignore_errors=True)


# --- another snapshot ---

def test_a_new_snapshot_counts_at_once(daemon):
    n_starts = daemon.n_starts
    userdb.write(userdb.user("carol", 70010))
    assert has_user("carol") and not has_user("jane")
    assert getent("passwd", "root").startswith("root:x:0:0:")
    assert daemon.n_starts == n_starts


def test_there_is_no_gap_between_two(daemon):
    """jane is in all of them, and is found by each of some thousand calls while they change."""
    assert daemon.wanted
    n_calls = 0
    with Connection() as client:
        for i in range(20):
            userdb.write(*PEOPLE, userdb.user("extra", 71000 + i))
            end = time.monotonic() + 0.05
            while time.monotonic() < end:
                reply = client.call("GetUserRecord", userName="jane")[0]
                assert reply["parameters"]["record"]["uid"] == 70001
                n_calls += 1
        assert n_calls > 100
        wait_until(lambda: client.call("GetUserRecord", uid=71019)[0].get("error") is None, 2)


def damaged(change):
    """The bytes of a right snapshot of PEOPLE, changed."""
    path = pathlib.Path("/var/lib/jauth-userdb/other")
    userdb.write(*PEOPLE, userdb.user("carol", 70010), path=str(path))
    data = bytearray(path.read_bytes())
    path.unlink()
    return change(data)


def flip(data):
    data[len(data) // 2] ^= 1
    return data


DAMAGE = [
    ("half", lambda data: data[:len(data) // 2]),
    ("one bit", flip),
    ("nothing in it", lambda data: b""),
    ("another version", lambda data: data[:8] + b"\2" + data[9:]),
    ("more behind it", lambda data: data + b"\0"),
    ("noise", lambda data: os.urandom(len(data))),
]


@pytest.mark.parametrize("is_renamed", [True, False], ids=["renamed", "in place"])
@pytest.mark.parametrize("change", [change for _, change in DAMAGE], ids=[n for n, _ in DAMAGE])
def test_a_damaged_snapshot_is_refused_and_the_old_one_stays(daemon, change, is_renamed):
    path = pathlib.Path(SNAPSHOT)
    n_before = daemon.log().count("cannot read")
    target = path.with_name("damaged") if is_renamed else path
    target.write_bytes(damaged(change))
    if is_renamed:
        target.rename(path)
    wait_until(lambda: daemon.log().count("cannot read") > n_before, 8, "the refusal")
    assert has_user("jane") and not has_user("carol")
    assert words("id", "-Gn", "local") == "local docker"
    userdb.write(*PEOPLE, userdb.user("carol", 70010))
    wait_until(lambda: has_user("carol"), 1, "a whole one")


def test_a_snapshot_that_vanishes_changes_nothing(daemon):
    os.unlink(SNAPSHOT)
    time.sleep(0.3)
    assert has_user("jane")
    folder = pathlib.Path(SNAPSHOT).parent
    folder.rename("/var/lib/jauth-userdb-old")
    try:
        assert has_user("jane")
        folder.mkdir()
        shutil.chown(folder, "jauth", "jauth")
        userdb.write(userdb.user("carol", 70010))
        wait_until(lambda: has_user("carol"), 12, "the folder that came instead")
    finally:
        shutil.rmtree("/var/lib/jauth-userdb-old")
    assert daemon.log().count("READY") == 0


def error_of(**parameters):
    with Connection() as client:
        return client.call("GetUserRecord", **parameters)[0].get("error")


def test_with_nobody_made_yet_there_is_nobody(daemon):
    daemon.stop()
    os.unlink(SNAPSHOT)
    daemon.start()
    assert error_of(userName="jane") == INTERFACE + "NoRecordFound"
    assert words("id", "-Gn", "local") == "local docker"
    userdb.write(*PEOPLE)
    wait_until(lambda: has_user("jane"), 1, "the first snapshot")


def test_started_on_a_damaged_one_nobody_is_said_to_be_gone(daemon):
    daemon.stop()
    pathlib.Path(SNAPSHOT).write_bytes(damaged(flip))
    daemon.start()
    assert error_of(userName="jane") == INTERFACE + "ServiceNotAvailable"
    for argv in (["id", "local"], ["getent", "passwd", "root"], ["getent", "group", "docker"]):
        seconds, status = seconds_of(*argv)
        assert (status, seconds < AT_ONCE_S) == (0, True)
    userdb.write(*PEOPLE)
    wait_until(lambda: has_user("jane"), 1, "a whole one")


def test_one_that_may_not_be_read_is_read_when_it_may(daemon):
    daemon.stop()
    os.chmod(SNAPSHOT, 0)
    daemon.start()
    assert error_of(userName="jane") == INTERFACE + "ServiceNotAvailable"
    os.chmod(SNAPSHOT, 0o644)
    wait_until(lambda: has_user("jane"), 8, "another try")


# --- what others feel ---

LOCAL_LOOKUPS = [["id", "local"], ["id", "root"], ["getent", "initgroups", "local"],
                 ["getent", "passwd", "local"], ["getent", "passwd", "nobody-there"],
                 ["sudo", "-u", "local", "true"]]


def all_at_once(lookups):
    """The seconds that each took."""
    start = time.monotonic()
    running = [(argv, subprocess.Popen(argv, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)) for argv in lookups]
    seconds = {}
    while len(seconds) < len(running):
        for argv, process in running:
            if " ".join(argv) not in seconds and process.poll() is not None:
                seconds[" ".join(argv)] = time.monotonic() - start
                assert process.returncode == (2 if "nobody-there" in argv else 0), argv
        time.sleep(0.01)
    print({name: round(value, 2) for name, value in seconds.items()})
    return seconds


def test_stopped_it_is_missed_by_nobody(daemon):
    daemon.stop()
    assert not os.path.exists(SOCKET)
    assert max(all_at_once(LOCAL_LOOKUPS).values()) < AT_ONCE_S
    assert not has_user("jane")
    daemon.start()
    assert has_user("jane")


def test_frozen_it_holds_others_no_longer_than_the_watchdog(daemon):
    """SIGSTOP at the worst moment: right after a sign of life."""
    n_kills, n_starts = daemon.watchdog_kills, daemon.n_starts
    alive_at = daemon.alive_at
    wait_until(lambda: daemon.alive_at != alive_at, 4, "a sign of life")
    daemon.send(signal.SIGSTOP)
    seconds = all_at_once(LOCAL_LOOKUPS)
    assert max(seconds.values()) < WATCHDOG_S + RESTART_S
    assert max(seconds.values()) > 1, "it was not frozen"
    assert seconds["getent passwd local"] < AT_ONCE_S      # the files answered that
    daemon.wait_back(n_starts)
    assert daemon.watchdog_kills == n_kills + 1
    assert has_user("jane")
    assert max(all_at_once(LOCAL_LOOKUPS).values()) < AT_ONCE_S


def test_of_a_killed_one_calls_are_answered_by_the_next(daemon):
    n_starts = daemon.kill()
    seconds = all_at_once([*LOCAL_LOOKUPS, ["id", "jane"], ["getent", "passwd", "bob"]])
    assert max(seconds.values()) < RESTART_S
    daemon.wait_back(n_starts)


def test_killed_again_and_again_it_comes_back(daemon):
    for _ in range(5):
        daemon.wait_back(daemon.kill())
        assert has_user("jane")


def test_killed_while_a_snapshot_is_written_it_has_one_of_the_two(daemon):
    for i in range(5):
        writer = subprocess.Popen([userdb.WRITER, SNAPSHOT], stdin=subprocess.PIPE, text=True,
                                  user="jauth", group="jauth", extra_groups=[])
        writer.stdin.write("\n".join([*PEOPLE, userdb.many(20000), ""]))
        writer.stdin.close()
        time.sleep(0.03 * i)
        writer.kill()
        n_starts = daemon.kill()
        writer.wait()
        daemon.wait_back(n_starts)
        assert getent("passwd", "jane") == JANE
        assert error_of(userName="x") == INTERFACE + "NoRecordFound"


# --- ill-treated ---

BAD_INPUT = [b"\0", b"x\0", b"{}\0", b"[]\0", b'{"method":7}\0', b"\xff\xfe\0", b"GET / HTTP/1.1\r\n\0",
             b'{"method":"a\\u0000b"}\0', b'{"method":"a","upgrade":true}\0', b"a" * 5000,
             b"[" * 4000 + b"\0", b'{"method":"io.systemd.UserDatabase.GetUserRecord"' + b" " * 4100]


@pytest.mark.parametrize("data", BAD_INPUT, ids=range(len(BAD_INPUT)))
def test_bad_input_closes_its_sender_and_nobody_else(daemon, data):
    n_starts = daemon.n_starts
    with Connection() as other, Connection() as client:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.socket.sendall(data)
        assert client.is_closed()
        assert other.call("GetUserRecord", uid=70001)[0]["parameters"]["record"]
    assert daemon.n_starts == n_starts


def test_calls_come_in_pieces_and_in_heaps(daemon):
    assert daemon.wanted
    text = (b'{"method":"io.systemd.UserDatabase.GetUserRecord","parameters":'
            b'{"uid":70001,"service":"org.jauth1"}}\0')
    with Connection() as client:
        for at in range(0, len(text), 7):
            client.socket.sendall(text[at:at + 7])
            time.sleep(0.001)
        assert client.reply()["parameters"]["record"]["userName"] == "jane"
        client.socket.sendall(text * 200)
        client.socket.shutdown(socket.SHUT_WR)
        replies = [client.reply() for _ in range(200)]
        assert all(reply["parameters"]["record"]["uid"] == 70001 for reply in replies)
        assert client.is_closed()


FLOODER = """
import resource, socket, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
kept = []
end = time.monotonic() + float(sys.argv[2])
print("on", flush=True)
while time.monotonic() < end:
    one = socket.socket(socket.AF_UNIX)
    one.connect(sys.argv[1])
    if sys.argv[3] == "half":
        one.send(b'{"method":')
    kept.append(one)
    del kept[:-3000]
"""


def start_flood(uid, seconds, kind):
    process = subprocess.Popen(["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups",
                                "nice", "/usr/bin/python3", "-c", FLOODER, SOCKET, str(seconds),
                                kind], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"on\n"
    return process


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.pid}/fd"))


def memory_mb(daemon):
    status = pathlib.Path(f"/proc/{daemon.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) // 1024


@pytest.mark.parametrize("uids,kind", [([65534], "idle"), ([65534], "half"),
                                       (range(60000, 60012), "idle")])
def test_who_floods_takes_nobodys_place(daemon, uids, kind):
    """Connections without a word or with half of one, of one user and of a dozen."""
    n_starts = daemon.n_starts
    floods = [start_flood(uid, 2, kind) for uid in uids]
    worst = n_lookups = 0
    while any(flood.poll() is None for flood in floods):
        start = time.monotonic()
        assert pwd.getpwnam("jane").pw_uid == 70001
        worst = max(worst, time.monotonic() - start)
        n_lookups += 1
        assert descriptors(daemon) < 512 + 32
        time.sleep(0.01)
    print(f"{n_lookups} look-ups, the slowest {worst:.3f} s")
    assert n_lookups > 5 and worst < AT_ONCE_S
    assert all(flood.wait() == 0 for flood in floods)
    assert daemon.n_starts == n_starts
    wait_until(lambda: descriptors(daemon) < 32, 5, "their end")


def test_one_user_has_no_more_than_his_places(daemon):
    """64 of a stranger stay; his next one takes the place of his own oldest, not of root's."""
    assert daemon.wanted
    with Connection() as roots:
        mine = []
        with as_uid(65534):
            mine = [Connection() for _ in range(64)]
        assert roots.call("GetUserRecord", uid=70001)[0]["parameters"]["record"]
        assert mine[0].call("GetUserRecord", uid=70001)[0]["parameters"]["record"]
        with as_uid(65534):
            mine.append(Connection())
        assert mine[64].call("GetUserRecord", uid=70001)[0]["parameters"]["record"]
        assert mine[1].is_closed()       # the first one has just had an answer
        assert mine[0].call("GetUserRecord", uid=70001)[0]["parameters"]["record"]
        assert roots.call("GetUserRecord", uid=70001)[0]["parameters"]["record"]
        for client in mine:
            client.socket.close()


@contextlib.contextmanager
def as_uid(uid):
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


# --- many ---

@pytest.fixture(scope="module", name="crowd")
def fixture_crowd(daemon):
    """The lines of 100 000 users, in five groups each."""
    assert daemon.wanted
    return [*PEOPLE, userdb.many(100000)]


def test_who_does_not_read_costs_nothing(daemon, crowd):
    """20 listings of 100 000 users that nobody reads: others are served, memory stays. They go on
    with the snapshot they began with; but not with one that is older than the last."""
    userdb.write(*crowd)
    wait_until(lambda: has_user("p99999"), 10, "the crowd")
    before = memory_mb(daemon)
    readers = [Connection() for _ in range(20)]
    for reader in readers:
        reader.send(INTERFACE + "GetUserRecord", more=True, service=SERVICE)
        assert reader.reply()["continues"]
    for _ in range(50):
        assert pwd.getpwnam("jane").pw_uid == 70001
    assert memory_mb(daemon) < before + 20
    userdb.write(*PEOPLE)
    wait_until(lambda: not has_user("p99999"), 10, "the next one")
    names = {"p1"}
    while (reply := readers[0].reply()):
        names.add(reply["parameters"]["record"]["userName"])
        if not reply.get("continues"):
            break
    assert len(names) > 99990 and "p99999" in names
    userdb.write(*PEOPLE, userdb.user("carol", 70010))
    wait_until(lambda: has_user("carol"), 10, "one more")
    while (reply := readers[1].reply()) and reply.get("continues"):
        pass
    assert reply is None
    for reader in readers:
        reader.socket.close()
    wait_until(lambda: memory_mb(daemon) < before, 5, "the crowd's memory")


def test_while_the_crowd_is_read_in_others_are_answered(daemon, crowd):
    assert daemon.wanted
    path = "/var/lib/jauth-userdb/other"
    worst = 0
    for lines in (crowd, PEOPLE, crowd):
        userdb.write(*lines, path=path)
        os.rename(path, SNAPSHOT)
        end = time.monotonic() + 1
        while time.monotonic() < end:
            start = time.monotonic()
            with Connection() as client:
                assert client.call("GetUserRecord", uid=70001)[0]["parameters"]["record"]
            worst = max(worst, time.monotonic() - start)
    print(f"the slowest call {worst * 1000:.1f} ms")
    assert worst < 0.3


def test_one_that_comes_while_another_is_read_in_is_not_missed(daemon, crowd):
    assert daemon.wanted
    first, second = "/var/lib/jauth-userdb/first", "/var/lib/jauth-userdb/second"
    userdb.write(*crowd, path=first)
    userdb.write(*PEOPLE, userdb.user("carol", 70010), path=second)
    os.rename(first, SNAPSHOT)
    time.sleep(0.02)
    os.rename(second, SNAPSHOT)
    wait_until(lambda: has_user("carol"), 3, "the second one")


# --- without systemd; and the rest ---

def test_without_systemd_a_link_leads_to_its_own_socket(house, daemon):
    daemon.stop()
    alone = Service("userdb-alone", [JAUTH_USERDB], str(house.folder), user="jauth-userdb")
    alone.start()
    try:
        os.symlink("/run/jauth-userdb/socket", SOCKET)
        assert getent("passwd", "jane") == JANE
        alone.stop()
        assert not os.path.exists("/run/jauth-userdb/socket")
        assert max(all_at_once(LOCAL_LOOKUPS).values()) < AT_ONCE_S
        pathlib.Path("/run/jauth-userdb/socket").touch()       # as one that was killed leaves it
        alone.start()
        assert getent("passwd", "jane") == JANE
    finally:
        alone.stop()
        os.unlink(SOCKET)


@pytest.mark.parametrize("words_,status", [(["--nonsense"], 2), (["word"], 2), (["--help"], 0),
                                           (["--version"], 0),
                                           (["--socket", "/nowhere/socket"], 1),
                                           (["--socket", "/" + "x" * 120], 1)])
def test_its_command_line(daemon, words_, status):
    assert daemon.wanted
    assert run([JAUTH_USERDB, *words_], check=False).returncode == status


def test_who_says_nothing_is_closed(idler):
    """After 15 s; the whole suite has passed meanwhile."""
    client, since = idler
    assert client.is_closed()
    assert time.monotonic() - since > 14
