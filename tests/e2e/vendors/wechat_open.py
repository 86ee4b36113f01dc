# SPDX-License-Identifier: GPL-3.0-or-later
"""open.weixin.qq.com: the page with a code that a website app shows to browsers, the same for
devices by the vendor's SDK, and the polls of both; a part of class WeChat in wechat.py.

    pages = vendor.add_part(OpenPages(vendor))
    pages.domains[app.app_id] = "sso.example.org"      授权回调域
    uuid = pages.wait_for_scan()            of the newest code on a screen
    pages.scan(uuid, person)                somebody scans it; agree(uuid) or refuse(uuid) follows
    pages.set_status(uuid, 402)             any other status, with any code
    pages.changed_page = True               the page is not as it was
    pages.expire_tickets()
    query = pages.visit(url, person)        a computer's browser: what it comes back with

A poll is held until the status changes, at most pages.hold_s seconds."""

import hashlib
import json
import re
import secrets
import threading
import time
import urllib.parse

from vendors.errcode import Errcode
from vendors.server import Refusal, Reply, json_reply
from vendors.wechat import MOBILE, WEBSITE
from vendors.wecom_qr import html_page, same_host

PERSON_HEADER = "X-WeChat-Person"
COMPUTER = ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/126.0.0.0 Safari/537.36")
TELEPHONE = ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Mobile "
             "Safari/537.36 MicroMessenger/8.0.47 NetType/WIFI Language/zh_CN")

PAGE = ["appid", "redirect_uri", "response_type", "scope", "state"]
SDK_PAGE = ["appid", "noncestr", "timestamp", "scope", "signature"]
OVER, REFUSED, SEEN, AGREED, NOBODY = 402, 403, 404, 405, 408
REST_S = 0.5                            # between two polls
TICKET_LIFE_S = 7200

