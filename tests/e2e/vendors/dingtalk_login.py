# SPDX-License-Identifier: GPL-3.0-or-later
"""login.dingtalk.com as its own programs use it: the page for browsers with a code to scan (mode =
poll), and the device flow (mode = device); a part of class DingTalk in dingtalk.py.

    login = LoginPages(vendor)              once, at login.base; login.reset() with vendor.reset()
    ticket = login.wait_for_scan()          of the newest code on a screen
    login.scan(ticket, "Manager123")        somebody scans it; agree(ticket) follows
    login.set_answer(ticket, {…})           any other answer to its polls
    login.page_vars["usingMfa"] = "true"    the page says so
    login.result["needConsent"] = True      what a yes to a poll says beside
    login.confirmed = "https://…"           where confirm_auth leads; {code} and {state} in it
    grant = login.wait_for_grant()          of the device flow; login.approve(grant, person)
    login.no_device_flow = True             the app may not use it

A poll is held until the answer changes, at most login.hold_s seconds. The ticket's life ends with
its first yes."""

import json
import secrets
import threading
import time
import urllib.parse

from vendors.device import APPROVED, DENIED, Grant, Grants, USED
from vendors.dingtalk import OAUTH
from vendors.server import Refusal, Reply, json_reply, require_form

PAGE = ["client_id", "redirect_uri", "response_type", "scope", "state", "prompt"]
WAITING, SCANNED, EXPIRED, TRANSIENT = "11021", "11041", "11019", "283960126"
REST_S = 1                              # between two polls
SCOPE = "openid corpid"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
NO_SUCH_APP = {"success": False, "errorCode": "900103", "errorMsg": "应用不存在"}

HTML = """<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>钉钉统一身份认证</title></head>
<body><div id="root"></div>
<script>
window.__LOGIN_PAGE_VARS = {{
{members}
}};
</script></body></html>
"""


def no(code, message="…"):
    return {"success": False, "errorCode": code, "errorMsg": message}


class Scan:
    """One visit of the page, and the code on it."""

    def __init__(self, given, url):
        self.given = given              # the parameters of the page
        self.url = url
        self.cookies = {"login_session": secrets.token_hex(16)}
        self.ticket = secrets.token_hex(16)
        self.answer = no(WAITING)
        self.person = None
        self.validation = secrets.token_hex(8)
        self.told = None                # the answer that the last poll brought
        self.told_at = 0
        self.is_polled = False
        self.is_confirmed = False


