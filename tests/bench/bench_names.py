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


# --- the sources: each is asked within its with statement ---

@contextlib.contextmanager
def files(_bench, size):
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
    daemon = bench.house.userdb()
    userdb.write(userdb.group("jauth-users", GID), userdb.many(size, FIRST_UID, GID, N_GROUPS))
    daemon.restart()
    use("files systemd")
    yield
    daemon.stop()


@contextlib.contextmanager
def nss_ldapd(_bench, _size):
    """slapd and nslcd run all the time."""
    use("files ldap")
    yield


SOURCES = {"jauth-userdb": jauth_userdb, "files": files, "nss_ldapd": nss_ldapd}


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


# --- the rows ---

def measure(bench, cases):
    """The median of each look-up of each (source, size), which are asked in turns."""
    samples = {case: [] for case in cases}
    for _ in range(ROUNDS):
        for name, size in cases:
            with SOURCES[name](bench, size):
                samples[name, size] += bench.program("bench-names", size, GID, COUNT)
    use("files")
    return {(what, *case): statistics.median(line[column] for line in lines)
            for case, lines in samples.items() for column, what in enumerate(LOOK_UPS)}


def compare(bench, size):
    with Directory(bench.house.folder, "\n".join(entries(size))):
        medians = measure(bench, [(name, size) for name in SOURCES])
    for what in LOOK_UPS:
        for name in SOURCES:
            bench.add("names", f"{what}: {name}, {size} users", medians[what, name, size] / 1000,
                      "ms")
        for name in ("files", "nss_ldapd"):
            bench.add("names", f"{what}: jauth-userdb against {name}, {size} users",
                      medians[what, "jauth-userdb", size] / medians[what, name, size], "times",
                      "< 1" if size == SIZES[-1] else None)


def bench_names(bench):
    for size in SIZES:
        compare(bench, size)
    few, all_ = SIZES
    medians = measure(bench, [("jauth-userdb", size) for size in SIZES])
    for what in LOOK_UPS:
        bench.add("names", f"{what}: jauth-userdb, {all_} users against {few}",
                  medians[what, "jauth-userdb", all_] / medians[what, "jauth-userdb", few],
                  "times", "≤ 1.2")
