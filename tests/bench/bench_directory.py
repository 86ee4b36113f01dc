# SPDX-License-Identifier: GPL-3.0-or-later
"""The row `directory` of bench.py: an organisation of 100 000 members in 2 000 departments becomes
users on three hosts; what that takes, what others wait meanwhile, and what a sync without changes
does."""

import shutil
import threading
import time

import configs
from bus import Bus
from directories import directory_section, listed, people, query, sync
from linked import relay_section
from measure import private_kib
from vendors.relay import Relay
from vendors.tls import Authority
from vendors.wecom import WeCom

MEMBERS, DEPARTMENTS, HOSTS = 10_000, 200, 3
KEPT = ("people", "people_groups", "locked_identities", "unix_groups", "directory_members",
        "directory_places", "directory_departments", "directory_done")


class Watch:
    """Beside a sync: the most memory that jauthd takes, and how long a call waits that needs the
    store."""

    def __init__(self, house):
        self.house = house
        self.kib = 0
        self.waits_ms = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def _run(self):
        with Bus() as bus:
            while not self.over.wait(0.02):
                begin = time.monotonic()
                bus.call("Accounts", "ListLinks", "s", "nobody")
                self.waits_ms.append((time.monotonic() - begin) * 1000)
                self.kib = max(self.kib, private_kib(self.house.jauthd.process.pid))


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
        begin = time.monotonic()
        with Watch(house) as watch:
            done = sync()
        seconds = time.monotonic() - begin
        if number == 0:
            report_first(bench, vendor, watch, seconds, idle_kib, done)
            report_second(bench, vendor)
        uids.append({name: uid for name, (uid, *_) in people().items()})
    shared = set(uids[0]) & set(uids[1]) & set(uids[2])
    agree = sum(len({host[name] for host in uids}) == 1 for name in shared)
    bench.add("directory", f"users on {HOSTS} hosts", len(shared), "", None)
    bench.add("directory", "of them with one uid", agree, "", f"{len(shared)}")
    vendor.stop()
    double.stop()


def report_first(bench, vendor, watch, seconds, idle_kib, done):
    row = listed()
    bench.add("directory", f"first sync of {MEMBERS} members in {DEPARTMENTS} departments", seconds,
              "s")
    bench.add("directory", "users made", len(done.of("add")) if len(done.changes) < 10000 else
              int(done.result.split()[0]), "")
    bench.add("directory", "refused (uid collisions of the fleet's hash)", row["refused"], "")
    for call, count in sorted(vendor.asked.items()):
        bench.add("directory", f"calls of {call}", count, "")
    bench.add("directory", "memory at its most", (watch.kib - idle_kib) / 1024, "MiB")
    waits = sorted(watch.waits_ms)
    bench.add("directory", "store call meanwhile, median", waits[len(waits) // 2], "ms")
    bench.add("directory", "store call meanwhile, 99 %", waits[len(waits) * 99 // 100], "ms")
    bench.add("directory", "store call meanwhile, longest", waits[-1], "ms", "≤ 250")


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
