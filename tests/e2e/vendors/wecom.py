#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""WeCom: the page that authorizes in the app, and the calls of its API that a login makes, strict
about every request. The tests use class WeCom:

    vendor.add_member("ZhangSan", …)        somebody of the corp; add_outsider() somebody else
    vendor.signed_in = "zhangsan"           whose telephone it is; a browser with the cookie or
                                            header below is another one's
    vendor.refusing = True                  the telephone comes back without a code
    vendor.fail("user/get", 60020, times=2) the next answers of a call ("*": of any)
    vendor.revoke_token(), expire_token(), expire_codes()
    vendor.trusted_ips = {"203.0.113.7"}    None: every address
    vendor.is_closed, vendor.app_name       the app, as agent/get tells it
    vendor.messages                         what the app wrote: dicts of to, text
    vendor.complaints                       what a client did wrong, in words

wecom_directory.py adds the calls that tell of the whole corp, and wecom_qr.py the page for browsers
(mode = poll). The fragment #wechat_redirect is not sent by any browser, so it cannot be checked
here. As a program it serves ./quickstart:

    wecom.py --folder DIR [--host NAME] [--port N] [--trusted-domain HOST] [--user USERID]

prints one JSON line {"url": …, "ca": …, "keys": {…}} when it is ready."""

import argparse
import http.cookies
import json
import os
import re
import secrets
import threading
import time
import urllib.parse

if __name__ == "__main__":
    import sys
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from vendors.errcode import Errcode, ErrcodeServer
from vendors.server import Refusal, Reply, json_reply, nth
from vendors.tls import Authority
from vendors.wecom_directory import WeComDirectory
from vendors.wecom_qr import QrPages, html_page, same_host

PERSON_HEADER = "X-WeCom-Person"
PERSON_COOKIE = "wecom_person"

# What a browser of the app says it is; without wxwork that of plain WeChat.
USER_AGENT = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
              "like Gecko) Mobile/15E148 wxwork/4.1.20 MicroMessenger/7.0.1 Language/zh")
WECHAT_USER_AGENT = USER_AGENT.replace("wxwork/4.1.20 ", "")

AUTHORIZE = ["appid", "redirect_uri", "response_type", "scope", "state", "agentid"]
CODE_LIFE_S = 300
TOKEN_LIFE_S = 7200
CALLS_PER_MINUTE = 10000
CONTENT_MAX = 2048

WORDS = {
    -1: "system busy", 40001: "invalid credential", 40013: "invalid corpid",
    40014: "invalid access_token", 40029: "invalid code", 40033: "invalid character",
    40056: "invalid agentid", 41001: "access_token missing", 42001: "access_token expired",
    45009: "api freq out of limit", 45033: "api concurrent out of limit",
    48002: "api forbidden", 60003: "department not found", 60011: "no privilege to access/modify contact/party/agent",
    60020: "not allow to access from your ip", 60111: "userid not found",
    81013: "user & party & tag all invalid", 301002: "not allow operate another agent",
}


class Member:
    def __init__(self, userid, name=None, departments=(1,), main_department=None, status=1,
                 visible=True, corp=None):
        self.userid = userid
        self.name = name or userid
        self.departments = list(departments)
        self.main_department = main_department or (self.departments or [0])[0]
        self.status = status            # 1 active, 2 disabled, 4 not activated, 5 left
        self.visible = visible          # in the app's visible range
        self.corp = corp                # of an upstream or downstream corp; None: of this one


class Outsider:
    def __init__(self, openid, external_userid=None):
        self.openid = openid
        self.external_userid = external_userid


class Code:
    def __init__(self, person):
        self.value = secrets.token_urlsafe(32)
        self.person = person
        self.until = time.monotonic() + CODE_LIFE_S
        self.used = False


class WeCom(QrPages, WeComDirectory, ErrcodeServer):
    back_off_s = {45009: 60, 45033: 60}

    def __init__(self, authority, host="wecom.example.org", port=0,
                 trusted_domain="relay.example.org", callback_domain="sso.example.org"):
        super().__init__(authority, host, port, name="wecom")
        self.folder = authority.folder
        self.url = f"https://{host}:{self.port}"
        self.corp_id = "ww1a2b3c4d5e6f7081"
        self.agent_id = 1000002
        self.secret = secrets.token_urlsafe(32)
        self.trusted_domain = trusted_domain
        self.callback_domain = callback_domain
        self.persons = {}               # userid or name, in lower case → Member, Outsider
        self.codes = {}
        self.token = None               # (value, until); one for all who ask
        self.old_tokens = set()         # run out
        self.secrets_made = [self.secret]        # what must never be found in a log or a core
        self.arrived = threading.Condition(self.lock)
        self.routes = {
            ("GET", "/connect/oauth2/authorize"): ("authorize", self.authorize),
            ("GET", "/cgi-bin/gettoken"): ("gettoken", self.gettoken),
            ("GET", "/cgi-bin/auth/getuserinfo"): ("auth/getuserinfo", self.getuserinfo),
            ("GET", "/cgi-bin/user/get"): ("user/get", self.user_get),
            ("GET", "/cgi-bin/agent/get"): ("agent/get", self.agent_get),
            ("POST", "/cgi-bin/message/send"): ("message/send", self.message_send),
            **self.qr_routes(),
            **self.directory_routes(),
        }
        self.reset()

    def reset(self):
        """Back to good behaviour; people, token and codes stay."""
        with self.lock:
            self.clear_faults()
            self.complaints.clear()
            self.messages = []
            self.signed_in = None
            self.refusing = False
            self.trusted_ips = None
            self.is_closed = False
            self.app_name = "Log in"
            self.calls_per_minute = CALLS_PER_MINUTE
            self.reset_errcodes()
            self.lost_messages = None   # "invaliduser", "unlicenseduser": with errcode 0
            self.reset_qr()
            self.reset_directory()

    def keys(self):
        """What [method ID] says of it, but for its type."""
        return {"corp_id": self.corp_id, "agent_id": str(self.agent_id),
                "secret_file": self.secret_file("wecom-secret", self.secret), "api_url": self.url,
                "authorize_url": self.url + "/connect/oauth2/authorize",
                "qr_url": self.url + "/wwopen/sso"}

    # --- what a test does ---

    def add_member(self, userid, **more):
        self.persons[userid.lower()] = Member(userid, **more)
        return userid.lower()

    def add_outsider(self, name, openid="oOutsider", external_userid=None):
        self.persons[name.lower()] = Outsider(openid, external_userid)
        return name.lower()

    def revoke_token(self):
        """What a new Secret or a lost one does: the token is unknown from now on."""
        with self.lock:
            self.token = None

    def expire_token(self):
        with self.lock:
            if self.token:
                self.old_tokens.add(self.token[0])
            self.token = None

    def expire_codes(self):
        with self.lock:
            for code in self.codes.values():
                code.until = time.monotonic()

    def wait_for_message(self, number=1, seconds=10):
        return nth(self.arrived, lambda: self.messages, number, seconds, "message")

    # --- the page in the app ---

    def person_of(self, request):
        cookies = http.cookies.SimpleCookie(request.header("Cookie"))
        cookie = cookies[PERSON_COOKIE].value if PERSON_COOKIE in cookies else None
        return (request.header(PERSON_HEADER) or cookie or self.signed_in or "").lower()

    def new_code(self, person):
        code = Code(person)
        self.codes[code.value] = code
        self.secrets_made.append(code.value)
        return code.value

    def authorize(self, request):
        given = self.want_parameters(request, AUTHORIZE)
        agent = request.header("User-Agent")
        rules = [
            (given["appid"] == self.corp_id, f"appid is {given['appid']}"),
            (given["response_type"] == "code", f"response_type is {given['response_type']}"),
            (given["scope"] == "snsapi_base", f"scope is {given['scope']}"),
            (re.fullmatch("[A-Za-z0-9]{22,128}", given["state"]), f"state is {given['state']}"),
            (given["agentid"] == str(self.agent_id), f"agentid is {given['agentid']}"),
            ("MicroMessenger" in agent, f"the browser is {agent}: not in the app"),
        ]
        for holds, complaint in rules:
            if not holds:
                raise Refusal(400, "authorize", f"authorize: {complaint}")
        if not same_host(given["redirect_uri"], self.trusted_domain):
            self.complaints.append(f"authorize: {given['redirect_uri']} is not at the domain")
            return html_page("redirect_uri 与配置的可信域名不一致，错误码：50001")
        return self._send_back(request, given, agent)

    def _send_back(self, request, given, agent):
        """Members by the app; whoever scans with plain WeChat has an openid only."""
        name = self.person_of(request)
        person = self.persons[name] if name else None
        if person and "wxwork" not in agent and isinstance(person, Member):
            person = Outsider("o" + secrets.token_hex(13))
        answer = {}
        if person and not self.refusing:
            answer["code"] = self.new_code(person)
        answer["state"] = given["state"]
        uri = given["redirect_uri"]
        location = uri + ("&" if "?" in uri else "?") + urllib.parse.urlencode(answer)
        return Reply(302, b"", "text/html", {"Location": location})

    # --- the API ---

    def error_text(self, request, code):
        return (f"{WORDS.get(code, 'error')}, hint: [{secrets.randbits(80)}], "
                f"from ip: {request.client}, more info at "
                f"https://open.work.weixin.qq.com/devtool/query?e={code}")

    def _ok(self, **members):
        return json_reply({"errcode": 0, "errmsg": "ok", **members})

    def _count(self, call):
        """The quota of a minute, and errors that a test asked for."""
        self.count(call)
        if len(self.calls[call]) > self.calls_per_minute:
            self.block(call, 45009)

    def gettoken(self, request):
        given = self.want_parameters(request, ["corpid", "corpsecret"])
        self._count("gettoken")
        if given["corpid"] != self.corp_id:
            raise Errcode(40013)
        if not secrets.compare_digest(given["corpsecret"].encode(), self.secret.encode()):
            raise Errcode(40001)
        if not self.token or time.monotonic() >= self.token[1]:
            self.token = (secrets.token_urlsafe(120), time.monotonic() + TOKEN_LIFE_S)
            self.secrets_made.append(self.token[0])
        return self._ok(access_token=self.token[0],
                        expires_in=int(self.token[1] - time.monotonic()))

    def _app(self, request, call, names=()):
        """The parameters of a call that comes with the app's token."""
        given = self.want_parameters(request, ["access_token", *names])
        self._count(call)
        token = given["access_token"]
        if not token:
            raise Errcode(41001, f"{call}: without a token")
        if token in self.old_tokens:
            raise Errcode(42001)
        if not self.token or token != self.token[0]:
            raise Errcode(40014)
        if self.trusted_ips is not None and request.client not in self.trusted_ips:
            raise Errcode(60020)
        return given

    def getuserinfo(self, request):
        given = self._app(request, "auth/getuserinfo", ["code"])
        code = self.codes.get(given["code"])
        if code and code.used:
            self.complaints.append("a code was used twice")
        if not code or code.used or time.monotonic() >= code.until:
            raise Errcode(40029)
        code.used = True
        person = code.person
        if isinstance(person, Outsider):
            more = {"external_userid": person.external_userid} if person.external_userid else {}
            return self._ok(openid=person.openid, **more)
        return self._ok(userid=f"{person.corp}/{person.userid}" if person.corp else person.userid)

    def user_get(self, request):
        given = self._app(request, "user/get", ["userid"])
        self.asks("user/get")
        person = self.persons.get(given["userid"].lower())
        if not isinstance(person, Member) or person.corp:
            raise Errcode(60111)
        if not person.visible:
            raise Errcode(60011)
        return self._ok(userid=person.userid, name=person.name, department=person.departments,
                        main_department=person.main_department, position="", alias="",
                        is_leader_in_dept=[0] * len(person.departments), direct_leader=[],
                        order=[0] * len(person.departments), status=person.status)

    def agent_get(self, request):
        given = self._app(request, "agent/get", ["agentid"])
        if given["agentid"] != str(self.agent_id):
            raise Errcode(301002)
        self.asks("agent/get")
        members = [person.userid for person in self.persons.values()
                   if isinstance(person, Member) and person.visible and
                   (not self.departments or person.userid.lower() in self.lone)]
        parties = [department.number for department in self.departments.values()
                   if department.parent not in self.departments]
        return self._ok(agentid=self.agent_id, name=self.app_name, description="",
                        square_logo_url="", allow_partys={"partyid": parties}, allow_tags={"tagid": []},
                        allow_userinfos={"user": [{"userid": member} for member in members]},
                        close=int(self.is_closed), redirect_domain=self.trusted_domain,
                        report_location_flag=0, isreportenter=0, home_url="")

    def message_send(self, request):
        self._app(request, "message/send")
        message = self._read_message(request)
        to = message["touser"].lower()
        person = self.persons.get(to)
        if not isinstance(person, Member) or person.corp or not person.visible:
            raise Errcode(81013, invaliduser=to)
        if self.lost_messages:
            return self._ok(msgid=secrets.token_urlsafe(32), **{self.lost_messages: to})
        self.messages.append({"to": to, "text": message["text"]["content"]})
        self.arrived.notify_all()
        return self._ok(msgid=secrets.token_urlsafe(32))

    def _read_message(self, request):
        if request.content_type != "application/json":
            raise Refusal(400, "message", f"a message is {request.content_type!r}")
        if b"\\u" in request.body:
            raise Errcode(40033, "a message has \\u in it")
        message = json.loads(request.body)
        shape = {name: type(value) for name, value in message.items()}
        if shape != {"touser": str, "msgtype": str, "agentid": int, "text": dict}:
            raise Refusal(400, "message", f"a message has {shape}")
        text = message["text"].get("content")
        if message["msgtype"] != "text" or list(message["text"]) != ["content"]:
            raise Refusal(400, "message", f"a message of {message['msgtype']}")
        if message["agentid"] != self.agent_id:
            raise Errcode(301002)
        if not text or len(text.encode()) > CONTENT_MAX or "|" in message["touser"]:
            raise Refusal(400, "message", "a message that is empty, too long, or to many")
        return message


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--host", default="localhost")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--trusted-domain", default="relay.example.org")
    parser.add_argument("--user", default="demo")
    options = parser.parse_args()
    authority = Authority(options.folder)
    vendor = WeCom(authority, options.host, options.port, options.trusted_domain)
    vendor.signed_in = vendor.add_member(options.user)
    vendor.start()
    print(json.dumps({"url": vendor.url, "ca": authority.ca_path, "keys": vendor.keys()}),
          flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
