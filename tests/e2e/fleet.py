# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet inside the house: relays behind nginx, their Redis, and hosts, each in a network
namespace of its own on one bridge. A host also has its own mounts and name, and runs as the program
fleet_host.py, which takes orders and answers as lines of JSON."""

import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

from service import Service, run

HERE = os.path.dirname(os.path.abspath(__file__))
NETWORK = "10.77.0."
SELF = NETWORK + "1"                    # this process, and the provider it plays
RELAY_NAME = "sso.example.org"        # as our sample for nginx has it
JAUTH_RELAY = "/usr/sbin/jauth-relay"
SAMPLE = pathlib.Path("/usr/share/jauth/relay/nginx-jauth-relay.conf")
LISTEN = "127.0.0.1:8480"               # as the sample has it, too
REDIS_PORT = 6379
OUTAGE_S = 2                            # between the death of a relay and its next start

NGINX = """
user www-data;
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.error.log;
events {{ worker_connections 2048; }}
http {{
	client_body_temp_path {folder}/body;
	proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi;
	uwsgi_temp_path {folder}/uwsgi;
	scgi_temp_path {folder}/scgi;
	include {folder}/site.conf;
}}
"""
CONFIG = """
[relay]
url = https://{name}
listen = {listen}
[redis]
address = {redis}
"""


class Network:
    """One bridge with this process at its first address."""

    def __init__(self):
        self.names = []
        run(["ip", "link", "add", "fleet", "type", "bridge"])
        run(["ip", "addr", "add", SELF + "/24", "dev", "fleet"])
        run(["ip", "link", "set", "fleet", "up"])

    def add(self, name, number):
        """A namespace of this name; its address."""
        address = NETWORK + str(number)
        inner = ["ip", "-n", name]
        run(["ip", "netns", "add", name])
        self.names.append(name)
        run(["ip", "link", "add", "to-" + name, "type", "veth", "peer", "name", "eth0", "netns",
             name])
        run(["ip", "link", "set", "to-" + name, "master", "fleet", "up"])
        run([*inner, "addr", "add", address + "/24", "dev", "eth0"])
        run([*inner, "link", "set", "eth0", "up"])
        run([*inner, "link", "set", "lo", "up"])
        return address

    def remove(self):
        for name in self.names:
            run(["ip", "netns", "del", name], check=False)
        run(["ip", "link", "del", "fleet"], check=False)


def inside(name):
    return ["ip", "netns", "exec", name]


class Redis:
    def __init__(self, network, folder):
        self.address = network.add("redis", 10)
        self.name = f"{self.address}:{REDIS_PORT}"
        self.service = Service("redis", ["redis-server", "--bind", self.address, "--port",
                                         str(REDIS_PORT), "--save", "", "--appendonly", "no",
                                         "--protected-mode", "no", "--dir", str(folder)],
                               str(folder), notify=False, inside=inside("redis"))

    def start(self):
        self.service.start()
        deadline = time.monotonic() + 10
        while run([*inside("redis"), "redis-cli", "-h", self.address, "ping"],
                  check=False).stdout.strip() != "PONG":
            assert time.monotonic() < deadline, self.service.log()
            time.sleep(0.05)
        return self

    def stop(self):
        self.service.stop()


class RelayNode:
    """jauth-relay with a file of hosts of its own, and nginx with our sample before it."""

    def __init__(self, network, folder, number, certificate, redis):
        self.name = f"relay{number}"
        self.address = network.add(self.name, 10 + number)
        self.folder = pathlib.Path(folder) / self.name
        self.folder.mkdir(mode=0o755)
        run(["chown", "jauth-relay", str(self.folder)])
        self.options = ["--config", str(self.folder / "jauth-relay.conf"), "--hosts",
                        str(self.folder / "hosts")]
        (self.folder / "jauth-relay.conf").write_text(CONFIG.format(
            name=RELAY_NAME, listen=LISTEN, redis=redis.name))
        self.relay = Service(self.name, [JAUTH_RELAY, *self.options], str(self.folder),
                             user="jauth-relay", inside=inside(self.name),
                             restart_after_s=OUTAGE_S)
        self._write_nginx(certificate)
        self.nginx = Service(self.name + "-nginx",
                             ["nginx", "-c", str(self.folder / "nginx.conf")],
                             str(self.folder), notify=False, inside=inside(self.name))

    def _write_nginx(self, certificate):
        text = SAMPLE.read_text()
        for old, new in [(f"/etc/ssl/certs/{RELAY_NAME}.pem", certificate[0]),
                         (f"/etc/ssl/private/{RELAY_NAME}.key", certificate[1]),
                         ("/var/log/nginx", str(self.folder))]:
            assert old in text, old
            text = text.replace(old, new)
        (self.folder / "site.conf").write_text(text)
        (self.folder / "nginx.conf").write_text(NGINX.format(folder=self.folder))

    def start(self):
        self.relay.start()
        self.nginx.start()
        return self

    def stop(self):
        self.nginx.stop()
        self.relay.stop()

    def invite(self, host):
        """The token with which one host may enrol, as the relay's sysadmin gets it."""
        said = run([JAUTH_RELAY, *self.options, "host", "add", host]).stdout
        return re.search(r"jre1\.[0-9a-f]{16}\.[A-Za-z0-9_-]{43}", said).group()


class Host:
    """One host of the fleet; see fleet_host.py for the orders."""

    def __init__(self, network, folder, number):
        self.name = f"host{number}"
        network.add(self.name, 20 + number)
        self.log_path = pathlib.Path(folder) / (self.name + ".log")
        self.lock = threading.Lock()
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*inside(self.name), "unshare", "--mount", "--uts", sys.executable,
                 os.path.join(HERE, "fleet_host.py"), self.name],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)

    def order(self, order, **details):
        """What the host answers to an order."""
        with self.lock:
            self.process.stdin.write(json.dumps({"order": order, **details}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended:\n{self.log_path.read_text()[-4000:]}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{self.name}: {answer['error']}")
        return answer["done"]

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Killer:
    """Kills one relay after the other while the with statement lasts; its supervisor starts it
    again after OUTAGE_S."""

    def __init__(self, relays, every=5):
        self.relays = relays
        self.every = every
        self.n_kills = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self.over.wait(self.every):
            node = self.relays[self.n_kills % len(self.relays)]
            node.relay.kill()
            self.n_kills += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def in_parallel(function, things):
    """Of all things at once; the results in their order. The first exception is passed on."""
    results = [None] * len(things)
    errors = []

    def one(index, thing):
        try:
            results[index] = function(thing)
        except Exception as error:      # pylint: disable=broad-except
            errors.append(error)

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(things)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
