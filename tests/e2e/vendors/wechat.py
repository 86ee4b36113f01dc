# SPDX-License-Identifier: GPL-3.0-or-later
"""WeChat: api.weixin.qq.com, strict about every request. The tests use class WeChat:

    app = vendor.add_app(WEBSITE)           and MOBILE, ACCOUNT, PROGRAM; platform="acme": bound to
                                            that Open Platform account (the default), None: to none
    person = vendor.add_person("zhang", nickname="张三")
    person.openid(app), person.unionid(app) as the vendor tells them
    person.is_blocked, is_restricted        40226, 50002
    code = vendor.new_code(app, person)     one that the app's way of logging in brings
    vendor.expire_codes()
    vendor.fail("sns/userinfo", 45009, times=2), fail(call, -1, late=True): see errcode.py
    vendor.allowed_ips = {"203.0.113.7"}    of the calls for an app token; None: every address
    vendor.withholds_unionid = True         sns/oauth2/access_token tells no unionid
    vendor.revoke_tokens(app), expire_tokens(app)    of the app: lost, run out
    vendor.complaints                       what a client did wrong, in words
    vendor.secrets_made                     what must never be found in a log or a core

Other parts of the vendor (pages, what official accounts and mini programs have) are objects
of their own with routes() and reset(): vendor.add_part(part). They take what they need from here:

    given = vendor.app_call(request, "cgi-bin/user/info", ["openid", "lang"])
    app = given["app"]                      of the access_token, which is the first parameter
    vendor.changed                          a condition with the lock; functions of routes have it"""

import hashlib
import json
import secrets
import threading
import time

from vendors.errcode import Errcode, ErrcodeServer
from vendors.server import Refusal, Reply

WEBSITE, MOBILE, ACCOUNT, PROGRAM = "website", "mobile app", "official account", "mini program"

# kind of app → call that redeems its codes, for how long they are good, usual scope
CODES = {
    WEBSITE: ("sns/oauth2/access_token", 600, "snsapi_login"),
    MOBILE: ("sns/oauth2/access_token", 600, "snsapi_userinfo"),
    ACCOUNT: ("sns/oauth2/access_token", 300, "snsapi_userinfo"),
    PROGRAM: ("sns/jscode2session", 300, None),
}
TOKEN_LIFE_S = 7200
LAST_S = 300                            # so long before its end a stable token is replaced
SESSIONS_PER_MINUTE = 100               # of one person

WORDS = {
    -1: "system error", 40001: "invalid credential, access_token is invalid or not latest",
    40003: "invalid openid", 40013: "invalid appid", 40014: "invalid access_token",
    40029: "invalid code", 40125: "invalid appsecret", 40163: "code been used",
    40226: "code blocked", 40243: "appsecret is frozen", 41001: "access_token missing",
    41008: "missing code", 42001: "access_token expired", 45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    47001: "data format error", 48001: "api unauthorized", 50002: "user limited",
}


def virtual_id(*words):
    """28 characters that stay the same for the same words."""
    return "o" + hashlib.sha256("/".join(words).encode()).hexdigest()[:27]


class App:
    def __init__(self, kind, platform):
        self.kind = kind
        self.platform = platform
        self.app_id = "wx" + secrets.token_hex(8)
        self.secret = secrets.token_hex(16)
        self.stable = None              # (token, until)
        self.classic = None
        self.old_tokens = set()         # run out
        self.is_frozen = False          # its secret


class Person:
    def __init__(self, name, nickname=None):
        self.name = name
        self.nickname = nickname or name
        self.is_blocked = False
        self.is_restricted = False

    def openid(self, app):
        return virtual_id("openid", app.app_id, self.name)

    def unionid(self, app):
        return virtual_id("unionid", app.platform, self.name) if app.platform else None


class Code:
    def __init__(self, app, person, scope, is_snapshot):
        self.value = "0" + secrets.token_hex(15)
        self.app, self.person = app, person
        self.scope = scope or CODES[app.kind][2]
        self.is_snapshot = is_snapshot
        self.until = time.monotonic() + CODES[app.kind][1]
        self.is_used = False
        self.is_lost = False            # used, but the answer was "busy"


