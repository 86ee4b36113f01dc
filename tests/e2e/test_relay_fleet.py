# SPDX-License-Identifier: GPL-3.0-or-later
"""Three relays that share one Redis, five hosts, two hundred logins, and every five seconds a relay
is killed: every login ends right, and nobody is let in who is not to be."""

import collections
import random

import pytest

import configs
from fleet import RELAY_NAME, SELF, Host, Killer, Network, Redis, RelayNode, in_parallel
from house import ROOT, House
from vendors.oidc import Client, Provider
from vendors.tls import Authority

N_RELAYS, N_HOSTS, N_USERS = 3, 5, 40   # users of each host, and so logins
SECONDS = 45                            # in which they begin
KILL_EVERY_S = 5
KEY_PATH = "/etc/jauth/relay.key"

# What people do → how many of forty, and how their logins may end.
PLAN = {
    "right": (22, ("granted",)),
    "by_ssh": (2, ("granted",)),
    "two_phones": (3, ("granted",)),
    "wrong_person": (4, ("denied",)),
    "wrong_digits": (3, ("denied",)),
    "refuses": (2, ("denied",)),
    "leaves": (2, ("left",)),
    "forgets": (2, ("cancelled",)),
}


class FleetProvider(Provider):
    address = SELF


def make_users(names):
    """Unix users of all hosts, which share /etc; nobody has a password."""
    with open("/etc/passwd", "a", encoding="ascii") as passwd, \
            open("/etc/shadow", "a", encoding="ascii") as shadow:
        for number, name in enumerate(names):
            passwd.write(f"{name}:x:{30000 + number}:100::/nonexistent:/bin/sh\n")
            shadow.write(f"{name}:!:19000::::::\n")


class Fleet:
    def __init__(self, folder):
        folder.mkdir(mode=0o755)
        self.network = Network()
        self.authority = Authority(folder)
        self.redis = Redis(self.network, folder).start()
        names = [RELAY_NAME, *(f"relay{1 + i}.example.org" for i in range(N_RELAYS))]
        certificate = self.authority.issue("relay", names)
        self.relays = [RelayNode(self.network, folder, 1 + i, certificate, self.redis).start()
                       for i in range(N_RELAYS)]
        self.op = FleetProvider(self.authority).start()
        self.op.clients = {"demo": Client("demo", redirect_uris=[f"https://{RELAY_NAME}/cb/work"])}
        self.hosts = [Host(self.network, folder, 1 + i) for i in range(N_HOSTS)]
        self.users = [f"fleet{i}" for i in range(N_USERS)]
        make_users(self.users)
        self.stacks = House()
        self.stacks.use_jauth("sshd")
        in_parallel(self.start_host, self.hosts)

    def start_host(self, host):
        addresses = [node.address for node in self.relays]
        names = ["127.0.0.1 localhost", f"{SELF} op.example.org",
                 *(f"{address} {RELAY_NAME}" for address in addresses),
                 *(f"{node.address} {node.name}.example.org" for node in self.relays)]
        config = (configs.head(login_seconds=120)
                  + configs.relay(f"https://{RELAY_NAME}", KEY_PATH, servers=", ".join(
                      f"https://{node.name}.example.org" for node in self.relays))
                  + configs.oidc_relay(self.op) + configs.service("sshd", "work"))
        host.order("start", ca_path=self.authority.ca_path, relays={RELAY_NAME: addresses},
                   names="\n".join(names) + "\n", config=config, issuer=self.op.issuer,
                   invitation=self.relays[0].invite(host.name), users=self.users)

    def stop(self):
        in_parallel(Host.stop, self.hosts)
        self.stacks.use_debian("sshd")
        self.op.stop()
        for node in self.relays:
            node.stop()
        self.redis.stop()
        self.network.remove()


@pytest.fixture(scope="module")
def fleet():
    made = Fleet(ROOT / "fleet")
    yield made
    made.stop()


def plan_of(users):
    kinds = [kind for kind, (count, _) in PLAN.items() for _ in range(count)]
    assert len(kinds) == len(users)
    random.shuffle(kinds)
    return list(zip(users, kinds))


def test_every_login_ends_right_while_relays_are_killed(fleet):
    with Killer(fleet.relays, KILL_EVERY_S) as killer:
        results = in_parallel(lambda host: host.order("people", plan=plan_of(fleet.users),
                                                      seconds=SECONDS), fleet.hosts)
    every = [row for rows in results for row in rows]
    report(every, killer.n_kills)
    wrong = [row for row in every if row[2] not in PLAN[row[0]][1]]
    assert wrong == [], "\n".join(map(str, wrong[:5])) + fleet.hosts[0].order("journal")[-3000:]
    assert len(every) == N_HOSTS * N_USERS and killer.n_kills >= SECONDS // KILL_EVERY_S - 1
    for host, rows in zip(fleet.hosts, results):
        right = [user for kind, user, *_ in rows if "granted" in PLAN[kind][1]]
        assert sorted(host.order("granted")) == sorted(right)
    assert fleet.op.complaints == []


def report(rows, n_kills):
    ends = collections.Counter((row[0], row[2]) for row in rows)
    times = sorted(row[3] for row in rows if row[2] == "granted")
    n_retries = sum(row[4] for row in rows)
    print(f"{n_kills} kills, {n_retries} retries of telephones, ends {dict(ends)}")
    if times:
        print(f"granted after {times[len(times) // 2]} s, the slowest {times[-1]} s")
