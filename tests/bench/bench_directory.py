# SPDX-License-Identifier: GPL-3.0-or-later
"""The row `directory` of bench.py: an organisation of 100 000 members in 2 000 departments becomes
users on three hosts; what that takes, what others wait meanwhile, what a sync without changes
does, and one with a few."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import configs
from house import DATABASE
from directories import directory_section, listed, people, query, sync
from linked import relay_section
from measure import cpu_s, private_kib
from vendors.relay import Relay
from vendors.tls import Authority
from vendors.wecom import WeCom

MEMBERS, DEPARTMENTS, HOSTS = 100_000, 2_000, 3
CHANGED = 1000
KEPT = ("people", "people_groups", "locked_identities", "unix_groups", "directory_members",
        "directory_places", "directory_departments", "directory_done")


class Watch:
    """Beside a sync: what watch.py sees."""

    def __init__(self, house):
        words = [sys.executable, str(pathlib.Path(__file__).parent / "watch.py"),
                 str(house.jauthd.process.pid), str(DATABASE)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.seen = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        out, _ = self.process.communicate("")
        self.seen = json.loads(out) if out else {}

    def report(self, bench, during):
        """A peer that waits as long was kept from the processor or the disk by others."""
        aims = {("store", "longest"): "≤ 250"}
        calls = {"store": "store call", "loop": "call of the loop alone",
                 "peer": "commit of an SQLite beside it"}
        values = {}
        for name, call in calls.items():
            waits = sorted(self.seen[name])
            for what, i in (("median", len(waits) // 2), ("99 %", len(waits) * 99 // 100),
                            ("longest", len(waits) - 1)):
                values[name, what] = waits[i]
                bench.add("directory", f"{during}: {call}, {what}", waits[i], "ms",
                          aims.get((name, what)))
        for what in ("99 %", "longest"):
            bench.add("directory", f"{during}: store call to commit, {what}",
                      values["store", what] / values["peer", what], "times")


def kept():
    """All that a sync may change."""
    return {table: query(f"SELECT * FROM {table}") for table in KEPT}


def bench_directory(bench):
    house = bench.house
    authority = Authority(house.folder)
    house.trust(authority.ca_path)
    double = Relay(authority).start()
    vendor = WeCom(authority, trusted_domain=f"{double.host}:{double.port}").start()
    vendor.calls_per_minute = 10 ** 9               # the machine is faster than the vendor's quota
    vendor.grow(MEMBERS, DEPARTMENTS)
    key = house.folder / "bench-fleet-key"
    key.write_text("0123456789abcdef" * 4 + "\n")
    key.chmod(0o640)
    shutil.chown(key, "root", "jauth")
    text = (configs.head() + relay_section(double)
            + configs.section("accounts", {"uids": "fleet", "fleet_key_file": key})
            + directory_section(vendor))
    uids = []
    for number in range(HOSTS):
        house.configure(text)
        idle_kib = private_kib(house.jauthd.process.pid)
        vendor.asked.clear()
        cpu = cpu_s(house.jauthd.process.pid)
        begin = time.monotonic()
        with Watch(house) as watch:
            done = sync()
            seconds = time.monotonic() - begin
        cpu = cpu_s(house.jauthd.process.pid) - cpu
        if number == 0:
            report_first(bench, vendor, (seconds, cpu), done)
            bench.add("directory", "memory at its most", (watch.seen["kib"] - idle_kib) / 1024,
                      "MiB")
            watch.report(bench, "first sync")
            report_second(bench, vendor)
            report_third(bench, vendor)
        uids.append({name: uid for name, (uid, *_) in people().items()})
    shared = set(uids[0]) & set(uids[1]) & set(uids[2])
    agree = sum(len({host[name] for host in uids}) == 1 for name in shared)
    bench.add("directory", f"users on {HOSTS} hosts", len(shared), "", None)
    bench.add("directory", "of them with one uid", agree, "", f"{len(shared)}")
    vendor.stop()
    double.stop()


def report_first(bench, vendor, took, done):
    row = listed()
    seconds, cpu = took
    what = f"first sync of {MEMBERS} members in {DEPARTMENTS} departments"
    bench.add("directory", what, seconds, "s")
    bench.add("directory", f"{what}: processor of jauthd", cpu, "s")
    bench.add("directory", "load of the machine meanwhile", os.getloadavg()[0], "")
    bench.add("directory", "users made", len(done.of("add")) if len(done.changes) < 10000 else
              int(done.result.split()[0]), "")
    bench.add("directory", "refused (uid collisions of the fleet's hash)", row["refused"], "")
    for call, count in sorted(vendor.asked.items()):
        bench.add("directory", f"calls of {call}", count, "")


def report_second(bench, vendor):
    before = kept()
    vendor.asked.clear()
    begin = time.monotonic()
    done = sync()
    bench.add("directory", "second sync, nothing changed", time.monotonic() - begin, "s")
    for call, count in sorted(vendor.asked.items()):
        bench.add("directory", f"second sync: calls of {call}", count, "")
    after = kept()
    changed = sum(before[table] != after[table] for table in KEPT)
    bench.add("directory", "second sync: tables changed, but for when it was", changed, "", "0")
    assert not done.changes


def report_third(bench, vendor):
    """Far fewer than all, in departments of whom most did not change. They are called as before
    afterwards, since the other hosts are to have the same users."""
    changed = list(vendor.persons.values())[:MEMBERS:MEMBERS // CHANGED]
    names = [person.name for person in changed]
    for person in changed:
        person.name += "新"
    begin = time.monotonic()
    with Watch(bench.house) as watch:
        done = sync()
        seconds = time.monotonic() - begin
    bench.add("directory", f"third sync, {len(changed)} renamed", seconds, "s")
    watch.report(bench, "third sync")
    assert len(done.of("rename")) + listed()["refused"] >= len(changed)
    for person, name in zip(changed, names):
        person.name = name
