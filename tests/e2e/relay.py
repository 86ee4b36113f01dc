# SPDX-License-Identifier: GPL-3.0-or-later
"""jauth-relay with nginx before it, a host that uses it, and a phone without a browser."""

import base64
import hashlib
import http.client
import json
import os
import pathlib
import pwd
import re
import secrets
import socket
import ssl
import time
import urllib.parse

from house import wait_until
from ports import free_port
from service import Service, run

RELAY = "/usr/sbin/jauth-relay"
NGINX_SAMPLE = pathlib.Path("/usr/share/jauth/relay/nginx-jauth-relay.conf")
CADDY_SAMPLE = NGINX_SAMPLE.parent / "Caddyfile-jauth-relay"
NAME = "sso.example.org"
SHORT_NAME = "r.example.org"            # with a port behind it, still a code of version 3

NGINX_CONF = """
user www-data;
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 8192; }}
http {{
	client_body_temp_path {folder}/body;
	proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi;
	uwsgi_temp_path {folder}/uwsgi;
	scgi_temp_path {folder}/scgi;
	include {folder}/site.conf;
}}
"""

BROWSER = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36"
APPS = {
    "browser": BROWSER,
    "wecom": BROWSER + " MicroMessenger/7.0.1 wxwork/4.1.0 NetType/WIFI",
    "wechat": BROWSER + " MicroMessenger/8.0.40 NetType/WIFI",
    "dingtalk": BROWSER + " AliApp(DingTalk/7.0.0) com.alibaba.android.rimet",
    "computer": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
}


def words(n=22):
    """n characters of base64url that nobody guesses."""
    return secrets.token_urlsafe(n)[:n]


def state_word():
    return secrets.token_hex(16)


