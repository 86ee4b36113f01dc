# SPDX-License-Identifier: GPL-3.0-or-later
"""The measurements of tests/bench/run. Runs inside the house.

Peers are measured in the same run, in turns with us, so that a slow machine slows all alike. An
aim is shown beside its value and asserted nowhere.
"""

import contextlib
import json
import os
import pathlib
import resource
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))

import configs  # noqa: E402
from bench_directory import bench_directory  # noqa: E402
from bench_names import bench_names  # noqa: E402
from bench_relay import bench_relay  # noqa: E402
from directory import Directory, one_person  # noqa: E402
from house import JAUTHD, House, cheap_hash, wait_until  # noqa: E402
from measure import cpu_s, private_kib  # noqa: E402
from service import run  # noqa: E402
from swarm import Attempt, Swarm  # noqa: E402
from vendors.oidc import Provider  # noqa: E402
from vendors.sms_gateway import SmsGateway  # noqa: E402
from vendors.tls import Authority  # noqa: E402

MODULES = pathlib.Path("/usr/lib", os.uname().machine + "-linux-gnu", "security")
PEERS = ("pam_unix", "pam_fprintd", "pam_sss", "pam_ldap")
ROUNDS = 21

USER, PASSWORD = "bench", "right horse 7"
WAIT_S = 10


class Bench:
    def __init__(self, build):
        self.build = build
        self.rows = []
        self.house = House().start_bus()

    def add(self, name, what, value, unit, aim=None):
        self.rows.append({"bench": name, "what": what, "value": value, "unit": unit, "aim": aim})
        print(f"{name}: {what}: {value:.2f} {unit}", file=sys.stderr)

    def program(self, name, *words):
        """The numbers that a program of ours prints, one list per line."""
        out = run([os.path.join(self.build, name), *map(str, words)]).stdout
        return [[float(word) for word in line.split()] for line in out.splitlines()]

    def configure(self, *services, more="", n_waiting=400, **limits):
        text = configs.head(**limits) + configs.PASSWORD + more
        text = text.replace("logins_waiting = 400", f"logins_waiting = {n_waiting}")
        for name, methods in services:
            text += configs.service(name, methods)
        self.house.configure(text)

    @contextlib.contextmanager
    def user(self):
        self.house.add_user(USER, PASSWORD)
        try:
            yield
        finally:
            self.house.remove_user(USER)


# --- loading the module ---

def sshd_libraries():
    """What is in sshd already, so that a module does not load it again."""
    words = [line.split() for line in run(["ldd", "/usr/sbin/sshd"]).stdout.splitlines()]
    return [line[2] for line in words if len(line) > 2 and line[2].startswith("/")]


def bench_load(bench):
    places = {"bare": [], "in sshd": sshd_libraries()}
    names = ("pam_jauth", *PEERS)
    samples = {(place, name): [] for place in places for name in names}
    for _ in range(ROUNDS):
        for place, name in samples:
            samples[place, name] += bench.program("bench-load", MODULES / (name + ".so"),
                                                  *places[place])
    aims = {("in sshd", "pam_jauth"): ("≤ 0.35", "≤ 256"), ("bare", "pam_jauth"):
            ("≤ pam_fprintd", None)}
    for (place, name), values in samples.items():
        aim_ms, aim_kib = aims.get((place, name), (None, None))
        bench.add("load", f"{name} {place}: time",
                  statistics.median(value[0] for value in values) / 1000, "ms", aim_ms)
        bench.add("load", f"{name} {place}: memory",
                  statistics.median(value[1] for value in values), "KiB", aim_kib)


# --- a password login without its hash ---

LOGIN_MODULES = {"bench-jauth": "pam_jauth", "bench-unix": "pam_unix", "bench-ldap": "pam_ldap",
                 "bench-permit": "pam_permit"}      # the last: what PAM itself takes


def write_services():
    for service, module in LOGIN_MODULES.items():
        pathlib.Path("/etc/pam.d", service).write_text(f"auth required {module}.so\n")


