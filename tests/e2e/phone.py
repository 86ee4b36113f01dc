# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone: real Chromium without a window, driven by chromedriver (W3C WebDriver over HTTP)."""

import base64
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from house import wait_until
from ports import free_port
from service import run

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"          # W3C WebDriver, section 12

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-default-apps", "--no-default-browser-check", "--disable-dev-shm-usage"]

MOBILE = ("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
          "Chrome/120.0.0.0 Mobile Safari/537.36")
APPS = {"browser": MOBILE,
        "wecom": MOBILE + " MicroMessenger/7.0.1 wxwork/4.1.22 NetType/WIFI Language/zh",
        "wechat": MOBILE + " MicroMessenger/8.0.47 NetType/WIFI Language/zh_CN",
        "dingtalk": MOBILE + " AliApp(DingTalk/7.5.0) com.alibaba.android.rimet/123",
        "computer": ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
                     "Chrome/120.0.0.0 Safari/537.36")}


class DriverError(Exception):
    pass


class PhoneBrowser:
    """`app`: whose browser it says it is. `language`: as in Accept-Language. `font`: the person's
    type size in pixels."""

    def __init__(self, ca_path, app="browser", language="en-GB,en", dark=False, font=16,
                 width=360, height=740):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="phone-"))
        self._trust(ca_path)
        self.port = free_port()
        self.log = open(self.home / "chromedriver.log", "wb")
        self.driver = subprocess.Popen(
            ["/usr/bin/chromedriver", f"--port={self.port}", "--allowed-ips=127.0.0.1"],
            stdout=self.log, stderr=self.log, start_new_session=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.home), "LANG": "C.UTF-8"})
        wait_until(self._is_ready, 20, "chromedriver")
        self.session = None
        self._begin(APPS[app], language, font, width, height)
        if dark:
            self.cdp("Emulation.setEmulatedMedia", features=[
                {"name": "prefers-color-scheme", "value": "dark"}])

    def _trust(self, ca_path):
        database = self.home / ".pki/nssdb"
        database.mkdir(parents=True)
        for words in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "test", "-i", ca_path]):
            run(["certutil", "-d", f"sql:{database}", *words])

    def _begin(self, user_agent, language, font, width, height):
        options = {
            "binary": "/usr/bin/chromium",
            "args": [*FLAGS, f"--user-data-dir={self.home}/profile", f"--accept-lang={language}",
                     f"--window-size={width},{height}"],
            "prefs": {"webkit.webprefs.default_font_size": font,
                      "intl.accept_languages": language},
            "mobileEmulation": {"userAgent": user_agent, "deviceMetrics": {
                "width": width, "height": height, "pixelRatio": 2.0, "mobile": True,
                "touch": True}},
        }
        self.session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options}}})["sessionId"]
        self.command("POST", "timeouts", {"pageLoad": 60000, "implicit": 0})

    # --- the protocol ---

    def _is_ready(self):
        try:
            return self._call("GET", "/status")["ready"]
        except OSError:
            return False

    def _call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json"})
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise DriverError(f"{value['error']}: {value['message']}")
        return value

    def command(self, method, path, body=None):
        return self._call(method, f"/session/{self.session}/{path}", body)

    def cdp(self, name, **params):
        """A command of Chromium's own protocol."""
        return self.command("POST", "goog/cdp/execute", {"cmd": name, "params": params})

    # --- what a person does ---

    def open(self, url):
        self.command("POST", "url", {"url": url})

    @property
    def url(self):
        return self.command("GET", "url")

    def find_all(self, selector):
        return [found[ELEMENT] for found in self.command(
            "POST", "elements", {"using": "css selector", "value": selector})]

    def text_of(self, element):
        return self.command("GET", f"element/{element}/text")

    def text(self, selector="body"):
        return "\n".join(self.text_of(element) for element in self.find_all(selector))

    def buttons(self):
        return [self.text_of(button) for button in self.find_all("button")]

    def press(self, title):
        """The button whose text has `title`. Returns when the next page is there."""
        for button in self.find_all("button, a"):
            if title in self.text_of(button):
                self.command("POST", f"element/{button}/click", {})
                return
        raise AssertionError(f"no button says {title!r}: {self.buttons()}")

    def back(self):
        self.command("POST", "back", {})

    def wait_text(self, text, timeout=30):
        end, seen = time.monotonic() + timeout, ""
        while text not in seen:
            assert time.monotonic() < end, f"{text!r} is not in {seen!r}"
            time.sleep(0.1)
            try:
                seen = self.text()
            except DriverError:
                seen = ""        # one page went and the next was not there yet

    def script(self, text):
        """For tests of the page; the page itself has none."""
        return self.command("POST", "execute/sync", {"script": text, "args": []})

    def cookies(self):
        return {cookie["name"]: cookie for cookie in self.command("GET", "cookie")}

    def screenshot(self, path):
        """The whole page, also below the fold."""
        size = self.cdp("Page.getLayoutMetrics")["cssContentSize"]
        image = self.cdp("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": size["width"],
                               "height": max(size["height"], 1), "scale": 1})
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(path).write_bytes(base64.b64decode(image["data"]))

    def close(self):
        try:
            if self.session:
                self._call("DELETE", f"/session/{self.session}")
        except (OSError, DriverError):
            pass
        self.driver.terminate()
        self.driver.wait(10)
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def screenshots():
    """Where they are kept for people to look at."""
    return pathlib.Path(os.environ.get("JAUTH_BUILD", "build")) / "screenshots"
