# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking users up: jauth-userdb beside /etc/passwd and LDAP by nss_ldapd, at 100 and 100 000 users.

The same users and groups in each: five groups to a user, some 500 members to a group of the many.
"""

import contextlib
import pathlib
import statistics

import userdb
from directory import BASE, Directory
from house import NSSWITCH

SIZES = (100, 100000)
FIRST_UID, GID, N_GROUPS = 100000, 65600, 5
LOOK_UPS = ("by name", "by number", "groups of a user", "nobody's name")
ROUNDS, COUNT = 5, 11


def members(size):
    """Of each group, as snapshotwrite has it."""
    table = [[] for _ in range(size // 100 + 10)]
    for i in range(size):
        for k in range(N_GROUPS):
            table[(i + k * 7) % len(table)].append(f"p{i}")
    return table


def use(source):
    """What the name service asks."""
    NSSWITCH.write_text(f"passwd: {source}\ngroup: {source}\nshadow: files\nhosts: files dns\n")


# --- the sources ---

@contextlib.contextmanager
def files(bench, size):
    assert bench
    passwd, group = pathlib.Path("/etc/passwd"), pathlib.Path("/etc/group")
    before = passwd.read_text(), group.read_text()
    passwd.write_text(before[0] + "".join(
        f"p{i}:x:{FIRST_UID + i}:{GID}::/home/p{i}:/bin/bash\n" for i in range(size)))
    group.write_text(before[1] + "".join(
        f"g{i}:x:{FIRST_UID + size + i}:{','.join(names)}\n"
        for i, names in enumerate(members(size))))
    use("files")
    yield
    passwd.write_text(before[0])
    group.write_text(before[1])


@contextlib.contextmanager
def jauth_userdb(bench, size):
    userdb.write(userdb.group("jauth-users", GID), userdb.many(size, FIRST_UID, GID, N_GROUPS))
    daemon = bench.house.userdb()
    daemon.restart()
    use("files systemd")
    yield
    daemon.stop()


def entries(size):
    yield f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: E\n"
    for i in range(size):
        yield (f"dn: uid=p{i},{BASE}\nobjectClass: account\nobjectClass: posixAccount\nuid: p{i}\n"
               f"cn: p{i}\nuidNumber: {FIRST_UID + i}\ngidNumber: {GID}\n"
               f"homeDirectory: /home/p{i}\nloginShell: /bin/bash\n")
    for i, names in enumerate(members(size)):
        yield (f"dn: cn=g{i},{BASE}\nobjectClass: posixGroup\ncn: g{i}\n"
               f"gidNumber: {FIRST_UID + size + i}\n"
               + "".join(f"memberUid: {name}\n" for name in names))


@contextlib.contextmanager
def nss_ldapd(bench, size):
    with Directory(bench.house.folder, "\n".join(entries(size))):
        use("files ldap")
        yield


SOURCES = {"jauth-userdb": jauth_userdb, "files": files, "nss_ldapd": nss_ldapd}


def bench_names(bench):
    medians = {}
    for size in SIZES:
        samples = {}
        for name, source in SOURCES.items():
            with source(bench, size):
                samples[name] = [bench.program("bench-names", size, GID, COUNT)
                                 for _ in range(ROUNDS)]
        for column, what in enumerate(LOOK_UPS):
            for name, rounds in samples.items():
                medians[what, name, size] = statistics.median(
                    line[column] for lines in rounds for line in lines)
    use("files")
    for size in SIZES:
        add_rows(bench, medians, size)
    for what in LOOK_UPS:
        bench.add("names", f"{what}: jauth-userdb, {SIZES[1]} users against {SIZES[0]}",
                  medians[what, "jauth-userdb", SIZES[1]] / medians[what, "jauth-userdb", SIZES[0]],
                  "times", "≤ 1.2")


def add_rows(bench, medians, size):
    for what in LOOK_UPS:
        ours = medians[what, "jauth-userdb", size]
        for name in SOURCES:
            bench.add("names", f"{what}: {name}, {size} users", medians[what, name, size] / 1000,
                      "ms")
        for name in ("files", "nss_ldapd"):
            bench.add("names", f"{what}: jauth-userdb against {name}, {size} users",
                      ours / medians[what, name, size], "times",
                      "< 1" if size == SIZES[-1] else None)