def bench_login(bench):
    write_services()
    bench.configure(("bench-jauth", "password"))
    setting = cheap_hash(PASSWORD)
    samples = {name: [] for name in ("bus", "hash", *LOGIN_MODULES)}
    with bench.user(), Directory(bench.house.folder, one_person(USER, setting)):
        for _ in range(5):
            samples["bus"] += bench.program("bench-unit", "bus", ROUNDS)
            samples["hash"] += bench.program("bench-unit", "hash", setting, PASSWORD, ROUNDS)
            for service in LOGIN_MODULES:
                samples[service] += bench.program("bench-login", service, USER, PASSWORD, ROUNDS)
    median = {name: statistics.median(value[0] for value in values) / 1000
              for name, values in samples.items()}
    unit, pam = median["bus"], median.pop("bench-permit")
    bench.add("login", "one unit of bus work", unit, "ms")
    bench.add("login", "hash of the password", median["hash"], "ms")
    bench.add("login", "PAM itself (pam_permit)", pam, "ms")
    for service, name in LOGIN_MODULES.items():
        if service in median:
            rest = median[service] - median["hash"]
            bench.add("login", f"{name} without the hash", rest, "ms")
            bench.add("login", f"{name} without hash and PAM itself", (rest - pam) / unit,
                      "units", "≤ 2" if name == "pam_jauth" else None)


# --- logins that wait ---