class WeChat(ErrcodeServer):
    back_off_s = {45009: 86400, 45011: 60}

    def __init__(self, authority, host="wechat.example.org", port=0):
        super().__init__(authority, host, port, name="wechat")
        self.folder = authority.folder
        self.url = f"https://{host}:{self.port}"
        self.apps, self.persons, self.codes = {}, {}, {}
        self.user_tokens = {}           # token → code it came for
        self.secrets_made = []
        self.parts = []
        self.changed = threading.Condition(self.lock)
        self.routes = {
            ("GET", "/sns/oauth2/access_token"): ("sns/oauth2/access_token", self.access_token),
            ("GET", "/sns/userinfo"): ("sns/userinfo", self.userinfo),
            ("GET", "/sns/jscode2session"): ("sns/jscode2session", self.jscode2session),
            ("POST", "/cgi-bin/stable_token"): ("cgi-bin/stable_token", self.stable_token),
            ("GET", "/cgi-bin/token"): ("cgi-bin/token", self.classic_token),
        }
        self.reset()

    def add_part(self, part):
        self.parts.append(part)
        self.routes.update(part.routes())
        return part

    def reset(self):
        """Back to good behaviour; apps, people, tokens and codes stay."""
        with self.lock:
            self.clear_faults()
            self.reset_errcodes()
            self.complaints.clear()
            self.allowed_ips = None
            self.withholds_unionid = False
            self.json_type = "text/plain"        # of sns/: JSON, but called so
            self.sessions = {}                   # person → times of jscode2session
            for person in self.persons.values():
                person.is_blocked = person.is_restricted = False
            for app in self.apps.values():
                app.is_frozen = False
            for part in self.parts:
                part.reset()

    # --- what a test does ---

    def add_app(self, kind, platform="acme"):
        app = App(kind, platform)
        self.apps[app.app_id] = app
        self.secrets_made.append(app.secret)
        return app

    def keys(self, app):
        """What [method ID] says of it, but for its type and addresses of other parts."""
        return {"app_id": app.app_id, "api_url": self.url,
                "app_secret_file": self.secret_file(f"wechat-{app.app_id}", app.secret)}

    def add_person(self, name, nickname=None):
        self.persons[name] = Person(name, nickname)
        return self.persons[name]

    def new_code(self, app, person, scope=None, is_snapshot=False):
        with self.lock:
            code = Code(app, person, scope, is_snapshot)
            self.codes[code.value] = code
            self.secrets_made.append(code.value)
            return code.value

    def expire_codes(self):
        with self.lock:
            for code in self.codes.values():
                code.until = time.monotonic()

    def revoke_tokens(self, app):
        with self.lock:
            app.stable = app.classic = None

    def expire_tokens(self, app):
        with self.lock:
            app.old_tokens |= {kept[0] for kept in (app.stable, app.classic) if kept}
            app.stable = app.classic = None

    # --- answers ---

    def error_text(self, request, code):
        words = WORDS.get(code, "error")
        if code == 40164:
            words = f"invalid ip {request.client} ipv6 ::ffff:{request.client}, not in whitelist"
        return f"{words}, rid: {secrets.token_hex(4)}-{secrets.token_hex(4)}"

    def error_reply(self, request, error):
        reply = super().error_reply(request, error)
        reply.content_type = self._type_of(request)
        return reply

    def _type_of(self, request):
        return self.json_type if request.path.startswith("/sns/") else "application/json"

    def ok(self, request, members):
        """A yes lacks errcode in the older calls, and has 0 where `members` say so."""
        return Reply(200, json.dumps(members, ensure_ascii=False), self._type_of(request))

    # --- codes ---

    def _app_of(self, app_id, secret):
        app = self.apps.get(app_id)
        if not app:
            raise Errcode(40013)
        if not secrets.compare_digest(secret.encode(), app.secret.encode()):
            raise Errcode(40125)
        if app.is_frozen:
            raise Errcode(40243)
        return app

    def _redeem(self, request, call, name):
        given = self.want_parameters(request, ["appid", "secret", name, "grant_type"])
        self.count(call)
        if given["grant_type"] != "authorization_code":
            raise Refusal(400, "grant_type", f"{call}: grant_type is {given['grant_type']}")
        app = self._app_of(given["appid"], given["secret"])
        if not given[name]:
            raise Errcode(41008, f"{call}: without a code")
        code = self.codes.get(given[name])
        if not code or code.app is not app or CODES[app.kind][0] != call:
            raise Errcode(40029)
        if code.is_used:
            raise Errcode(40163, None if code.is_lost else "a code was used twice")
        if time.monotonic() >= code.until:
            raise Errcode(40029)
        code.is_used = True
        self._check_person(code.person)
        code.is_lost = True
        self.late_failure(call)
        code.is_lost = False
        return code

    @staticmethod
    def _check_person(person):
        if person.is_restricted:
            raise Errcode(50002)
        if person.is_blocked:
            raise Errcode(40226)

    def access_token(self, request):
        code = self._redeem(request, "sns/oauth2/access_token", "code")
        token, refresh = secrets.token_urlsafe(64), secrets.token_urlsafe(64)
        self.user_tokens[token] = code
        self.secrets_made += [token, refresh]
        person = Person(secrets.token_hex(8)) if code.is_snapshot else code.person
        answer = {"access_token": token, "expires_in": TOKEN_LIFE_S, "refresh_token": refresh,
                  "openid": person.openid(code.app), "scope": code.scope}
        if code.is_snapshot:
            answer["is_snapshotuser"] = 1
        unionid = person.unionid(code.app)
        if unionid and code.scope != "snsapi_base" and not self.withholds_unionid:
            answer["unionid"] = unionid
        return self.ok(request, answer)

    def userinfo(self, request):
        given = self.want_parameters(request, ["access_token", "openid", "lang"])
        self.count("sns/userinfo")
        code = self.user_tokens.get(given["access_token"])
        if not code:
            raise Errcode(40001)
        if given["openid"] != code.person.openid(code.app):
            raise Errcode(40003)
        if code.scope == "snsapi_base":
            raise Errcode(48001)
        if given["lang"] not in ("zh_CN", "zh_TW", "en"):
            self.complaints.append(f"sns/userinfo: lang is {given['lang']}")
        answer = {"openid": given["openid"], "nickname": code.person.nickname, "sex": 0,
                  "province": "", "city": "", "country": "",
                  "headimgurl": "https://thirdwx.qlogo.cn/mmopen/0", "privilege": []}
        if code.person.unionid(code.app):
            answer["unionid"] = code.person.unionid(code.app)
        return self.ok(request, answer)

    def jscode2session(self, request):
        code = self._redeem(request, "sns/jscode2session", "js_code")
        now = time.monotonic()
        times = [at for at in self.sessions.get(code.person.name, []) if at > now - 60] + [now]
        self.sessions[code.person.name] = times
        if len(times) > SESSIONS_PER_MINUTE:
            self.block("sns/jscode2session", 45011)
        key = secrets.token_urlsafe(16) + "=="
        self.secrets_made.append(key)
        answer = {"session_key": key, "openid": code.person.openid(code.app)}
        if code.person.unionid(code.app):
            answer["unionid"] = code.person.unionid(code.app)
        return self.ok(request, answer)

    # --- tokens of an app ---

    def _new_token(self):
        token = secrets.token_urlsafe(384)       # 512 characters
        self.secrets_made.append(token)
        return token, time.monotonic() + TOKEN_LIFE_S

    def _check_address(self, request):
        if self.allowed_ips is not None and request.client not in self.allowed_ips:
            raise Errcode(40164)

    def _tell_token(self, request, kept):
        return self.ok(request, {"access_token": kept[0],
                                 "expires_in": int(kept[1] - time.monotonic())})

    def stable_token(self, request):
        self.want_parameters(request, [])
        self.count("cgi-bin/stable_token")
        if request.content_type != "application/json":
            raise Refusal(400, "type", f"stable_token: a body of {request.content_type!r}")
        given = json.loads(request.body)
        shape = {name: type(value) for name, value in given.items()}
        if (shape != {"grant_type": str, "appid": str, "secret": str, "force_refresh": bool} or
                given["grant_type"] != "client_credential" or given["force_refresh"]):
            raise Refusal(400, "body", f"stable_token: asked with {shape}, or by force")
        app = self._app_of(given["appid"], given["secret"])
        self._check_address(request)
        if not app.stable or time.monotonic() >= app.stable[1] - LAST_S:
            app.stable = self._new_token()
        return self._tell_token(request, app.stable)

    def classic_token(self, request):
        """Each call replaces the token of before."""
        given = self.want_parameters(request, ["grant_type", "appid", "secret"])
        self.count("cgi-bin/token")
        if given["grant_type"] != "client_credential":
            raise Refusal(400, "grant_type", f"token: grant_type is {given['grant_type']}")
        app = self._app_of(given["appid"], given["secret"])
        self._check_address(request)
        app.classic = self._new_token()
        return self._tell_token(request, app.classic)

    def app_call(self, request, call, names=()):
        """The parameters of a call that comes with an app's token, and the app."""
        given = self.want_parameters(request, ["access_token", *names])
        self.count(call)
        token = given["access_token"]
        if not token:
            raise Errcode(41001, f"{call}: without a token")
        for app in self.apps.values():
            if token in app.old_tokens:
                raise Errcode(42001)
            for kept in (app.stable, app.classic):
                if kept and kept[0] == token:
                    return {**given, "app": app}
        raise Errcode(40001)
