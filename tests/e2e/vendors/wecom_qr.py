# SPDX-License-Identifier: GPL-3.0-or-later
"""WeCom's page for browsers with a code to scan, and the polls of its script (mode = poll); a part
of class WeCom in wecom.py.

    key = vendor.wait_for_scan()            of the newest code on a screen
    vendor.scan(key, "zhangsan")            somebody scans it; agree(key) or refuse(key) follows
    vendor.set_status(key, "QRCODE_SCAN_ERR")       any other word
    vendor.changed_page = True              the page is not as it was

A poll is held until the status changes, at most vendor.hold_s seconds."""

import json
import re
import secrets
import threading
import time
import urllib.parse

from vendors.server import Refusal, Reply, Server, nth

PAGE = ["appid", "agentid", "redirect_uri", "state", "lang", "version", "login_type"]
POLL = ["callback", "key", "redirect_uri", "appid", "_"]
NEVER, SEEN, AGREED, REFUSED = ("QRCODE_SCAN_NEVER", "QRCODE_SCAN_ING", "QRCODE_SCAN_SUCC",
                                "QRCODE_SCAN_FAIL")
REST_S = 0.5                            # between two polls

QR_PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>企业微信登录</title></head><body>
<img class="qrcode" src="//{host}/wwopen/sso/qrImg?key={key}">
<script>
window.settings = {{ appid : "{appid}", key : "{key}", state : "{state}", errCode : "0" }};
</script>
</body></html>
"""

CONFIRM_PAGE = """<form method="post" action="/wwopen/sso/confirm2?k={key}&amp;notretry=yes">
<button name="action" value="agree">确认登录</button>
<button name="action" value="refuse">取消</button>
</form>"""


def html_page(body):
    return Reply(200, f"<!DOCTYPE html>\n<html><meta charset=\"utf-8\"><body>{body}</body></html>",
                 "text/html; charset=utf-8")


def same_host(uri, domain):
    """host:port of the address is the domain's, 443 when none is named; the scheme is https."""
    url = urllib.parse.urlsplit(uri)
    host, _, port = domain.partition(":")
    return (url.scheme, url.hostname, url.port or 443) == ("https", host, int(port or 443))


class Scan:
    def __init__(self, redirect_uri):
        self.key = secrets.token_hex(8)
        self.redirect_uri = redirect_uri
        self.status = NEVER
        self.person = None
        self.code = ""
        self.told = None                # the status that the last poll brought
        self.told_at = 0
        self.is_polled = False


class QrPages(Server):
    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.changed = threading.Condition(self.lock)    # of a status, or a new scan

    def qr_routes(self):
        base = "/wwopen/sso"
        return {
            ("GET", base + "/qrConnect"): ("qrConnect", self.qr_page),
            ("GET", base + "/l/qrConnect"): ("poll", self.qr_poll),
            ("GET", base + "/confirm2"): ("confirm2", self.confirm_page),
            ("POST", base + "/confirm2"): ("confirm2", self.confirm),
        }

    def reset_qr(self):
        self.scans = {}
        self.hold_s = 10
        self.changed_page = False

    # --- what a test does ---

    def wait_for_scan(self, number=1, seconds=10):
        """The key of the n-th code that was shown."""
        return nth(self.changed, lambda: self.scans, number, seconds, "code on a screen")

    def link_of(self, key):
        """What the code on the screen holds."""
        return f"{self.url}/wwopen/sso/confirm2?k={key}&notretry=yes"

    def set_status(self, key, status, code=""):
        with self.changed:
            self.scans[key].status = status
            self.scans[key].code = code
            self.changed.notify_all()

    def scan(self, key, name):
        with self.changed:
            self.scans[key].person = self.persons[name.lower()]
        self.set_status(key, SEEN)

    def agree(self, key):
        with self.changed:
            self.set_status(key, AGREED, self.new_code(self.scans[key].person))

    def refuse(self, key):
        self.set_status(key, REFUSED)

    # --- the page ---

    def qr_page(self, request):
        given = self.want_parameters(request, PAGE)
        if "Mozilla/" not in request.header("User-Agent"):
            self.complaints.append("qrConnect: not a browser")
        if not re.fullmatch("[A-Za-z0-9]{22,128}", given["state"]):
            self.complaints.append(f"qrConnect: state is {given['state']!r}")
        if (given["appid"] != self.corp_id or given["agentid"] != str(self.agent_id) or
                not same_host(given["redirect_uri"], self.callback_domain)):
            return html_page("<h1>参数错误</h1>")
        if self.changed_page:
            return html_page('<div id="app" data-session="0123456789abcdef0123"></div>')
        scan = Scan(given["redirect_uri"])
        self.scans[scan.key] = scan
        self.secrets_made.append(scan.key)
        self.changed.notify_all()
        return Reply(200, QR_PAGE.format(host=self.host, key=scan.key, appid=self.corp_id,
                                         state=given["state"]), "text/html; charset=utf-8")

    # --- the polls ---

    def _check_poll(self, request):
        names = POLL + (["lastStatus"] if "lastStatus" in request.query else [])
        given = self.want_parameters(request, names)
        scan = self.scans.get(given["key"])
        if not scan:
            raise Refusal(400, "poll", "a poll for a key that is not there")
        rules = [
            (given["callback"] == "jsonpCallback", f"callback is {given['callback']}"),
            (given["appid"] == self.corp_id, f"appid is {given['appid']}"),
            (given["redirect_uri"] == scan.redirect_uri, "another redirect_uri than the page's"),
            (abs(int(given["_"]) / 1000 - time.time()) < 86400, f"_ is {given['_']}"),
            (request.header("Referer") == self.url + "/",
             f"referer is {request.header('Referer')!r}"),
            (given.get("lastStatus") == (SEEN if scan.told == SEEN else None),
             f"lastStatus is {given.get('lastStatus')} behind {scan.told}"),
            (not scan.is_polled, "two at once"),
            (scan.told not in (AGREED, REFUSED), f"one more behind {scan.told}"),
            (time.monotonic() - scan.told_at > REST_S * 0.9, "too soon behind the last one"),
        ]
        self.complaints += [f"poll: {complaint}" for holds, complaint in rules if not holds]
        return scan

    def qr_poll(self, request):
        scan = self._check_poll(request)
        before = scan.told or NEVER
        scan.is_polled = True
        try:
            self.changed.wait_for(lambda: scan.status != before, self.hold_s)
        finally:
            scan.is_polled = False
        scan.told, scan.told_at = scan.status, time.monotonic()
        answer = json.dumps({"status": scan.status, "auth_code": scan.code})
        return Reply(200, f"jsonpCallback({answer})", "text/javascript; charset=utf-8")

    # --- what the code on the screen leads to ---

    def _scanned(self, request):
        given = self.want_parameters(request, ["k", "notretry"])
        if "wxwork" not in request.header("User-Agent"):
            raise Refusal(400, "confirm2", "the code was opened outside the app")
        if given["k"] not in self.scans or given["notretry"] != "yes":
            raise Refusal(404, "confirm2", "a code that is not there was opened")
        return given["k"]

    def confirm_page(self, request):
        key = self._scanned(request)
        self.scan(key, self.person_of(request))
        return html_page(CONFIRM_PAGE.format(key=key))

    def confirm(self, request):
        key = self._scanned(request)
        if request.form.get("action") == "agree":
            self.agree(key)
        else:
            self.refuse(key)
        return html_page("完成")
