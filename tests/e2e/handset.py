# SPDX-License-Identifier: GPL-3.0-or-later
"""A telephone without script: it opens pages, presses buttons of forms, keeps cookies, follows
redirects, and tries again at another address when a relay does not answer. It sees only what a
person sees. Real Chromium is in other tests; this one comes by the hundred."""

import html.parser
import http.client
import itertools
import random
import socket
import ssl
import time
import urllib.parse

BROWSER = ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) "
           "Chrome/124.0.0.0 Mobile Safari/537.36")
REDIRECTS = (301, 302, 303, 307, 308)
AWAY = (429, 502, 503, 504)             # a proxy or relay that asks for patience
REDIRECTS_MAX = 10
VOID = ("br", "hr", "img", "input", "link", "meta")


class Form:
    def __init__(self, action, method):
        self.action = action
        self.method = method.lower()
        self.fields = {}
        self.buttons = []               # (name, value, text) in their order


class Reader(html.parser.HTMLParser):
    """Forms, visible text, and the text of each element with a class."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.forms = []
        self.words = []
        self.classes = {}
        self.open = []                  # (tag, classes)
        self.button = None
        self.refresh = None             # content of <meta http-equiv=refresh>
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self.open.append((tag, values.get("class", "").split()))
        if tag == "form":
            self.forms.append(Form(values.get("action", ""), values.get("method", "get")))
        elif tag == "input" and self.forms and "name" in values:
            self.forms[-1].fields[values["name"]] = values.get("value", "")
        elif tag == "button":
            self.button = [values.get("name", ""), values.get("value", ""), ""]
        elif tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
            self.refresh = values.get("content")

    def handle_endtag(self, tag):
        while self.open:
            name, _ = self.open.pop()
            if name == tag:
                break
        if tag == "button" and self.button and self.forms:
            self.forms[-1].buttons.append(tuple(self.button))
            self.button = None

    def handle_data(self, data):
        if any(tag in ("style", "script", "title") for tag, _ in self.open):
            return
        if self.button:
            self.button[2] += data
        self.words.append(data)
        for _, names in self.open:
            for name in names:
                self.classes[name] = self.classes.get(name, "") + data


class Page:
    def __init__(self, url, status, headers, body):
        self.url = url
        self.status = status
        self.headers = headers
        self.body = body
        reader = Reader(body)
        self.forms = reader.forms
        self.classes = reader.classes
        self.refresh = reader.refresh
        self.text = " ".join(" ".join(reader.words).split())

    def button(self, value=None, name=None):
        """(form, button) of the first that has this value, or this name."""
        for form in self.forms:
            for button in form.buttons:
                if (value is None or button[1] == value) and (name is None or button[0] == name):
                    return form, button
        raise AssertionError(f"no button {name}={value} on this page:\n{self.text}")


class Phone:
    """`addresses`: name of a host → its addresses; a host that is not there is looked up."""

    def __init__(self, ca_path, addresses=None, patience=20, agent=BROWSER, language="en"):
        self.context = ssl.create_default_context(cafile=ca_path)
        self.addresses = addresses or {}
        self.patience = patience
        self.agent = agent
        self.language = language
        self.cookies = {}               # host → {name: value}
        self.n_retries = 0

    # --- one request ---

    def _connect(self, host, port, address):
        raw = socket.create_connection((address, port), timeout=40)
        connection = http.client.HTTPSConnection(host, port, timeout=40, context=self.context)
        connection.sock = self.context.wrap_socket(raw, server_hostname=host)
        return connection

    def _once(self, method, parts, body, headers, address):
        connection = self._connect(parts.hostname, parts.port or 443, address)
        try:
            target = parts.path + ("?" + parts.query if parts.query else "")
            connection.request(method, target, body, headers)
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def _try(self, method, parts, body, headers):
        """At one address after the other, in any order, until one answers."""
        addresses = list(self.addresses.get(parts.hostname, [parts.hostname]))
        random.shuffle(addresses)
        end = time.monotonic() + self.patience
        for address in itertools.cycle(addresses):
            try:
                status, found, text = self._once(method, parts, body, headers, address)
                if status not in AWAY or time.monotonic() > end:
                    return status, found, text
            except (OSError, http.client.HTTPException):
                if time.monotonic() > end:
                    raise
            self.n_retries += 1
            time.sleep(0.2)
        raise AssertionError("no address")

    def request(self, method, url, body=None, **headers):
        """One request, without following it."""
        parts = urllib.parse.urlsplit(url)
        every = {"User-Agent": self.agent, "Accept": "text/html", "Host": parts.netloc,
                 "Accept-Language": self.language,
                 **{name.replace("_", "-"): value for name, value in headers.items()}}
        jar = self.cookies.setdefault(parts.hostname, {})
        if jar:
            every["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        status, found, text = self._try(method, parts, body, every)
        for line in found.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            jar[name] = value
        return Page(url, status, found, text)

    # --- what a person does ---

    def follow(self, page):
        for _ in range(REDIRECTS_MAX):
            if page.status not in REDIRECTS:
                return page
            page = self.request("GET", urllib.parse.urljoin(page.url, page.headers["Location"]),
                                Sec_Fetch_Site="cross-site")
        raise AssertionError("too many redirects")

    def settle(self, page, timeout=60):
        """A page that comes again by itself, until it does so no more."""
        end = time.monotonic() + timeout
        while page.refresh and time.monotonic() < end:
            time.sleep(float(page.refresh.partition(";")[0]))
            page = self.open(page.url)
        return page

    def open(self, url):
        return self.follow(self.request("GET", url, Sec_Fetch_Site="none"))

    def press(self, page, value=None, name=None, follow=True, **fields):
        """A button of a page, and where that leads; `fields` are what was filled in."""
        form, button = page.button(value, name)
        values = {**form.fields, **fields}
        if button[0]:
            values[button[0]] = button[1]
        parts = urllib.parse.urlsplit(page.url)
        url = urllib.parse.urljoin(page.url, form.action or page.url)
        sent = self.request("POST", url, urllib.parse.urlencode(values),
                            Content_Type="application/x-www-form-urlencoded",
                            Origin=f"{parts.scheme}://{parts.netloc}",
                            Sec_Fetch_Site="same-origin")
        return self.follow(sent) if follow else sent
