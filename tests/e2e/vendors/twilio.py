# SPDX-License-Identifier: GPL-3.0-or-later
"""Twilio's Messages resource, API 2010-04-01: how it checks a message, its errors with their codes,
the test credentials' magic numbers, and what became of a message."""

import base64
import re
import secrets

from vendors.server import Refusal, json_reply, require_form
from vendors.sms import SmsVendor

ACCOUNT = "AC" + 16 * "0a"
API_KEY = "SK" + 16 * "1b"
SERVICE = "MG" + 16 * "2c"
NUMBER = "+14155550199"
MAGIC_SENDER = "+15005550006"

# What a test account's numbers answer with.
MAGIC_TO = {"+15005550001": "21211", "+15005550002": "21612", "+15005550003": "21408",
            "+15005550004": "21610", "+15005550009": "21614"}
MAGIC_FROM = {"+15005550007": "21606", "+15005550008": "21611"}

OPTIONAL = ("From", "MessagingServiceSid", "ValidityPeriod", "SmartEncoded", "ContentRetention",
            "AddressRetention")
FIXED = {"SmartEncoded": "true", "ContentRetention": "discard", "AddressRetention": "obfuscate"}
STATES = {"delivered": ("delivered", None), "failed": ("undelivered", 30003),
          "waiting": ("sent", None)}
DATE = "Fri, 02 Jan 2026 03:04:05 +0000"
BODY_MAX = 1600
VALIDITY_MAX = 36000


class Twilio(SmsVendor):
    type = "twilio"
    words = {
        "20003": 401, "20404": 404, "20429": 429, "20500": 500, "20503": 503,
        "21201": 400, "21211": 400, "21212": 400, "21214": 400, "21217": 400, "21408": 400,
        "21602": 400, "21603": 400, "21604": 400, "21606": 400, "21608": 400, "21610": 400,
        "21611": 429, "21612": 400, "21614": 400, "21617": 400, "21619": 400, "21659": 400,
        "21660": 400, "21701": 400, "21703": 400, "21704": 400, "21705": 400, "21712": 400,
    }
    examples = {"refused": "21617", "config": "20003", "number": "21211", "limit": "21611",
                "again": "20429", "unknown": "20500"}

    def __init__(self, authority, **options):
        super().__init__(authority, name="twilio", **options)
        self.logins = {ACCOUNT: secrets.token_hex(16), API_KEY: secrets.token_hex(16)}
        self.senders = {NUMBER, MAGIC_SENDER, *MAGIC_FROM, "Example Org"}
        self.retry_after = None         # seconds, told with a 429
        self.last_form = {}             # of the last right request

    def keys(self):
        return {"account_sid": ACCOUNT, "api_key_sid": API_KEY, "endpoint": self.url,
                "api_key_secret_file": self.secret_file("key", self.logins[API_KEY]),
                "messaging_service_sid": SERVICE}

    def route(self, request):
        account = f"/2010-04-01/Accounts/{ACCOUNT}"
        if (request.method, request.path) == ("POST", account + "/Messages.json"):
            return "send", self.send
        if request.method == "GET" and re.fullmatch(
                re.escape(account) + r"/Messages/(SM|MM)[0-9a-f]{32}\.json", request.path):
            return "look", self.look
        return "unknown", self.elsewhere

    def elsewhere(self, request):
        self.check_login(request)
        raise Refusal(404, "20404", f"{request.method} {request.path} is nowhere")

    # --- checks ---

    def check_login(self, request):
        scheme, _, pair = request.header("Authorization").partition(" ")
        if scheme != "Basic":
            raise Refusal(401, "20003", f"authorization is {scheme!r}")
        name, _, password = base64.b64decode(pair, validate=True).decode().partition(":")
        if self.logins.get(name) != password:
            raise Refusal(401, "20003", f"wrong password of {name}")

    def check_sender(self, form):
        if "From" not in form and "MessagingServiceSid" not in form:
            raise Refusal(400, "21603", "neither From nor MessagingServiceSid")
        if form.get("MessagingServiceSid", SERVICE) != SERVICE:
            raise Refusal(400, "21701", "no such Messaging Service")
        if form.get("From", NUMBER) not in self.senders:
            raise Refusal(400, "21606", f"sender {form['From']} is not ours")

    def read_message(self, request):
        self.check_login(request)
        try:
            form = require_form(request, ("To", "Body"), OPTIONAL)
        except Refusal as refusal:
            raise Refusal(400, "21604", str(refusal)) from None
        if not re.fullmatch(r"\+[1-9][0-9]{6,14}", form["To"]):
            raise Refusal(400, "21211", f"To is {form['To']!r}")
        if len(form["Body"]) > BODY_MAX:
            raise Refusal(400, "21617", f"{len(form['Body'])} characters")
        self.check_sender(form)
        validity = form.get("ValidityPeriod", "1")
        if not re.fullmatch(r"[1-9][0-9]{0,4}", validity) or int(validity) > VALIDITY_MAX:
            raise Refusal(400, "21604", f"ValidityPeriod is {validity!r}")
        for name, value in FIXED.items():
            if form.get(name, value) != value:
                raise Refusal(400, "21604", f"{name} is {form[name]!r}")
        magic = MAGIC_TO.get(form["To"]) or MAGIC_FROM.get(form.get("From"))
        if magic:
            self.behaviours.appendleft(magic)
        self.last_form = form
        return form["To"], form["Body"]

    # --- replies ---

    def new_id(self):
        return "SM" + secrets.token_hex(16)

    def resource(self, message, status, error=None):
        return {
            "sid": message["id"], "status": status, "to": message["number"], "from": None,
            "messaging_service_sid": SERVICE, "account_sid": ACCOUNT, "body": message["text"],
            "num_segments": "1", "num_media": "0", "direction": "outbound-api",
            "date_created": DATE, "date_updated": DATE, "date_sent": None, "error_code": error,
            "error_message": None, "price": None, "price_unit": "USD",
            "api_version": "2010-04-01", "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/"
                                                f"{message['id']}.json"}

    def accepted(self, message):
        return json_reply(self.resource(message, "queued"), 201)

    def error_reply(self, word, status, detail):
        headers = {}
        if status == 429 and self.retry_after is not None:
            headers["Retry_After"] = str(self.retry_after)
        return json_reply({"code": int(word), "message": detail, "status": status,
                           "more_info": f"https://www.twilio.com/docs/errors/{word}"},
                          status, **headers)

    def look(self, request):
        """GET of a message."""
        self.check_login(request)
        sid = request.path.rpartition("/")[2].removesuffix(".json")
        for message in self.messages:
            if message["id"] == sid:
                return json_reply(self.resource(message, *STATES[self.state_of(sid)]))
        raise Refusal(404, "20404", f"no message {sid}")