CODE_PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>微信登录</title><link rel="icon" href="data:,"></head>
<body>
<img class="qrcode lightBorder" src="/connect/qrcode/{uuid}" />
<p class="status">使用微信扫一扫登录 {name}</p>
<script>
(function poll(last) {{
  fetch("/connect/l/qrconnect?uuid={uuid}" + (last ? "&last=" + last : "") + "&_=" + Date.now())
    .then(reply => reply.text()).then(text => {{
      const said = /^window.wx_errcode=(\\d+);window.wx_code='([^']*)';$/.exec(text);
      if (said[1] == 405)
        location = "{redirect_uri}" + "?code=" + said[2] + "&state={state}";
      else
        setTimeout(() => poll(said[1] == 404 ? 404 : 0), 1000);
    }});
}})(0);
</script>
</body></html>
"""

CONFIRM_PAGE = """<form method="post" action="/connect/confirm?uuid={uuid}">
<button name="action" value="agree">确认登录</button>
<button name="action" value="refuse">取消</button>
</form>"""


class Scan:
    def __init__(self, app, scope, redirect_uri=None, state=None):
        self.uuid = "0" + secrets.token_urlsafe(24)[:15]
        self.app, self.scope = app, scope
        self.redirect_uri, self.state = redirect_uri, state
        self.status, self.code = NOBODY, ""
        self.person = None
        self.told = None                # the status that the last poll brought
        self.told_at = 0
        self.is_polled = False


class OpenPages:
    def __init__(self, vendor):
        self.vendor = vendor
        self.changed = threading.Condition(vendor.lock)  # of a status, or a new scan
        self.domains = {}               # AppID → host, with its port
        self.tickets = {}               # AppID → (ticket, until when)
        self.nonces = set()
        self.reset()

    def reset(self):
        self.scans = {}
        self.hold_s = 10
        self.changed_page = False

    def routes(self):
        return {
            ("GET", "/connect/qrconnect"): ("qrconnect", self.page),
            ("GET", "/connect/l/qrconnect"): ("poll", self.poll),
            ("GET", "/connect/confirm"): ("confirm", self.confirm_page),
            ("POST", "/connect/confirm"): ("confirm", self.confirm),
            ("GET", "/connect/sdk/qrconnect"): ("sdk/qrconnect", self.sdk_page),
            ("GET", "/cgi-bin/ticket/getticket"): ("getticket", self.getticket),
        }

    def keys(self, app):
        """What [method ID] says of it, but for its type; `mode` is the caller's."""
        return {**self.vendor.keys(app), "open_url": self.vendor.url}

    # --- what a test does ---

    def wait_for_scan(self, number=1, seconds=10):
        """The uuid of the n-th code that was shown."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.scans) >= number, seconds):
                raise TimeoutError(f"no code {number} on a screen")
            return list(self.scans)[number - 1]

    def set_status(self, uuid, status, code=""):
        with self.changed:
            self.scans[uuid].status, self.scans[uuid].code = status, code
            self.changed.notify_all()

    def scan(self, uuid, person):
        self.scans[uuid].person = person
        self.set_status(uuid, SEEN)

    def agree(self, uuid):
        scan = self.scans[uuid]
        self.set_status(uuid, AGREED, self.vendor.new_code(scan.app, scan.person, scan.scope))

    def refuse(self, uuid):
        self.set_status(uuid, REFUSED)

    def expire_tickets(self):
        self.tickets.clear()

    def visit(self, url, person, ask):
        """A person opens the page on a computer, scans what it shows, and agrees. `ask`: a request
        as a browser makes it, (url) → (status, headers, text)."""
        status, _, page = ask(url)
        assert status == 200, page
        uuid = re.search("/connect/qrcode/([^\"]+)", page)[1]
        self.scan(uuid, person)
        self.agree(uuid)
        _, _, said = ask(f"{self.vendor.url}/connect/l/qrconnect?uuid={uuid}"
                         f"&_={int(time.time() * 1000)}")
        code = re.fullmatch("window.wx_errcode=405;window.wx_code='(.+)';", said)[1]
        return urllib.parse.urlencode({"code": code, "state": self.scans[uuid].state})

    # --- the page ---

    def page(self, request):
        given = self.vendor.want_parameters(request, PAGE)
        app = self.vendor.apps.get(given["appid"])
        rules = [
            ("Mozilla/" in request.header("User-Agent"), "not a browser"),
            ("Mobile" not in request.header("User-Agent"), "a browser of a telephone"),
            (given["response_type"] == "code", f"response_type is {given['response_type']}"),
            (re.fullmatch("[A-Za-z0-9]{22,128}", given["state"]), f"state is {given['state']!r}"),
        ]
        self.vendor.complaints += [f"qrconnect: {complaint}" for holds, complaint in rules
                                   if not holds]
        if not app or app.kind != WEBSITE or given["scope"] != "snsapi_login":
            return html_page("<p>Scope 参数错误或没有 Scope 权限</p>")
        if not same_host(given["redirect_uri"], self.domains.get(app.app_id, "")):
            return html_page("<p>redirect_uri 参数错误</p>")
        if self.changed_page:
            return html_page('<div id="app" data-uuid="0123456789abcdef"></div>')
        scan = self._new_scan(Scan(app, given["scope"], given["redirect_uri"], given["state"]))
        page = CODE_PAGE.format(uuid=scan.uuid, name=app.kind, redirect_uri=scan.redirect_uri,
                                state=scan.state)
        return Reply(200, page, "text/html; charset=utf-8")

    def _new_scan(self, scan):
        self.scans[scan.uuid] = scan
        self.vendor.routes["GET", f"/connect/qrcode/{scan.uuid}"] = ("qrcode", self.image)
        self.vendor.secrets_made.append(scan.uuid)
        self.changed.notify_all()
        return scan

    @staticmethod
    def image(_):
        return Reply(200, "<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")

    # --- for devices ---

    def getticket(self, request):
        given = self.vendor.app_call(request, "getticket", ["type"])
        app = given["app"]
        if given["type"] != "2":
            raise Refusal(400, "type", f"getticket: type is {given['type']}")
        if app.kind != MOBILE:
            raise Errcode(48001)
        if app.app_id not in self.tickets or time.monotonic() >= self.tickets[app.app_id][1]:
            self.tickets[app.app_id] = (secrets.token_urlsafe(64),
                                        time.monotonic() + TICKET_LIFE_S)
            self.vendor.secrets_made.append(self.tickets[app.app_id][0])
        ticket, until = self.tickets[app.app_id]
        return json_reply({"errcode": 0, "errmsg": "ok", "ticket": ticket,
                           "expires_in": int(until - time.monotonic())})

    def sdk_page(self, request):
        given = self.vendor.want_parameters(request, SDK_PAGE)
        self.vendor.count("sdk/qrconnect")
        app = self.vendor.apps.get(given["appid"])
        if not app or app.kind != MOBILE:
            raise Errcode(48001)
        rules = [
            (given["scope"] == "snsapi_userinfo", f"scope is {given['scope']}"),
            (abs(int(given["timestamp"]) - time.time()) < 86400,
             f"timestamp is {given['timestamp']}"),
            (len(given["noncestr"]) >= 16 and given["noncestr"] not in self.nonces,
             f"noncestr is {given['noncestr']}"),
        ]
        self.vendor.complaints += [f"sdk/qrconnect: {complaint}" for holds, complaint in rules
                                   if not holds]
        self.nonces.add(given["noncestr"])
        ticket = self.tickets.get(app.app_id, ("",))[0]
        signed = (f"appid={app.app_id}&noncestr={given['noncestr']}&sdk_ticket={ticket}"
                  f"&timestamp={given['timestamp']}")
        if not ticket or given["signature"] != hashlib.sha1(signed.encode()).hexdigest():
            raise Errcode(40093)
        scan = self._new_scan(Scan(app, given["scope"]))
        return json_reply({"errcode": 0, "errmsg": "ok", "uuid": scan.uuid, "appname": app.kind,
                           "qrcode": {"qrcodelength": 4, "qrcodebase64": "QUJD"}})

    # --- the polls ---

    def _check_poll(self, request):
        is_json = "f" in request.query
        names = ["f", "uuid"] if is_json else ["uuid"]
        names += ["last"] if "last" in request.query else []
        given = self.vendor.want_parameters(request, names + ([] if is_json else ["_"]))
        scan = self.scans.get(given["uuid"])
        if not scan:
            raise Refusal(400, "poll", "a poll for a uuid that is not there")
        rules = [
            (given.get("f", "json") == "json", f"f is {given.get('f')}"),
            (is_json == (scan.app.kind == MOBILE), "asked as for the other kind of app"),
            (is_json or abs(int(given["_"]) / 1000 - time.time()) < 86400,
             f"_ is {given.get('_')}"),
            (request.header("Referer").startswith(self.vendor.url + "/"),
             f"referer is {request.header('Referer')!r}"),
            (given.get("last") == ("404" if scan.told == SEEN else None),
             f"last is {given.get('last')} behind {scan.told}"),
            (not scan.is_polled, "two at once"),
            (scan.told not in (AGREED, REFUSED, OVER), f"one more behind {scan.told}"),
            (time.monotonic() - scan.told_at > REST_S, "too soon behind the last one"),
        ]
        self.vendor.complaints += [f"poll: {complaint}" for holds, complaint in rules
                                   if not holds]
        return scan, is_json

    def poll(self, request):
        scan, is_json = self._check_poll(request)
        before = scan.told or NOBODY
        scan.is_polled = True
        try:
            self.changed.wait_for(lambda: scan.status != before, self.hold_s)
        finally:
            scan.is_polled = False
        scan.told, scan.told_at = scan.status, time.monotonic()
        if is_json:
            return Reply(200, json.dumps({"wx_errcode": scan.status, "wx_code": scan.code}),
                         "text/plain")
        return Reply(200, f"window.wx_errcode={scan.status};window.wx_code='{scan.code}';",
                     "text/javascript")

    # --- what the code on the screen leads to ---

    def _scanned(self, request):
        given = self.vendor.want_parameters(request, ["uuid"])
        if "MicroMessenger" not in request.header("User-Agent"):
            raise Refusal(400, "confirm", "the code was opened outside WeChat")
        if given["uuid"] not in self.scans:
            raise Refusal(404, "confirm", "a code that is not there was opened")
        return given["uuid"]

    def confirm_page(self, request):
        uuid = self._scanned(request)
        self.scan(uuid, self.vendor.persons[request.header(PERSON_HEADER)])
        return html_page(CONFIRM_PAGE.format(uuid=uuid))

    def confirm(self, request):
        uuid = self._scanned(request)
        if request.form.get("action") == "agree":
            self.agree(uuid)
        else:
            self.refuse(uuid)
        return html_page("完成")