class Nginx:
    """Our sample before a relay. `rate` None leaves its limits of requests as they are."""

    def __init__(self, folder, authority, port, relay_port, rate="100000r/s"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        os.chmod(self.folder, 0o755)
        certificate, key = authority.issue(NAME, [NAME, SHORT_NAME])
        text = NGINX_SAMPLE.read_text()
        for old, new in [("/etc/ssl/certs/sso.example.org.pem", certificate),
                         ("/etc/ssl/private/sso.example.org.key", key),
                         ("/var/log/nginx", str(self.folder)),
                         ("127.0.0.1:8480", f"127.0.0.1:{relay_port}"),
                         ("listen 443", f"listen 127.0.0.1:{port}"),
                         ("listen [::]:443", f"listen [::1]:{port}")]:
            assert old in text
            text = text.replace(old, new)
        text = re.sub(r"(?ms)^server \{\n\tlisten 80;.*", "", text)
        if rate:
            text = text.replace("rate=10r/s", f"rate={rate}").replace(
                "limit_conn jauth_connections 100", "limit_conn jauth_connections 8000")
        (self.folder / "site.conf").write_text(text)
        (self.folder / "nginx.conf").write_text(NGINX_CONF.format(folder=self.folder))
        self.port = port
        self.service = Service("nginx", ["/usr/sbin/nginx", "-c", str(self.folder / "nginx.conf")],
                               str(self.folder), notify=False)

    def start(self):
        self.service.start()
        wait_until(self._listens, 10, "the proxy listening")
        return self

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.service.stop()


class Caddy:
    """Our sample before a relay; without an authority on the internet, and on our ports."""

    def __init__(self, folder, authority, port, relay_port):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        certificate, key = authority.issue(NAME, [NAME])
        text = CADDY_SAMPLE.read_text()
        for old, new in [("{\n\t#", "{\n\tadmin off\n\tauto_https disable_redirects\n\t#"),
                         ("sso.example.org {", f"https://{NAME}:{port} {{\n"
                                                 f"\ttls {certificate} {key}"),
                         ("127.0.0.1:8480", f"127.0.0.1:{relay_port}")]:
            assert old in text
            text = text.replace(old, new, 1)
        config = self.folder / "Caddyfile"
        config.write_text(text)
        self.port = port
        self.service = Service("caddy", ["/usr/bin/caddy", "run", "--adapter", "caddyfile",
                                         "--config", str(config)], str(self.folder), notify=False,
                               env={"HOME": str(self.folder)})

    start, stop, _listens = Nginx.start, Nginx.stop, Nginx._listens


class Relay:
    """One relay. `redis` is the text of its section [redis]."""

    def __init__(self, folder, authority, name="relay", redis="", rate="100000r/s", tls=True,
                 **keys):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir(parents=True, exist_ok=True)
        user = pwd.getpwnam("jauth-relay")
        os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.files = self.folder / "files"
        self.files.mkdir(exist_ok=True)
        self.authority = authority
        self.plain_port, self.tls_port = free_port(), free_port()
        self.redis = redis
        self.config, self.hosts = self.folder / "jauth-relay.conf", self.folder / "hosts"
        self.keys = {"url": f"https://{NAME}:{self.tls_port}",
                     "listen": f"127.0.0.1:{self.plain_port}", "files": str(self.files), **keys}
        self.write_config()
        self.service = Service(name, [RELAY, "--config", str(self.config), "--hosts",
                                      str(self.hosts)], str(self.folder), user="jauth-relay")
        self.nginx = Nginx(self.folder / "nginx", authority, self.tls_port, self.plain_port,
                           rate) if tls else None

    def write_config(self, **keys):
        self.keys.update(keys)
        lines = "".join(f"{key} = {value}\n" for key, value in self.keys.items())
        self.config.write_text(f"[relay]\n{lines}{self.redis}")
        os.chmod(self.config, 0o644)

    @property
    def url(self):
        return self.keys["url"]

    def start(self):
        self.service.start()
        if self.nginx:
            self.nginx.start()
        return self

    def stop(self):
        if self.nginx:
            self.nginx.stop()
        self.service.stop()

    def command(self, *argv, check=True):
        """jauth-relay host …, as root."""
        return run([RELAY, "--config", str(self.config), "--hosts", str(self.hosts), "host",
                    *argv], check=check)

    def invite(self, name):
        """The enrolment key that somebody at the relay hands to somebody at the host."""
        return re.search(r"jre1\.[0-9a-f]{16}\.[A-Za-z0-9_-]{43}",
                         self.command("add", name).stdout).group(0)

    def connect(self, plain=False, timeout=60):
        if plain:
            return http.client.HTTPConnection("127.0.0.1", self.plain_port, timeout=timeout)
        context = ssl.create_default_context(cafile=self.authority.ca_path)
        return http.client.HTTPSConnection(NAME, self.tls_port, context=context, timeout=timeout)

    def metrics(self):
        """Name with labels → value, as this machine's Prometheus sees them."""
        reply = Phone(self, plain=True).get("/metrics", headers={})
        assert reply.status == 200
        return {line.rpartition(" ")[0].removeprefix("jauth_relay_"): float(line.rpartition(" ")[2])
                for line in reply.text.splitlines() if not line.startswith("#")}


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def head(self):
        """The page's heading."""
        return re.search(r"<h1>(.*?)</h1>", self.text).group(1)

    @property
    def digits(self):
        found = re.search(r'<p class="digits">(\d\d)</p>', self.text)
        return found and found.group(1)

    @property
    def methods(self):
        return re.findall(r'name="method" value="([^"]*)"', self.text)

    @property
    def token(self):
        return re.search(r'name="token" value="([^"]*)"', self.text).group(1)

    @property
    def refreshes(self):
        return 'http-equiv="refresh"' in self.text


class Link:
    def __init__(self, host, ident, opened):
        self.host, self.id, self.opened = host, ident, opened
        self.path = f"/v1/links/{ident}"
        self.state = None

    @property
    def expires(self):
        return self.opened.json["expires"]

    def set_target(self, method="work", url="https://op.example.org/authorize?x=1", state=None):
        self.state = state or state_word()
        return self.host.call("PUT", self.path + "/target",
                              {"method": method, "state": self.state, "url": url})

    def set_result(self, result, **more):
        return self.host.call("PUT", self.path + "/result", {"result": result, **more})

    def delete(self):
        return self.host.call("DELETE", self.path)


TARGETS = [{"method": "work", "title": "WeCom", "app": "wecom"},
           {"method": "site", "title": "GitHub", "app": "browser"}]


class HostClient:
    """A host as base/relay-protocol.h has it, over TLS or (plain) straight to the relay."""

    def __init__(self, relay, name="web1.example.org", plain=False):
        self.relay, self.name, self.plain = relay, name, plain
        self.after = 0
        self.token = None

    @staticmethod
    def new_key():
        """(token, what the relay is told of it)"""
        key = secrets.token_hex(8)
        secret = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
        return (f"jr1.{key}.{secret}",
                {"key": key, "sha256": hashlib.sha256(secret.encode()).hexdigest()})

    def enrol(self):
        invitation = self.relay.invite(self.name)
        token, said = self.new_key()
        reply = self.call("POST", "/v1/enrol", said, token=invitation)
        assert (reply.status, reply.json) == (200, {"host": self.name})
        self.token = token
        return self

    @property
    def key(self):
        return self.token.split(".")[1]

    def call(self, method, path, body=None, token=None, headers=None):
        connection = self.relay.connect(self.plain)
        try:
            connection.request(method, path, body if body is None or isinstance(body, bytes)
                               else json.dumps(body).encode(),
                               {"Authorization": f"Bearer {token or self.token}",
                                "Content-Type": "application/json", **(headers or {})})
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def open(self, ident=None, **fields):
        ident = ident or words()
        body = {"user": "jane", "service": "sshd", "source": "192.0.2.7",
                "since": int(time.time()), "seconds": 120, "digits": True, "targets": TARGETS,
                **fields}
        return Link(self, ident, self.call("PUT", f"/v1/links/{ident}", body))

    def events(self, after=None, wait=0):
        reply = self.call("GET", f"/v1/events?after={self.after if after is None else after}"
                                 f"&wait={wait}")
        assert reply.status == 200, reply.text
        if after is None:
            self.after = reply.json["next"]
        return reply.json["events"]

    def all_events(self, link=None):
        """Of this link, or all, from the first on."""
        found, after = [], 0
        while True:
            reply = self.call("GET", f"/v1/events?after={after}").json
            if not reply["events"]:
                return [event for event in found if not link or event.get("link") == link.id]
            found, after = found + reply["events"], reply["next"]

    def next_event(self, link, wait=10):
        """The next event of this link."""
        end = time.monotonic() + wait
        while time.monotonic() < end:
            for event in self.events(wait=1):
                if event.get("link") == link.id:
                    return event
        raise AssertionError("no event")

    def next_push(self, wait=4):
        end = time.monotonic() + wait
        while time.monotonic() < end:
            for event in self.events(wait=1):
                if "push" in event:
                    return event
        raise AssertionError("no push")

    def answer(self, push, status=200, body=""):
        return self.call("PUT", f"/v1/pushes/{push['push']}", {"status": status, "body": body})


class Phone:
    """A browser as the relay sees it: headers and one cookie, nothing else. Fetch Metadata as
    Chromium sends it."""

    def __init__(self, relay, app="browser", language="en", plain=False):
        self.relay, self.plain = relay, plain
        self.cookie = None
        self.address = None
        self.headers = {"User-Agent": APPS[app], "Accept-Language": language}

    def request(self, method, path, body=None, headers=None):
        connection = self.relay.connect(self.plain)
        try:
            every = {**self.headers, **(headers or {})}
            if self.cookie:
                every["Cookie"] = self.cookie
            if self.plain and self.address:
                every["X-Forwarded-For"] = self.address
            connection.request(method, path, body, every)
            reply = Reply(connection.getresponse())
        finally:
            connection.close()
        for line in reply.headers.get_all("Set-Cookie") or []:
            self.cookie = line.partition(";")[0]
        return reply

    def get(self, path, headers=None):
        return self.request("GET", path, headers={"Sec-Fetch-Site": "none"}
                            if headers is None else headers)

    def open(self, link):
        return self.get(f"/q/{link.id}")

    def post(self, link, form, headers=None):
        every = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.relay.url,
                 "Sec-Fetch-Site": "same-origin", **(headers or {})}
        return self.request("POST", f"/q/{link.id}", urllib.parse.urlencode(form),
                            {name: value for name, value in every.items() if value is not None})

    def press(self, link, method="work", page=None, headers=None):
        page = page or self.open(link)
        return self.post(link, {"token": page.token, "method": method}, headers)

    def refuse(self, link, page=None):
        page = page or self.open(link)
        return self.post(link, {"token": page.token, "refuse": "1"})

    def post_back(self, method, form, headers=None):
        """The form of our own page /d/ID. A header that is None is left out."""
        every = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.relay.url,
                 "Sec-Fetch-Site": "same-origin", **(headers or {})}
        return self.request("POST", f"/cb/{method}", form if isinstance(form, (str, bytes))
                            else urllib.parse.urlencode(form),
                            {name: value for name, value in every.items() if value is not None})

    def come_back(self, link, method="work", query=None, more=""):
        """From the provider."""
        if query is None:
            query = urllib.parse.urlencode({"code": "code-1", "state": link.state})
        return self.get(f"/cb/{method}{more}?{query}", {"Sec-Fetch-Site": "cross-site"})