class LoginPages:
    def __init__(self, vendor):
        self.vendor = vendor
        # About as long as the vendor's own: it matters for what fits on a screen.
        self.origin = f"https://localhost:{vendor.port}"
        self.base = self.origin + "/login"
        self.changed = threading.Condition(vendor.lock)  # an answer, a scan, a grant
        vendor.routes.update({
            ("GET", "/login/oauth2/challenge.htm"): ("challenge", self.challenge),
            ("POST", "/login/oauth2/generate_qrcode"): ("generate_qrcode", self.generate),
            ("POST", "/login/oauth2/login_with_qr"): ("login_with_qr", self.login_with_qr),
            ("POST", "/login/oauth2/confirm_auth"): ("confirm_auth", self.confirm),
            ("POST", "/login/oauth2/device/code.json"): ("code.json", self.device_code),
            ("POST", "/login/oauth2/device/token.json"): ("token.json", self.device_token),
        })
        self.reset()

    def reset(self):
        with self.vendor.lock:
            self.visits = {}            # state → Scan
            self.scans = {}             # ticket → Scan
            self.hold_s = 5
            self.page_vars = {"needLogin": "true", "exclusiveLogin": "false",
                              "exclusiveCorpId": '""', "ssoUrl": "''", "lang": "'zh_CN'"}
            self.result = {"needConsent": False, "chooseOrganization": False}
            self.confirmed = None
            self.grants = Grants()
            self.interval = 1
            self.expires_in = 900
            self.no_device_flow = False

    # --- what a test does ---

    def _wait(self, things, number, seconds, what):
        with self.changed:
            if not self.changed.wait_for(lambda: len(things()) >= number, seconds):
                raise TimeoutError(f"no {what} {number}")
            return list(things())[number - 1]

    def wait_for_scan(self, number=1, seconds=10):
        """The ticket of the n-th code that was shown."""
        return self._wait(lambda: self.scans, number, seconds, "code on a screen")

    def wait_for_grant(self, number=1, seconds=10):
        return self._wait(lambda: self.grants.all, number, seconds, "grant")

    def set_answer(self, ticket, answer):
        with self.changed:
            self.scans[ticket].answer = answer
            self.changed.notify_all()

    def scan(self, ticket, name):
        with self.changed:
            self.scans[ticket].person = self.vendor.persons[name]
        self.set_answer(ticket, no(SCANNED))

    def agree(self, ticket):
        validation = self.scans[ticket].validation
        self.vendor.secrets_made.append(validation)
        self.set_answer(ticket, {"success": True, "result": {
            **self.result, "secondaryValidationResult": validation}})

    def approve(self, grant, name):
        with self.changed:
            grant.person = self.vendor.persons[name]
            grant.state = APPROVED

    def deny(self, grant):
        with self.changed:
            grant.state = DENIED

    # --- the page ---

    def _check(self, endpoint, rules):
        self.vendor.complaints += [f"{endpoint}: {complaint}"
                                   for holds, complaint in rules if not holds]

    def challenge(self, request):
        given = self.vendor.want_query(request, PAGE)
        self._check("challenge", [
            ("Mozilla/" in request.header("User-Agent"), "not a browser"),
            (len(given["state"]) >= 22 and given["state"].isalnum(), "a state like that"),
            (given["state"] not in self.visits, "a state for the second time"),
            (given["response_type"] == "code", f"response_type {given['response_type']}"),
            (given["scope"] == SCOPE, f"scope {given['scope']}"),
            (given["prompt"] == "consent", f"prompt {given['prompt']}"),
            (not request.header("Cookie"), "cookies of an earlier visit"),
        ])
        if given["client_id"] != self.vendor.app_key or \
                given["redirect_uri"] not in self.vendor.redirect_uris:
            return Reply(200, "<html>url 不在重定向URL中</html>", "text/html; charset=utf-8")
        scan = Scan(given, self.origin + request.target)
        self.visits[given["state"]] = scan
        members = ",\n".join(f"\t{name}: {value}" for name, value in self.page_vars.items())
        session = scan.cookies["login_session"]
        self.vendor.secrets_made.append(session)
        return Reply(200, HTML.format(members=members), "text/html; charset=utf-8", {
            "Set-Cookie": f"login_session={session}; Path=/; Secure; HttpOnly; SameSite=None",
            "Set_Cookie": "old=; Max-Age=0; Path=/"})

    def _visit(self, request, endpoint, more=()):
        """The visit of the page that a request of its script belongs to, and its form."""
        form = require_form(request, PAGE, more)
        scan = self.visits.get(form["state"])
        if not scan:
            raise Refusal(400, endpoint, f"{endpoint}: no visit of the page has that state")
        cookies = "; ".join(f"{name}={value}" for name, value in scan.cookies.items())
        self._check(endpoint, [
            (set(form) == set(PAGE) | set(more), f"the form has {sorted(form)}"),
            ({name: form[name] for name in PAGE} == scan.given, "other parameters than the page"),
            (request.header("Cookie") == cookies, "not the cookies it was given"),
            (request.header("Referer") == scan.url, "not from the page"),
            (request.header("Origin") == self.origin, "not from the page's origin"),
            ("Mozilla/" in request.header("User-Agent"), "not a browser"),
        ])
        return scan, form

    def generate(self, request):
        scan, _ = self._visit(request, "generate_qrcode")
        self._check("generate_qrcode", [(scan.ticket not in self.scans, "a second code")])
        self.scans[scan.ticket] = scan
        self.vendor.secrets_made.append(scan.ticket)
        self.changed.notify_all()
        # A cookie may change its value.
        scan.cookies["login_session"] = secrets.token_hex(16)
        session = scan.cookies["login_session"]
        self.vendor.secrets_made.append(session)
        return json_reply({"success": True, "errorCode": None,
                           "result": f"{self.base}/oauth2/qr_confirm.htm?code={scan.ticket}"},
                          Set_Cookie=f"login_session={session}; Path=/; Secure")

    # --- the polls ---

    def login_with_qr(self, request):
        scan, form = self._visit(request, "login_with_qr",
                                 ["code", "exclusiveCorpId", "stayLogin", "corpId"])
        told = scan.told or no(WAITING)
        self._check("login_with_qr", [
            (form["code"] == scan.ticket, "another ticket"),
            (form["corpId"] == self.vendor.corp_id, f"corpId {form['corpId']}"),
            (f'"{form["exclusiveCorpId"]}"' == self.page_vars["exclusiveCorpId"],
             f"exclusiveCorpId {form['exclusiveCorpId']}"),
            (form["stayLogin"] == "false", f"stayLogin {form['stayLogin']}"),
            (not scan.is_polled, "two at once"),
            (told.get("errorCode") in (WAITING, SCANNED, TRANSIENT), f"one more behind {told}"),
            (time.monotonic() - scan.told_at > REST_S * 0.95, "too soon behind the last one"),
        ])
        scan.is_polled = True
        try:
            self.changed.wait_for(lambda: scan.answer != told, self.hold_s)
        finally:
            scan.is_polled = False
        scan.told, scan.told_at = scan.answer, time.monotonic()
        return json_reply(scan.answer)

    def confirm(self, request):
        scan, form = self._visit(request, "confirm_auth", ["corpId", "secondaryValidationResult"])
        self._check("confirm_auth", [
            (scan.told and scan.told["success"], "nobody agreed"),
            (not scan.is_confirmed, "twice"),
            (form["corpId"] == self.vendor.corp_id, f"corpId {form['corpId']}"),
            (form["secondaryValidationResult"] == scan.validation, "not what the poll gave"),
        ])
        scan.is_confirmed = True
        code = self.vendor.new_code(OAUTH, scan.person)
        given = {"authCode": code, "state": form["state"]}
        url = form["redirect_uri"] + "?" + urllib.parse.urlencode(given)
        if self.confirmed:
            url = self.confirmed.format(code=code, state=form["state"])
        return json_reply({"success": True, "result": {"url": url}})

    # --- the device flow ---

    def device_code(self, request):
        form = require_form(request, ["client_id", "scope"])
        self._check("code.json", [(form["scope"] == SCOPE, f"scope {form['scope']}")])
        if self.no_device_flow or form["client_id"] != self.vendor.app_key:
            return json_reply(NO_SUCH_APP)
        grant = self.grants.add(Grant(form["client_id"], SCOPE, self.expires_in, self.interval))
        self.vendor.secrets_made.append(grant.device_code)
        self.changed.notify_all()
        verify = self.base + "/oauth2/device/verify.htm"
        return json_reply({"success": True, "result": {
            "deviceCode": grant.device_code, "userCode": grant.user_code,
            "expiresIn": self.expires_in, "interval": grant.interval,
            "flowId": secrets.token_hex(8), "verificationUri": verify,
            "verificationUriComplete": f"{verify}?user_code={grant.user_code}"}})

    def device_token(self, request):
        form = require_form(request, ["grant_type", "device_code", "client_id"])
        grant = self.grants.by_device_code(form["device_code"])
        self._check("token.json", [
            (form["grant_type"] == GRANT_TYPE, f"grant_type {form['grant_type']}"),
            (form["client_id"] == self.vendor.app_key, "another app"),
            (grant, "an unknown device code"),
        ])
        error = grant.poll() if grant else "invalid_grant"
        if error:
            return json_reply({"success": True, "result": {"error": error}})
        grant.state = USED
        return json_reply({"success": True, "result": {
            "authCode": self.vendor.new_code(OAUTH, grant.person)}})


def context_answer(url):
    """What a poll says when a browser has to go on."""
    return {"success": False, "errorCode": "20001", "context": json.dumps({"url": url})}
