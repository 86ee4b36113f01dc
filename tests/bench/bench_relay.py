# SPDX-License-Identifier: GPL-3.0-or-later
"""The row `relay` of bench.py: a login over the relay as the person feels it, the memory of waiting
links, and pages per second next to nginx with a file of the same size."""

import http.client
import json
import os
import pathlib
import re
import statistics
import time

import configs
from measure import private_kib
from handset import Phone
from ports import free_port
from relay import HostClient, Relay
from service import Service, run
from vendors.oidc import Client, Provider
from vendors.tls import Authority

ROUNDS = 31
LINKS = 50000
PAGE_ROUNDS, PAGE_SECONDS, CONNECTIONS = 3, 3, 50
LINK = re.compile(r"https://\S+/q/[A-Za-z0-9_-]{22}")

STATIC = """
user www-data;
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log crit;
events {{ worker_connections 2048; }}
http {{
	access_log off;
	keepalive_requests 1000000;
	client_body_temp_path {folder}/body;
	proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi;
	uwsgi_temp_path {folder}/uwsgi;
	scgi_temp_path {folder}/scgi;
	default_type text/html;
	server {{
		listen 127.0.0.1:{port};
		root {folder}/root;
	}}
}}
"""


class TimedProvider(Provider):
    """Knows how long it took itself, for each of its requests."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.took_s = 0.0

    def serve(self, handler):
        start = time.monotonic()
        super().serve(handler)
        self.took_s += time.monotonic() - start


# --- what the person waits for ---

def one_login(bench, phone, op, user):
    """Milliseconds from the callback to the digits, the vendor's part of them, and from the digits
    to the end."""
    with bench.house.bus_login(user, service="bench-relay") as login:
        page = phone.open(LINK.search(login.next_ask().text()).group())
        page = phone.press(page, name="method")
        back = phone.press(page, "approve", sub="sub-of-" + user, follow=False)
        op.took_s, start = 0.0, time.monotonic()
        page = phone.settle(phone.follow(back))
        shown, vendor = time.monotonic(), op.took_s
        login.answer(page.classes["digits"].strip())
        outcome = login.outcome()
        ended = time.monotonic()
        if outcome != "granted":
            raise RuntimeError(f"the login ended {outcome}")
    return [1000 * value for value in (shown - start, vendor, ended - shown)]


def bench_logins(bench, authority, relay, op):
    host = HostClient(relay, name="bench.example.org").enrol()
    key_path = bench.house.folder / "relay.key"
    key_path.write_text(host.token)
    os.chmod(key_path, 0o600)
    os.chown(key_path, bench.house.uid("jauth"), -1)
    bench.configure(("bench-relay", "work"), more=configs.relay(relay.url, key_path)
                    + configs.oidc_relay(op))
    user = bench.house.add_user()
    bench.house.add_link(user, op.issuer, "sub-of-" + user)
    phone = Phone(authority.ca_path)
    samples = [one_login(bench, phone, op, user) for _ in range(ROUNDS)]
    bench.house.stop_jauth()
    callback, vendor, digits = (statistics.median(column) for column in zip(*samples))
    ours = statistics.median(whole - part for whole, part, _ in samples)
    bench.add("relay", "callback → digits on the page", callback, "ms")
    bench.add("relay", "the vendor's part of it", vendor, "ms")
    bench.add("relay", "callback → digits without the vendor", ours, "ms", "≤ 50")
    bench.add("relay", "digits typed → granted", digits, "ms", "≤ 50")


# --- links that wait ---

def open_links(relay, token, count):
    """As a host does, on one connection; the ids."""
    connection = http.client.HTTPConnection("127.0.0.1", relay.plain_port, timeout=30)
    targets = [{"method": "wecom", "title": "WeCom", "app": "wecom"},
               {"method": "github", "title": "GitHub", "app": "browser"}]
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    idents = [f"{number:022d}" for number in range(count)]
    for number, ident in enumerate(idents):
        body = {"user": f"user{number % 1000}", "service": "sshd",
                "source": f"192.0.2.{number % 250}", "since": int(time.time()), "seconds": 180,
                "digits": True, "targets": targets}
        connection.request("PUT", "/v1/links/" + ident, json.dumps(body), headers)
        reply = connection.getresponse()
        reply.read()
        if reply.status != 200:
            raise RuntimeError(f"link {number}: status {reply.status}")
    connection.close()
    return idents


def bench_memory(bench, relay, token):
    pid = relay.service.pid
    before = private_kib(pid)
    open_links(relay, token, LINKS)
    after = private_kib(pid)
    n_held = relay.metrics()["links"]
    if n_held < LINKS:
        raise RuntimeError(f"the relay holds {n_held} links")
    bench.add("relay", f"memory of a relay with {LINKS} waiting links", after / 1024, "MiB",
              "≤ 100")
    bench.add("relay", "of each link", (after - before) * 1024 / LINKS, "bytes")


# --- pages per second ---

def pages_per_second(url):
    out = run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{PAGE_SECONDS}s", url]).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise RuntimeError(out)
    return float(re.search(r"Requests/sec:\s+([0-9.]+)", out).group(1))


def get(url):
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request("GET", "/" + path)
    return connection.getresponse().read()


class StaticPage:
    """nginx and a file with these bytes."""

    def __init__(self, folder, body):
        self.folder = pathlib.Path(folder) / "static"
        (self.folder / "root").mkdir(parents=True)
        for path in (self.folder, self.folder / "root"):
            os.chmod(path, 0o755)
        (self.folder / "root" / "page").write_bytes(body)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/page"
        config = self.folder / "nginx.conf"
        config.write_text(STATIC.format(folder=self.folder, port=port))
        self.service = Service("nginx-static", ["nginx", "-c", str(config)], str(self.folder),
                               notify=False)


def bench_pages(bench, relay, token):
    ident = open_links(relay, token, 1)[0]
    url = f"http://127.0.0.1:{relay.plain_port}/q/{ident}"
    page = StaticPage(bench.house.folder, get(url))
    page.service.start()
    time.sleep(0.5)
    samples = {"relay": [], "nginx": []}
    for _ in range(PAGE_ROUNDS):
        samples["relay"].append(pages_per_second(url))
        samples["nginx"].append(pages_per_second(page.url))
    page.service.stop()
    median = {name: statistics.median(values) for name, values in samples.items()}
    bench.add("relay", "pages /q/ID, requests per second", median["relay"], "/s")
    bench.add("relay", "nginx with a static file of that size", median["nginx"], "/s")
    bench.add("relay", "ratio", 100 * median["relay"] / median["nginx"], "%", "≥ 40")


def bench_relay(bench):
    authority = Authority(bench.house.folder)
    bench.house.trust(authority.ca_path)
    relay = Relay(bench.house.folder, authority, links_per_host=LINKS + 1).start()
    op = TimedProvider(authority).start()
    op.clients = {"demo": Client("demo", redirect_uris=[relay.url + "/cb/work"])}
    bench_logins(bench, authority, relay, op)
    token = HostClient(relay, name="other.example.org").enrol().token
    bench_pages(bench, relay, token)
    bench_memory(bench, relay, token)
    op.stop()
    relay.stop()