class MiniProgram:
    """A mini program on a telephone, as WeChat's wx.request() speaks: no cookie, no page."""

    def __init__(self, relay, plain=False):
        self.relay, self.plain = relay, plain
        self.address = None
        self.receipt = None

    def request(self, method, path, body=None, headers=None):
        connection = self.relay.connect(self.plain)
        try:
            every = {"User-Agent": APPS["wechat"], **(headers or {})}
            if self.plain and self.address:
                every["X-Forwarded-For"] = self.address
            connection.request(method, path, body, every)
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def look(self, link):
        return self.request("GET", f"/api/m/{link.id}")

    def post(self, link, body, content_type="application/json"):
        return self.request("POST", f"/api/m/{link.id}",
                            body if isinstance(body, bytes) else json.dumps(body).encode(),
                            {"Content-Type": content_type} if content_type else {})

    def confirm(self, link, js_code="0e3AbC"):
        reply = self.post(link, {"action": "confirm", "js_code": js_code})
        if reply.status == 202:
            self.receipt = reply.json["receipt"]
        return reply

    def deny(self, link):
        return self.post(link, {"action": "deny"})

    def result(self, link, receipt=None):
        """False: no receipt at all."""
        shown = self.receipt if receipt is None else receipt
        return self.request("GET", f"/api/m/{link.id}/result",
                            headers={"X-Receipt": shown} if shown else {})


class Vendor:
    """A vendor that sends messages to /push/APP."""

    def __init__(self, relay, app, plain=False):
        self.relay, self.app, self.plain = relay, app, plain
        self.address = None

    def send(self, method, query="", body=None, app=None):
        connection = self.relay.connect(self.plain)
        try:
            every = {"User-Agent": "Mozilla/4.0", "Content-Type": "text/xml"}
            if self.plain and self.address:
                every["X-Forwarded-For"] = self.address
            connection.request(method, f"/push/{app or self.app}" + (query and f"?{query}"),
                               body.encode() if isinstance(body, str) else body, every)
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def get(self, query="", **more):
        return self.send("GET", query, **more)

    def post(self, body="<xml/>", query="", **more):
        return self.send("POST", query, body, **more)
