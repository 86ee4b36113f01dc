# SPDX-License-Identifier: GPL-3.0-or-later
"""DingTalk: what its app gives a page (dd.requestAuthCode), its page that authorizes browsers, and
the calls of its two hosts that a login makes, strict about every request. The tests use class
DingTalk:

    vendor.add_member("Manager123", …)      an employee; add_outsider() somebody else
    vendor.signed_in = "Manager123"         whose telephone it is; a browser with the header below
                                            is another one's
    vendor.refusing = True                  he says no
    vendor.ask_app(corp_id, key, person)    a page in the app asks it for a code
    vendor.fail("user/get", 60020, times=2) the next answers of a call ("*": of any): an errcode of
                                            oapi, (status, code) of api
    vendor.revoke_token(), expire_codes()
    vendor.scopes, vendor.trusted_ips       what the console allows; None: every address
    vendor.messages                         what the app wrote: dicts of to, text
    vendor.complaints                       what a client did wrong, in words

dingtalk_directory.py adds the calls that tell of the whole organisation.

/api, /oapi and /login stand for the vendor's three hosts."""

import collections
import contextlib
import html
import json
import os
import secrets
import shutil
import threading
import time
import urllib.parse

from vendors.dingtalk_directory import LIST_DEPARTMENTS, LIST_MEMBERS, DingTalkDirectory
from vendors.server import Refusal, Reply, Server, json_reply, nth, require_form

PERSON_HEADER = "X-DingTalk-Person"
JSON = "application/json"

USER_AGENT = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
              "like Gecko) Mobile/15E148 AliApp(DingTalk/7.5.0) com.laiwang.DingTalk/1234")

AUTHORIZE = ["redirect_uri", "response_type", "client_id", "scope", "state", "prompt", "corpId"]
CODE_LIFE_S = 300
TOKEN_LIFE_S = 7200
CALLS_PER_S = 20                        # of one app to one call, standard edition
NOTICE_MAX = 2048                       # bytes of a message as JSON
IN_APP, OAUTH = "in-app", "oauth"       # the kinds of codes

READ_ME, READ_MEMBER = "Contact.User.Read", "qyapi_get_member"
SEND = "qyapi_message_corpconversation"

WORDS = {
    -1: "系统繁忙", 33012: "无效的USERID", 40014: "不合法的access_token",
    40035: "不合法的参数", 40078: "不存在的临时授权码", 50002: "企业员工不在授权范围",
    60011: "没有调用该接口的权限", 60020: "访问ip不在白名单之中", 60121: "找不到该用户",
    90002: "接口被限流", 90018: "应用调用该接口过于频繁", 90020: "本月调用次数已达上限",
}
WRAPPED = (40014, 60011, 60020)         # what comes as 88 with sub_code

DENY = {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "7f2c"}