@contextlib.contextmanager
def waiting(bench, service, count, answer=None):
    words = [os.path.join(bench.build, "bench-wait"), service, USER, str(count)]
    client = subprocess.Popen(words + ([answer] if answer else []), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    try:
        if client.stdout.readline() != "waiting\n":
            raise RuntimeError("bench-wait gave up")
        yield
    finally:
        client.stdin.close()
        client.wait()


def cpu_percent(pid, seconds):
    before, began = cpu_s(pid), time.monotonic()
    time.sleep(seconds)
    return 100 * (cpu_s(pid) - before) / (time.monotonic() - began)


def bench_waiting(bench):
    write_services()
    with bench.user():
        for count in (1000, 10000):
            bench.configure(("bench-jauth", "password"), n_waiting=count + 10)
            pid = bench.house.jauthd.pid
            before = private_kib(pid)
            with waiting(bench, "bench-jauth", count):
                each = (private_kib(pid) - before) / count
                bench.add("waiting", f"{count} logins: memory each", each, "KiB", "≤ 6")
                bench.add("waiting", f"{count} logins: processor", cpu_percent(pid, WAIT_S), "%",
                          "≤ 2")
                used = cpu_s(pid)
            wait_until(lambda: bench.house.status()["waiting"] == 0, 300, "all have left")
            bench.add("waiting", f"{count} leave at once: processor", cpu_s(pid) - used, "s")
        waiting_for_phones(bench, 64)


def waiting_for_phones(bench, count):
    """Each polls its provider once in five seconds, the interval of RFC 8628."""
    authority = Authority(bench.house.folder)
    bench.house.trust(authority.ca_path)
    provider = Provider(authority, interval=5).start()
    try:
        bench.configure(("bench-jauth", "work"), more=configs.oidc(provider))
        processes = (bench.house.jauthd, bench.house.http)
        with waiting(bench, "bench-jauth", count, "y"):
            before = [cpu_s(process.pid) for process in processes]
            time.sleep(WAIT_S)
            for process, cpu in zip(processes, before):
                bench.add("waiting", f"{count} device-flow polls: processor of {process.name}",
                          100 * (cpu_s(process.pid) - cpu) / WAIT_S, "%")
    finally:
        provider.stop()


# --- starting ---

def start_once(house):
    """Milliseconds from exec to READY=1, as systemd would see them, and the memory then."""
    path = str(house.folder / "ready")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.settimeout(20)
        began = time.monotonic()
        process = subprocess.Popen([JAUTHD], user="jauth", group="jauth", extra_groups=["shadow"],
                                   env={"NOTIFY_SOCKET": path, "PATH": "/usr/sbin:/usr/bin"},
                                   stderr=subprocess.DEVNULL)
        while b"READY=1" not in listener.recv(4096).split(b"\n"):
            pass
        took = (time.monotonic() - began) * 1000
        time.sleep(0.5)
        memory = private_kib(process.pid)
        process.terminate()
        process.wait()
    os.unlink(path)
    return took, memory


def bench_start(bench):
    bench.configure(("sshd", "password"))
    bench.house.jauthd.stop()
    samples = [start_once(bench.house) for _ in range(ROUNDS)]
    bench.house.stop_jauth()
    bench.add("start", "to ready", statistics.median(s[0] for s in samples), "ms", "≤ 30")
    bench.add("start", "idle, private memory", statistics.median(s[1] for s in samples) / 1024,
              "MiB", "≤ 4")


# --- many logins ---

def logins_per_second(bench, service, n_processes, n_logins):
    words = [os.path.join(bench.build, "bench-login"), service, USER, PASSWORD, str(n_logins)]
    began = time.monotonic()
    processes = [subprocess.Popen(words, stdout=subprocess.DEVNULL) for _ in range(n_processes)]
    failed = sum(process.wait() != 0 for process in processes)
    if failed:
        raise RuntimeError(f"{failed} of {n_processes} could not log in")
    return n_processes * n_logins / (time.monotonic() - began)


def bench_rate(bench):
    write_services()
    bench.configure(("bench-jauth", "password"))
    with bench.user():
        for service in ("bench-jauth", "bench-unix"):
            rate = logins_per_second(bench, service, 8, 250)
            bench.add("rate", f"{LOGIN_MODULES[service]}, 8 at a time, cheap hash", rate, "per s")


# --- a vendor that does not answer ---

HANGING = 100


def logins_ms(bench, count):
    """A thousand password logins, one after the other, in milliseconds."""
    return sum(value[0] for value in
               bench.program("bench-login", "bench-jauth", USER, PASSWORD, count)) / 1000


@contextlib.contextmanager
def hanging_messages(bench, gateway, users):
    """Each user has asked for a code, and the vendor says nothing. A part of the requests waits in
    jauth-http, which opens so many connections to one host and no more."""
    gateway.reset()
    gateway.behave(*["hang"] * len(users))
    attempts = [Attempt(user, f"10.0.{i}.1", "y") for i, user in enumerate(users)]
    with Swarm("bench-sms").hold(attempts):
        wait_until(lambda: bench.house.status()["http-open"] == len(users), 5, "the requests")
        yield


def bench_sms(bench):
    """The vendor's time-out is 8 s: what is measured must be shorter."""
    write_services()
    authority = Authority(bench.house.folder)
    bench.house.trust(authority.ca_path)
    gateway = SmsGateway(authority).start()
    bench.configure(("bench-jauth", "password"), ("bench-sms", "phone"),
                    more=configs.sms_gateway(gateway) + configs.sms(vendors="gateway"),
                    sms_strangers_hour=1000)
    names = [bench.house.add_user() for _ in range(HANGING)]
    for i, name in enumerate(names):
        bench.house.add_phone(name, f"+861390000{i:04d}")
    with bench.user():
        logins_ms(bench, 1000)
        before = logins_ms(bench, 1000)
        with hanging_messages(bench, gateway, names):
            meanwhile = logins_ms(bench, 1000)
            n_left = bench.house.status()["http-open"]
        after = logins_ms(bench, 1000)
    quiet = (before + after) / 2
    bench.add("sms", "1000 password logins", quiet, "ms")
    bench.add("sms", f"the same while {HANGING} messages hang", meanwhile, "ms")
    bench.add("sms", "ratio", meanwhile / quiet, "", "≤ 1.2")
    bench.add("sms", "messages that still hung then", n_left, "", f"{HANGING}")
    gateway.stop()


BENCHES = {"load": bench_load, "login": bench_login, "waiting": bench_waiting,
           "start": bench_start, "rate": bench_rate, "sms": bench_sms, "relay": bench_relay,
           "names": bench_names, "directory": bench_directory}


def table(rows):
    cells = [(row["bench"], row["what"], f"{row['value']:.2f}", row["unit"], row["aim"] or "")
             for row in rows]
    cells.insert(0, ("bench", "what", "value", "unit", "aim"))
    widths = [max(len(line[i]) for line in cells) for i in range(5)]
    for name, what, value, unit, aim in cells:
        print(f"{name:{widths[0]}}  {what:{widths[1]}}  {value:>{widths[2]}} "
              f"{unit:{widths[3]}}  {aim}".rstrip())


def main(build, *words):
    names = [word for word in words if word != "--json"] or list(BENCHES)
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        sys.exit(f"no such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
    bench = Bench(build)
    try:
        for name in names:
            BENCHES[name](bench)
    finally:
        bench.house.stop()
    if "--json" in words:
        print(json.dumps(bench.rows, ensure_ascii=False, indent=1))
    else:
        table(bench.rows)


main(*sys.argv[1:])
