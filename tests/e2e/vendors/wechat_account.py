# SPDX-License-Identifier: GPL-3.0-or-later
"""Official accounts of WeChat (wechat.py): the page that authorizes in its browser, codes of the
account, followers, and the platform that pushes what they do to the account's message URL.

    account = vendor.add_part(OfficialAccount(vendor, domain="relay.example.org"))
    account.follow(person, remark="zhangsan", tags=[2]), account.leave(person)
    account.refusing = True                 the telephone comes back without a code
    account.snapshot = True                 the page is shown in snapshot mode
    account.message_url = "https://…"       where pushes go to
    account.check_url()                     what the console does when that is saved
    push = account.scan(text, person)       of the code on a screen; the platform pushes by itself
    push.wait()                             what the person then reads in WeChat; None: nothing
    account.push(message)                   any other message; PushOptions: what a forger changes
    account.sent                            the requests that were pushed, to be sent again

The answers of the account's server are read as strictly as its requests are made."""

import base64
import hashlib
import json
import os
import re
import secrets
import ssl
import struct
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from vendors.errcode import Errcode
from vendors.server import Refusal, Reply
from vendors.wechat import ACCOUNT
from vendors.wecom_qr import html_page, same_host

PERSON_HEADER = "X-WeChat-Person"
USER_AGENT = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
              "like Gecko) Mobile/15E148 MicroMessenger/8.0.47 NetType/WIFI Language/zh_CN")

AUTHORIZE = ["appid", "redirect_uri", "response_type", "scope", "state"]
ANSWER_S = 5
TRIES = 4                               # the first one and three more
CONTENT_MAX = 2048
CODE_PATH = "http://weixin.qq.com/q/"
FIELD = re.compile(r"<(\w+)>(?:<!\[CDATA\[(.*?)\]\]>|([^<&]*))</\1>", re.DOTALL)


class Follower:
    def __init__(self, remark="", tags=()):
        self.remark = remark
        self.tags = list(tags)
        self.since = int(time.time())


class PushOptions:
    """How a request differs from the platform's."""

    def __init__(self, token=None, aes_key=None, app_id=None, timestamp=None, mode="safe",
                 tries=TRIES, query=None):
        self.token, self.aes_key, self.app_id = token, aes_key, app_id
        self.timestamp = timestamp
        self.mode = mode                # safe, plain, both (兼容模式)
        self.tries = tries
        self.query = query or {}        # parameters set otherwise


class Push:
    """A request that is under way."""

    def __init__(self, run):
        self.answer = None
        self.error = None
        self.status = None
        self.seconds = None
        self._thread = threading.Thread(target=self._run, args=[run], daemon=True)
        self._thread.start()

    def _run(self, run):
        try:
            run(self)
        except (OSError, ValueError, AssertionError) as error:
            self.error = error

    def wait(self, seconds=30):
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "the platform is still waiting"
        if self.error:
            raise AssertionError(f"the answer to a push: {self.error!r}")
        return self.answer


def sign(*parts):
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def to_xml(fields):
    """Numbers stand bare, texts in CDATA."""
    parts = [f"<{name}>{value}</{name}>" if isinstance(value, int) else
             f"<{name}><![CDATA[{value}]]></{name}>" for name, value in fields.items()]
    return f"<xml>{''.join(parts)}</xml>"


def from_xml(text):
    match = re.fullmatch(r"<xml>(.*)</xml>", text, re.DOTALL)
    if not match or FIELD.sub("", match[1]).strip():
        raise ValueError("an answer that is no XML as it should be")
    return {name: cdata or plain for name, cdata, plain in FIELD.findall(match[1])}