CONSENT_PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>钉钉登录</title></head>
<body><h1>{app} 申请使用你的钉钉账号</h1><form method="post" action="/login/oauth2/consent">
{fields}<button name="answer" value="yes">同意</button>
<button name="answer" value="no">拒绝</button></form></body></html>"""

# The vendor's script in a page: what the app would say is decided when it is loaded.
SCRIPT = """window.dd = {{
  ready: function (f) {{ setTimeout(f, 10); }},
  requestAuthCode: function (a) {{
    if (a.corpId !== {corp_id} || a.clientId !== {key})
      a.fail({{ errorCode: '9', errorMessage: 'no such app in this organisation' }});
    else if ({code} === null) a.fail({{ errorCode: '3', errorMessage: 'user refused' }});
    else a.success({{ code: {code} }});
  }}
}};"""


class Errcode(Exception):
    """What oapi answers with HTTP 200."""

    def __init__(self, code, **members):
        super().__init__(code)
        self.code = code
        self.members = members


class Denied(Exception):
    """What api answers with another status."""

    def __init__(self, status, code, **members):
        super().__init__(code)
        self.status, self.code, self.members = status, code, members


class Member:
    def __init__(self, userid, name=None, departments=(1,), active=True, visible=True,
                 external=False, hidden=()):
        self.userid = userid
        self.unionid = secrets.token_urlsafe(16)
        self.name = name or userid
        self.departments = list(departments)
        self.active = active
        self.visible = visible          # in the app's contact scope (权限范围)
        self.external = external        # an external contact
        self.hidden = set(hidden)       # members that a missing permission takes away


class Outsider:
    """Somebody with DingTalk, of another organisation or of none."""

    def __init__(self):
        self.unionid = secrets.token_urlsafe(16)


class Code:
    def __init__(self, kind, person, corp_id):
        self.value = secrets.token_hex(16)
        self.kind, self.person, self.corp_id = kind, person, corp_id
        self.until = time.monotonic() + CODE_LIFE_S
        self.used = False


class DingTalk(DingTalkDirectory, Server):
    def __init__(self, authority, host="dingtalk.example.org", port=0):
        super().__init__(authority, host, port, name="dingtalk")
        self.folder = authority.folder
        self.url = f"https://{host}:{self.port}"
        self.corp_id = "ding1a2b3c4d5e6f7081"
        self.app_key = "dingabcdefgh12345678"
        self.agent_id = 153858650
        self.secret = secrets.token_urlsafe(48)
        self.persons = {}               # userid or name → Member, Outsider
        self.codes = {}
        self.token = None               # (value, until); one for all who ask
        self.user_tokens = {}           # → person
        self.secrets_made = [self.secret]        # what must never be found in a log or a core
        self.redirect_uris = []         # 重定向URL
        self.arrived = threading.Condition(self.lock)
        self.routes = {
            ("GET", "/favicon.ico"): ("favicon", lambda _: Reply(404)),
            ("GET", "/dd.js"): ("dd.js", self.script),
            ("GET", "/login/oauth2/auth"): ("auth", self.authorize),
            ("POST", "/login/oauth2/consent"): ("consent", self.consent),
            ("POST", "/api/v1.0/oauth2/accessToken"): ("accessToken", self.access_token),
            ("POST", "/api/v1.0/oauth2/userAccessToken"): ("userAccessToken",
                                                           self.user_access_token),
            ("GET", "/api/v1.0/contact/users/me"): ("users/me", self.users_me),
            ("POST", "/oapi/topapi/v2/user/getuserinfo"): ("getuserinfo", self.getuserinfo),
            ("POST", "/oapi/topapi/user/getbyunionid"): ("getbyunionid", self.getbyunionid),
            ("POST", "/oapi/topapi/v2/user/get"): ("user/get", self.user_get),
            ("POST", "/oapi/topapi/message/corpconversation/asyncsend_v2"): ("asyncsend_v2",
                                                                             self.asyncsend),
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
            self.consents = set()       # persons who are not asked any more
            self.chosen_corp = None     # the organisation that is picked on the page; None: ours
            self.code_names = ("authCode",)
            self.scopes = {READ_ME, READ_MEMBER, SEND, LIST_DEPARTMENTS, LIST_MEMBERS}
            self.trusted_ips = None
            self.is_published = True
            self.failing = collections.defaultdict(list)     # call → errors to come
            self.calls = collections.defaultdict(list)       # call → times
            self.reset_directory()

    def keys(self):
        """What [method ID] says of it, but for its type."""
        return {"corp_id": self.corp_id, "app_key": self.app_key, "agent_id": str(self.agent_id),
                "app_secret_file": self._secret_file(), "api_url": self.url + "/api",
                "oapi_url": self.url + "/oapi", "login_url": self.url + "/login"}

    def _secret_file(self):
        path = os.path.join(self.folder, f"dingtalk-{self.port}-secret")
        with open(path, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(self.secret + "\n")
        with contextlib.suppress(LookupError, PermissionError):
            shutil.chown(path, "jauth")
        return path

    # --- what a test does ---

    def add_member(self, userid, **more):
        self.persons[userid] = Member(userid, **more)
        return userid

    def add_outsider(self, name):
        self.persons[name] = Outsider()
        return name

    def fail(self, call, error, times=1):
        with self.lock:
            self.failing[call] += [error] * times

    def revoke_token(self):
        with self.lock:
            self.token = None

    def expire_codes(self):
        with self.lock:
            for code in self.codes.values():
                code.until = time.monotonic()

    def wait_for_message(self, number=1, seconds=10):
        return nth(self.arrived, lambda: self.messages, number, seconds, "message")

    def new_code(self, kind, person):
        code = Code(kind, person, self.chosen_corp or self.corp_id)
        with self.lock:
            self.codes[code.value] = code
            self.secrets_made.append(code.value)
        return code.value

    # --- in the app ---

    def ask_app(self, corp_id, app_key, person):
        """A code, or None: an outsider's app knows nothing of the organisation."""
        known = self.persons.get(person)
        if (corp_id, app_key) != (self.corp_id, self.app_key) or self.refusing or \
                not self.is_published or not isinstance(known, Member) or known.external:
            return None
        return self.new_code(IN_APP, known)

    def script(self, _request):
        code = self.ask_app(self.corp_id, self.app_key, self.signed_in)
        text = SCRIPT.format(corp_id=json.dumps(self.corp_id), key=json.dumps(self.app_key),
                             code=json.dumps(code))
        return Reply(200, text, "application/javascript", {"Cache-Control": "no-store"})

    # --- the page for browsers ---

    def authorize(self, request):
        given = self.want_query(request, AUTHORIZE)
        rules = [
            (given["client_id"] == self.app_key, f"client_id is {given['client_id']}"),
            (given["corpId"] == self.corp_id, f"corpId is {given['corpId']}"),
            (given["response_type"] == "code", f"response_type is {given['response_type']}"),
            ("&scope=openid%20corpid&" in request.target, f"scope is {given['scope']}"),
            (given["prompt"] == "consent", f"prompt is {given['prompt']}"),
            (22 <= len(given["state"]) <= 128 and given["state"].isalnum(), "a state like that"),
        ]
        for holds, complaint in rules:
            if not holds:
                raise Refusal(400, "authorize", f"authorize: {complaint}")
        if given["redirect_uri"] not in self.redirect_uris:
            self.complaints.append(f"authorize: {given['redirect_uri']} is not registered")
            return Reply(200, "<html>url 不在重定向URL中</html>", "text/html; charset=utf-8")
        person = request.header(PERSON_HEADER) or self.signed_in
        if self.refusing or person in self.consents:
            return self._send_back(given, person, not self.refusing)
        fields = "".join(f'<input type="hidden" name="{name}" value="{html.escape(value)}">\n'
                         for name, value in {**given, "person": person or ""}.items())
        return Reply(200, CONSENT_PAGE.format(app="jauth", fields=fields),
                     "text/html; charset=utf-8")

    def consent(self, request):
        form = require_form(request, AUTHORIZE + ["person", "answer"])
        if form["answer"] == "yes":
            self.consents.add(form["person"])
        return self._send_back(form, form["person"], form["answer"] == "yes")

    def _send_back(self, given, person, agrees):
        answer = {"error": "access_denied"}
        if agrees:
            code = self.new_code(OAUTH, self.persons[person])
            answer = {name: code for name in self.code_names}
        answer["state"] = given["state"]
        uri = given["redirect_uri"]
        location = uri + ("&" if "?" in uri else "?") + urllib.parse.urlencode(answer)
        return Reply(302, b"", "text/html", {"Location": location})

    # --- how it answers ---

    def _answer(self, function, request):
        try:
            return super()._answer(function, request)
        except Errcode as error:
            words = WORDS.get(error.code, "error")
            if error.code == 60020:
                words += f",request ip={request.client} appKey({self.app_key})"
            if error.code in WRAPPED:
                return json_reply({"errcode": 88, "sub_code": str(error.code), "sub_msg": words,
                                   "errmsg": f"ding talk error[subcode={error.code},"
                                             f"submsg={words}]", "request_id": words[:2]})
            return json_reply({"errcode": error.code, "errmsg": words, **error.members})
        except Denied as error:
            return json_reply({"code": error.code, "message": "没有权限或参数错误",
                               "requestid": secrets.token_hex(8), **error.members}, error.status)

    def _send_fault(self, handler, fault):
        own = {"html": self._fault_html, "plain": self._fault_plain, "deny": self._fault_deny}
        if fault.kind not in own:
            return super()._send_fault(handler, fault)
        return own[fault.kind](handler, **fault.details)

    def _fault_html(self, handler, status=200):
        self._send(handler, Reply(status, "<html>sorry</html>", "text/html"))
        return True

    def _fault_deny(self, handler):
        """What the page that shuts an address out holds."""
        self._send(handler, Reply(200, json.dumps(DENY), "text/html"))
        return True

    def _fault_plain(self, handler, value=None):
        """JSON, but called text."""
        self._send(handler, Reply(200, json.dumps(value), "text/plain"))
        return True

    def _count(self, call, is_oapi):
        """The limit of a second, and errors that a test asked for."""
        now = time.monotonic()
        self.calls[call] = [at for at in self.calls[call] if at > now - 1] + [now]
        for name in (call, "*"):
            if self.failing[name]:
                error = self.failing[name].pop(0)
                raise Errcode(error) if is_oapi else Denied(*error)
        if len(self.calls[call]) > CALLS_PER_S:
            raise Errcode(90018) if is_oapi else \
                Denied(403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")

    def want_query(self, request, names):
        """Exactly these, once each and in this order."""
        pairs = urllib.parse.parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
        if [name for name, _ in pairs] != names:
            raise Refusal(400, "parameters", f"{request.path}: parameters are "
                          f"{[name for name, _ in pairs]}")
        return dict(pairs)

    def want_json(self, request, shape):
        """An object with exactly these members of these types."""
        if request.content_type != JSON:
            raise Refusal(400, "body", f"{request.path}: the body is {request.content_type!r}")
        body = json.loads(request.body)
        if {name: type(value) for name, value in body.items()} != shape:
            raise Refusal(400, "body", f"{request.path}: the body has {sorted(body)}")
        return body

    # --- api.dingtalk.com ---

    def _api(self, request, call, shape):
        self.want_query(request, [])
        self._count(call, is_oapi=False)
        if self.trusted_ips is not None and request.client not in self.trusted_ips:
            raise Denied(403, "Forbidden.AccessDenied.IpNotInWhiteList")
        return self.want_json(request, dict.fromkeys(shape, str))

    def _is_ours(self, key, secret):
        return key == self.app_key and self.is_published and \
            secrets.compare_digest(secret.encode(), self.secret.encode())

    def access_token(self, request):
        given = self._api(request, "accessToken", ["appKey", "appSecret"])
        if not self._is_ours(given["appKey"], given["appSecret"]):
            raise Denied(400, "invalidClientIdOrSecret")
        value = self.token[0] if self.token and time.monotonic() < self.token[1] else None
        if not value:
            value = secrets.token_hex(16)
            self.secrets_made.append(value)
        self.token = (value, time.monotonic() + TOKEN_LIFE_S)
        return json_reply({"accessToken": value, "expireIn": TOKEN_LIFE_S})

    def _spend(self, value, kind):
        """Whose code it is; None: unknown, used, too old, or of the other kind."""
        code = self.codes.get(value)
        if code and code.used:
            self.complaints.append("a code was used twice")
        if not code or code.used or code.kind != kind or time.monotonic() >= code.until:
            return None
        code.used = True
        return code

    def user_access_token(self, request):
        given = self._api(request, "userAccessToken",
                          ["clientId", "clientSecret", "code", "grantType"])
        if given["grantType"] != "authorization_code":
            raise Refusal(400, "grantType", f"grantType is {given['grantType']}")
        if not self._is_ours(given["clientId"], given["clientSecret"]):
            raise Denied(400, "invalidParameter.idOrSecret.notFound")
        code = self._spend(given["code"], OAUTH)
        if not code:
            raise Denied(400, "invalidParameter.authCode.notFound")
        tokens = [secrets.token_hex(16) for _ in range(2)]
        self.secrets_made += tokens
        self.user_tokens[tokens[0]] = code.person
        return json_reply({"accessToken": tokens[0], "refreshToken": tokens[1],
                           "expireIn": TOKEN_LIFE_S, "corpId": code.corp_id})

    def users_me(self, request):
        self.want_query(request, [])
        self._count("users/me", is_oapi=False)
        person = self.user_tokens.get(request.header("x-acs-dingtalk-access-token"))
        if not person:
            raise Denied(400, "InvalidAuthentication")
        if READ_ME not in self.scopes:
            raise Denied(403, "Forbidden.AccessDenied.AccessTokenPermissionDenied",
                         accessdenieddetail={"requiredScopes": [READ_ME]})
        return json_reply({"nick": "a name of his own", "unionId": person.unionid,
                           "openId": secrets.token_urlsafe(9), "avatarUrl": ""})

    # --- oapi.dingtalk.com ---

    def _oapi(self, request, call, shape, scope=READ_MEMBER):
        token = self.want_query(request, ["access_token"])["access_token"]
        self._count(call, is_oapi=True)
        if not self.token or token != self.token[0]:
            raise Errcode(40014)
        if self.trusted_ips is not None and request.client not in self.trusted_ips:
            raise Errcode(60020)
        if scope not in self.scopes:
            raise Errcode(60011)
        return self.want_json(request, shape)

    def _ok(self, **members):
        return json_reply({"errcode": 0, "errmsg": "ok", **members,
                           "request_id": secrets.token_hex(6)})

    def getuserinfo(self, request):
        given = self._oapi(request, "getuserinfo", {"code": str})
        code = self._spend(given["code"], IN_APP)
        if not code:
            raise Errcode(40078)
        person = code.person
        return self._ok(result={"userid": person.userid, "unionid": person.unionid,
                                "name": person.name, "device_id": secrets.token_hex(8),
                                "sys": False, "sys_level": 0, "associated_unionid": "other"})

    def getbyunionid(self, request):
        given = self._oapi(request, "getbyunionid", {"unionid": str})
        for person in self.persons.values():
            if isinstance(person, Member) and person.unionid == given["unionid"]:
                return self._ok(result={"contact_type": int(person.external),
                                        "userid": person.userid})
        raise Errcode(60121)

    def user_get(self, request):
        given = self._oapi(request, "user/get", {"userid": str, "language": str})
        person = self.persons.get(given["userid"])
        if not isinstance(person, Member) or person.external:
            raise Errcode(60121)
        if not person.visible:
            raise Errcode(50002)
        return self._ok(result=self.tell(person))

    def tell(self, person):
        told = {"userid": person.userid, "unionid": person.unionid, "name": person.name,
                "job_number": "007", "title": "SRE", "dept_id_list": person.departments,
                "mobile": "15012345678", "email": "he@example.net",
                "org_email": "he@example.org", "active": person.active, "admin": False,
                "boss": False, "leader_in_dept": [{"dept_id": dept, "leader": False}
                                                  for dept in person.departments]}
        return {name: value for name, value in told.items() if name not in person.hidden}

    def asyncsend(self, request):
        """It says yes also to what it then drops."""
        given = self._oapi(request, "asyncsend_v2",
                           {"agent_id": int, "userid_list": str, "msg": dict}, SEND)
        message = given["msg"]
        text = message.get("text", {}).get("content")
        size = len(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode())
        if list(message) != ["msgtype", "text"] or list(message["text"]) != ["content"] or \
                message["msgtype"] != "text" or not text or size > NOTICE_MAX or \
                "," in given["userid_list"]:
            raise Refusal(400, "notice", f"a notice of {size} bytes like {sorted(message)}")
        if given["agent_id"] != self.agent_id:
            raise Errcode(40035)
        if not isinstance(self.persons.get(given["userid_list"]), Member):
            raise Errcode(33012)
        notice = {"to": given["userid_list"], "text": text}
        if notice not in self.messages:                 # once a day
            self.messages.append(notice)
            self.arrived.notify_all()
        return self._ok(task_id=secrets.randbits(40))
