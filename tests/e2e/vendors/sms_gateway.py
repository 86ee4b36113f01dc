# SPDX-License-Identifier: GPL-3.0-or-later
"""Gateways as the vendor type `http` meets them: one that speaks JSON, tells errors by a code
behind status 200 and knows a token; and one that is asked by URL and answers "OK: …" or
"ERR: …"."""

import base64
import json
import re
import secrets

from vendors.server import Refusal, Reply, json_reply
from vendors.sms import SmsVendor

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
DIGITS = re.compile(r"[1-9][0-9]{6,14}")


class SmsGateway(SmsVendor):
    """POST /v1/messages {"to", "text", "id"} → {"code": 0, "messages": [{"id"}]}"""

    type = "http"
    words = {"2": 200, "-1": 200, "22": 200, "33": 200, "77": 200, "400": 400, "401": 401,
             "403": 403, "404": 404, "429": 429, "500": 500, "503": 503}
    examples = {"refused": "2", "config": "-1", "number": "22", "limit": "33", "again": "429",
                "unknown": "77"}

    def __init__(self, authority, **options):
        super().__init__(authority, name="gateway", **options)
        self.token = secrets.token_hex(16)
        self.retry_after = None         # seconds, told with a 429
        self.ids = set()                # ours of every request: each is new
        self.routes[("POST", "/v1/messages")] = "send", self.send

    def keys(self):
        return {"url": self.url + "/v1/messages", "content_type": "application/json",
                "body": '{{"to":"{number}","text":"{text}","id":"{id}"}}',
                "header": "X-Client: jauth",
                "authorization_file": self.secret_file("token", "App " + self.token),
                "success_member": "code", "success_value": "0", "id_member": "messages.0.id",
                "refused_values": "2", "config_values": "-1", "number_values": "22, 23",
                "limit_values": "33"}

    def read_message(self, request):
        if request.header("Authorization") != "App " + self.token:
            raise Refusal(401, "401", "wrong token")
        if request.header("X-Client") != "jauth":
            raise Refusal(400, "400", "no X-Client")
        if request.content_type != "application/json" or request.query:
            raise Refusal(400, "400", f"content type is {request.content_type!r}")
        message = json.loads(request.body)
        if sorted(message) != ["id", "text", "to"] or not message["text"]:
            raise Refusal(400, "400", f"members are {sorted(message)}")
        if not E164.fullmatch(message["to"]):
            raise Refusal(400, "400", "to is no number")
        if not re.fullmatch("[0-9a-f]{32}", message["id"]) or message["id"] in self.ids:
            raise Refusal(400, "400", f"id {message['id']!r} is not new")
        self.ids.add(message["id"])
        return message["to"], message["text"]

    def accepted(self, message):
        return json_reply({"code": 0, "messages": [{"id": message["id"]}]})

    def error_reply(self, word, status, detail):
        headers = {}
        if status == 429 and self.retry_after is not None:
            headers["Retry_After"] = str(self.retry_after)
        return json_reply({"code": int(word), "message": detail}, status, **headers)


class TextGateway(SmsVendor):
    """GET /send?to=DIGITS&text=… → "OK: ID" or "ERR: WORD", with a user and a password."""

    type = "http"
    words = {"105": 200, "busy": 200, "401": 401, "404": 404, "429": 429, "500": 500}
    examples = {"refused": "105", "config": "401", "again": "429", "unknown": "busy"}
    USER = "jauth"

    def __init__(self, authority, **options):
        super().__init__(authority, name="text-gateway", **options)
        self.password = secrets.token_hex(16)
        self.routes[("GET", "/send")] = "send", self.send

    def keys(self):
        return {"url": self.url + "/send?to={digits}&text={text}&ref={ref}", "method": "GET",
                "user": self.USER, "password_file": self.secret_file("password", self.password),
                "success_text": "OK:", "refused_text": "ERR:"}

    def read_message(self, request):
        pair = base64.b64encode(f"{self.USER}:{self.password}".encode()).decode()
        if request.header("Authorization") != "Basic " + pair:
            raise Refusal(401, "401", "wrong password")
        if sorted(request.query) != ["ref", "text", "to"] or request.body:
            raise Refusal(200, "105", f"parameters are {sorted(request.query)}")
        if not DIGITS.fullmatch(request.query["to"]):
            raise Refusal(200, "105", "to is no number")
        return "+" + request.query["to"], request.query["text"]

    def accepted(self, message):
        return Reply(200, f"OK: {message['id']}", "text/plain")

    def error_reply(self, word, status, detail):
        text = "try later" if word == "busy" else f"ERR: {word} {detail}"
        return Reply(status, text, "text/plain")