class OfficialAccount:
    def __init__(self, vendor, domain="relay.example.org", platform="acme"):
        self.vendor = vendor
        self.app = vendor.add_app(ACCOUNT, platform)
        self.original_id = "gh_" + secrets.token_hex(6)
        self.domain = domain            # 网页授权域名
        self.token = secrets.token_hex(12)
        self.aes_key = self.new_aes_key()
        self.previous_aes_key = None
        self.message_url = None
        vendor.secrets_made += [self.token, self.aes_key]
        self.reset()

    def reset(self):
        self.followers = {}             # name → Follower
        self.codes = {}                 # what a code holds → (scene, until when)
        self.sent = []                  # (url, body) of the pushes
        self.refusing = False
        self.snapshot = False

    def routes(self):
        return {
            ("GET", "/connect/oauth2/authorize"): ("authorize", self.authorize),
            ("POST", "/cgi-bin/qrcode/create"): ("cgi-bin/qrcode/create", self.create_code),
            ("GET", "/cgi-bin/user/info"): ("cgi-bin/user/info", self.user_info),
        }

    @staticmethod
    def new_aes_key():
        """43 letters and digits; the last one has bits that mean nothing."""
        while True:
            key = base64.b64encode(os.urandom(33)).decode()[:43]
            if key.isalnum():
                return key

    def renew_aes_key(self):
        """As the console's button: pushes still come by the old one."""
        self.previous_aes_key, self.aes_key = self.aes_key, self.new_aes_key()
        self.vendor.secrets_made.append(self.aes_key)

    def keys(self, mode="relay", **more):
        """What [method ID] says of it."""
        keys = {"type": "wechat-official-account", **self.vendor.keys(self.app),
                "open_url": self.vendor.url, "mode": mode}
        if mode == "push":
            keys["token_file"] = self._file("token", self.token)
            keys["aes_key_file"] = self._file("aes-key", self.aes_key)
            keys["original_id"] = self.original_id
            if self.previous_aes_key:
                keys["aes_key_previous_file"] = self._file("old-key", self.previous_aes_key)
        return {**keys, **more}

    def _file(self, name, text):
        return self.vendor.secret_file(f"account-{self.app.app_id}-{name}", text)

    # --- people ---

    def follow(self, person, remark="", tags=()):
        self.followers[person.name] = Follower(remark, tags)

    def leave(self, person):
        self.followers.pop(person.name, None)

    def _person(self, openid):
        for person in self.vendor.persons.values():
            if person.openid(self.app) == openid:
                return person
        raise Errcode(40003)

    # --- the page ---

    def authorize(self, request):
        given = self.vendor.want_parameters(request, AUTHORIZE)
        agent = request.header("User-Agent")
        rules = [
            (given["appid"] == self.app.app_id, f"appid is {given['appid']}"),
            (given["response_type"] == "code", f"response_type is {given['response_type']}"),
            (given["scope"] in ("snsapi_userinfo", "snsapi_base"), f"scope is {given['scope']}"),
            (re.fullmatch("[A-Za-z0-9]{1,128}", given["state"]), f"state is {given['state']}"),
            ("MicroMessenger" in agent and "wxwork" not in agent, f"the browser is {agent}"),
        ]
        for holds, complaint in rules:
            if not holds:
                raise Refusal(400, "authorize", f"authorize: {complaint}")
        if not same_host(given["redirect_uri"], self.domain):
            self.vendor.complaints.append(f"authorize: {given['redirect_uri']} is elsewhere")
            return html_page("redirect_uri 参数错误，错误码：10003")
        answer = {"state": given["state"]}
        if not self.refusing:
            name = request.header(PERSON_HEADER)
            person = self.vendor.persons[name] if name else self.signed_in
            code = self.vendor.new_code(self.app, person, given["scope"], self.snapshot)
            answer = {"code": code, **answer}
        uri = given["redirect_uri"]
        location = uri + ("&" if "?" in uri else "?") + urllib.parse.urlencode(answer)
        return Reply(302, b"", "text/html", {"Location": location})

    # --- the API ---

    def create_code(self, request):
        given = self.vendor.app_call(request, "cgi-bin/qrcode/create")
        if given["app"] is not self.app:
            raise Errcode(48001)
        asked = json.loads(request.body)
        scene = asked["action_info"]["scene"]["scene_str"]
        right = {"expire_seconds": asked["expire_seconds"], "action_name": "QR_STR_SCENE",
                 "action_info": {"scene": {"scene_str": scene}}}
        if (asked != right or not 1 <= asked["expire_seconds"] <= 2592000 or
                not re.fullmatch("[A-Za-z0-9_]{19,64}", scene)):
            raise Refusal(400, "body", f"qrcode/create: asked with {asked}")
        if scene in [known for known, _ in self.codes.values()]:
            self.vendor.complaints.append("qrcode/create: a scene was used again")
        url = CODE_PATH + "02" + secrets.token_urlsafe(15)
        self.codes[url] = (scene, time.monotonic() + asked["expire_seconds"])
        self.vendor.changed.notify_all()
        self.vendor.secrets_made.append(url)
        return self.vendor.ok(request, {"ticket": "gQ" + secrets.token_urlsafe(60), "url": url,
                                        "expire_seconds": asked["expire_seconds"]})

    def user_info(self, request):
        given = self.vendor.app_call(request, "cgi-bin/user/info", ["openid", "lang"])
        if given["app"] is not self.app:
            raise Errcode(40003)
        person = self._person(given["openid"])
        follower = self.followers.get(person.name)
        if not follower:
            return self.vendor.ok(request, {"subscribe": 0, "openid": given["openid"]})
        answer = {"subscribe": 1, "openid": given["openid"], "subscribe_time": follower.since,
                  "remark": follower.remark, "groupid": 0, "tagid_list": follower.tags,
                  "subscribe_scene": "ADD_SCENE_QR_CODE", "qr_scene": 0, "qr_scene_str": ""}
        if person.unionid(self.app):
            answer["unionid"] = person.unionid(self.app)
        return self.vendor.ok(request, answer)

    # --- what the platform sends ---

    def _encrypt(self, text, options):
        key = base64.b64decode((options.aes_key or self.previous_aes_key or self.aes_key) + "=")
        message, app_id = text.encode(), (options.app_id or self.app.app_id).encode()
        plain = os.urandom(16) + struct.pack(">I", len(message)) + message + app_id
        padding = 32 - len(plain) % 32
        plain += bytes([padding]) * padding
        cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        return base64.b64encode(cipher.update(plain) + cipher.finalize()).decode()

    def _decrypt(self, text):
        key = base64.b64decode((self.previous_aes_key or self.aes_key) + "=")
        cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        plain = cipher.update(base64.b64decode(text, validate=True)) + cipher.finalize()
        padding = plain[-1]
        assert 1 <= padding <= 32 and plain.endswith(bytes([padding]) * padding), "padding"
        assert len(plain) % 32 == 0, "an answer of a length that is no multiple of 32"
        length, = struct.unpack(">I", plain[16:20])
        assert plain[20 + length:-padding].decode() == self.app.app_id, "another AppID"
        return plain[20:20 + length].decode()

    def _signed_query(self, options):
        timestamp = str(options.timestamp or int(time.time()))
        nonce = str(secrets.randbelow(1 << 32))
        return {"signature": sign(options.token or self.token, timestamp, nonce),
                "timestamp": timestamp, "nonce": nonce}

    def make_request(self, message, options):
        """(query, body) of a POST."""
        query = {**self._signed_query(options), "openid": message["FromUserName"]}
        text = to_xml(message)
        fields = dict(message) if options.mode == "both" else {"ToUserName": self.original_id}
        if options.mode == "plain":
            return {**query, **options.query}, text
        fields["Encrypt"] = self._encrypt(text, options)
        query["encrypt_type"] = "aes"
        query["msg_signature"] = sign(options.token or self.token, query["timestamp"],
                                      query["nonce"], fields["Encrypt"])
        return {**query, **options.query}, to_xml(fields)

    def check_url(self, options=None):
        """Saving the message URL in the console: True when it was taken."""
        echo = str(secrets.randbelow(1 << 63))
        query = {**self._signed_query(options or PushOptions()), "echostr": echo}
        status, body = self._send(self.message_url + "?" + urllib.parse.urlencode(query), None)
        return status == 200 and body == echo

    def event(self, person, event, key=""):
        return {"ToUserName": self.original_id, "FromUserName": person.openid(self.app),
                "CreateTime": int(time.time()), "MsgType": "event", "Event": event,
                "EventKey": key, "Ticket": "gQ" + secrets.token_urlsafe(60)}

    def scan(self, text, person, options=None):
        """What somebody with this code before him does: he follows, if he does not yet."""
        with self.vendor.lock:
            scene, until = self.codes[text]
            assert time.monotonic() < until, "the code has expired"
            is_new = person.name not in self.followers
            if is_new:
                self.follow(person)
        event = (self.event(person, "subscribe", "qrscene_" + scene) if is_new else
                 self.event(person, "SCAN", scene))
        return self.push(event, options)

    def push(self, message, options=None):
        options = options or PushOptions()

        def run(push):
            for _ in range(options.tries):
                query, body = self.make_request(message, options)
                url = self.message_url + "?" + urllib.parse.urlencode(query)
                self.sent.append((url, body))
                if self._try(push, url, body, message):
                    return

        return Push(run)

    def send(self, query, body):
        """What make_request() made; (status, body)."""
        return self._send(self.message_url + "?" + urllib.parse.urlencode(query), body)

    def send_again(self, request):
        """The same bytes; (status, body)."""
        return self._send(*request)

    def _try(self, push, url, body, message):
        begun = time.monotonic()
        try:
            push.status, text = self._send(url, body)
        except OSError:
            return False                # too late, or broken off: once more
        push.seconds = time.monotonic() - begun
        if push.status != 200:
            return push.status == 403
        push.answer = self._read_answer(text, message)
        return True

    def _read_answer(self, text, message):
        if text in ("", "success"):
            return None
        outer = from_xml(text)
        assert sorted(outer) == ["Encrypt", "MsgSignature", "Nonce", "TimeStamp"], sorted(outer)
        assert sign(self.token, outer["TimeStamp"], outer["Nonce"],
                    outer["Encrypt"]) == outer["MsgSignature"], "signed wrongly"
        assert abs(int(outer["TimeStamp"]) - time.time()) < 60, "an answer of another time"
        inner = from_xml(self._decrypt(outer["Encrypt"]))
        assert inner["ToUserName"] == message["FromUserName"], "an answer to somebody else"
        assert inner["FromUserName"] == message["ToUserName"], "an answer of another account"
        assert inner["MsgType"] == "text" and int(inner["CreateTime"]), "no text"
        assert 0 < len(inner["Content"].encode()) <= CONTENT_MAX, "a text that is cut"
        return inner["Content"]

    def _send(self, url, body):
        context = ssl.create_default_context(cafile=self.vendor.ca)
        request = urllib.request.Request(url, data=body.encode() if body is not None else None,
                                         headers={"User-Agent": "Mozilla/4.0",
                                                  "Content-Type": "text/xml"})
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_S, context=context) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
