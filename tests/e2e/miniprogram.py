# SPDX-License-Identifier: GPL-3.0-or-later
"""WeChat on a telephone, with our mini program in it: as installed, with the relay written into its
config.js, in miniprogram.js. Codes of wx.login() come from the vendor (vendors/wechat.py)."""

import json
import pathlib
import queue
import re
import shutil
import subprocess
import threading
import time
import urllib.parse

INSTALLED = pathlib.Path("/usr/share/jauth/wechat-mini-program")
HERE = pathlib.Path(__file__).parent
NODE = "/usr/bin/node"


def installed_for(relay_url, folder):
    """A copy as a sysadmin uploads it."""
    copy = pathlib.Path(folder) / "wechat-mini-program"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(INSTALLED, copy)
    config = copy / "config.js"
    text = config.read_text()
    assert text.count("https://sso.example.com") == 1
    config.write_text(text.replace("https://sso.example.com", relay_url))
    return copy


class Screen:
    def __init__(self, told):
        self.title, self.tone, self.rows = told["title"], told["tone"], told["rows"]

    def texts(self, name=None):
        return [row["text"] for row in self.rows if name is None or name in row["class"].split()]

    @property
    def text(self):
        return "\n".join(self.texts())

    @property
    def head(self):
        return "".join(self.texts("head"))

    @property
    def digits(self):
        return "".join(self.texts("digits"))

    @property
    def facts(self):
        return dict(zip(self.texts("name"), self.texts("value")))

    @property
    def buttons(self):
        return [row["text"] for row in self.rows if row["tap"] and not row["disabled"]]


class MiniProgram:
    """`vendor`, `app`, `person`: whose WeChat it is. `domain`: what the console allows."""

    def __init__(self, folder, vendor, app, person, ca, domain, language="en", old=False):
        self.vendor, self.app, self.person = vendor, app, person
        self.screens, self.requests, self.faults = [], [], []
        self.n_logins = 0
        self.codes = queue.SimpleQueue()        # what wx.login() brings; empty: the vendor's
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            [NODE, str(HERE / "miniprogram.js"), str(folder), app.app_id, domain, ca, language,
             *(["old"] if old else [])], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.stdin.close()
        self.process.wait(10)
        if not kind:
            assert not self.faults, self.faults

    # --- what it says ---

    def _listen(self):
        for line in self.process.stdout:
            with self.changed:
                self._take(json.loads(line))
                self.changed.notify_all()

    def _take(self, told):
        if "screen" in told:
            self.screens.append(Screen(told["screen"]))
        elif "request" in told:
            self.requests.append(told["request"])
        elif "fault" in told:
            self.faults.append(told["fault"])
        else:
            self.n_logins += 1
            code = (self.vendor.new_code(self.app, self.person) if self.codes.empty()
                    else self.codes.get())
            self._order("code", **({} if code is None else {"code": code}))

    def _order(self, what, **more):
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()

    # --- what a person does ---

    def open(self, query):
        before = len(self.screens)
        self._order("open", query=query)
        self._wait(lambda: len(self.screens) > before, 10, "the page opened")
        return self

    def scan(self, address):
        """By the rule for ordinary links: what was scanned is handed over, encoded once."""
        return self.open({"q": urllib.parse.quote(address, safe=""),
                          "scancode_time": str(int(time.time()))})

    def follow(self, url_link):
        """By a URL link with a cq behind it."""
        query = url_link.partition("?")[2]
        given = urllib.parse.parse_qs(query, strict_parsing=True)
        assert list(given) == ["cq"] and len(given["cq"]) == 1
        return self.open({"cq": urllib.parse.quote(given["cq"][0], safe="")})

    def tap(self, text, times=1):
        self._order("tap", text=text, times=times)
        return self

    def offline(self, value=True):
        self._order("offline", value=value)

    def bring(self, *codes):
        """What wx.login() brings next; None: it fails."""
        for code in codes:
            self.codes.put(code)
        return self

    # --- what a person sees ---

    @property
    def screen(self):
        return self.screens[-1]

    def _wait(self, condition, timeout, what):
        with self.changed:
            if not self.changed.wait_for(lambda: condition() or self.faults, timeout):
                raise TimeoutError(f"{what}; the screen says:\n"
                                   f"{self.screens and self.screen.text}")
            assert not self.faults, self.faults

    def wait_head(self, head, timeout=30):
        self._wait(lambda: self.screens and re.fullmatch(head, self.screen.head), timeout, head)
        return self.screen

    def wait_request(self, method, n=1, timeout=30):
        self._wait(lambda: sum(one["method"] == method for one in self.requests) >= n, timeout,
                   method)

    def wait_question(self, timeout=30):
        return self.wait_head("Is this your login\\?", timeout)

    def confirm(self):
        self.wait_question()
        return self.tap("Confirm")

    def approve(self, timeout=30):
        """From the question to the digits."""
        self.confirm()
        return self.wait_head("Type these two digits", timeout).digits
