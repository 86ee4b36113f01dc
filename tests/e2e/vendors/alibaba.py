# SPDX-License-Identifier: GPL-3.0-or-later
"""Alibaba Cloud SMS: SendSms, SendMessageToGlobe and QuerySendDetails, with signature V3 computed
here from its documentation. Errors come in the vendor's words: those of the business with 200,
those of the gateway with 4xx and 5xx."""

import datetime
import hashlib
import hmac
import json
import re
import secrets
import urllib.parse

from vendors.server import Refusal, json_reply
from vendors.sms import SmsVendor

ALGORITHM = "ACS3-HMAC-SHA256"
WINDOW = datetime.timedelta(minutes=15)
VERSIONS = {"SendSms": "2017-05-25", "QuerySendDetails": "2017-05-25",
            "SendMessageToGlobe": "2018-05-01"}
CHINA = datetime.timezone(datetime.timedelta(hours=8))
STATES = {"waiting": (1, None), "failed": (2, "MOBILE_NOT_ON_SERVICE"),
          "delivered": (3, "DELIVERED")}

BUSINESS = """
    isv.BUSINESS_LIMIT_CONTROL isv.DAY_LIMIT_CONTROL isv.MONTH_LIMIT_CONTROL
    isv.MOBILE_NUMBER_ILLEGAL isv.BLACK_KEY_CONTROL_LIMIT isv.DOMESTIC_NUMBER_NOT_SUPPORTED
    isv.MOBILE_COUNT_OVER_LIMIT isv.SMS_TEMPLATE_ILLEGAL isv.SMS_SIGNATURE_ILLEGAL
    isv.SMS_SIGNATURE_SCENE_ILLEGAL isv.SMS_SIGN_ILLEGAL isv.SIGN_STATE_ILLEGAL SIGNATURE_BLACKLIST
    isv.TEMPLATE_MISSING_PARAMETERS isv.INVALID_JSON_PARAM isv.PARAM_LENGTH_LIMIT
    isv.PARAM_NOT_SUPPORT_URL isv.TEMPLATE_PARAMS_ILLEGAL isv.SMS_CONTENT_ILLEGAL
    isv.INVALID_PARAMETERS isv.EXTEND_CODE_ERROR isv.INVALID_SENDERID isv.AMOUNT_NOT_ENOUGH
    isv.OUT_OF_SERVICE isv.ACCOUNT_NOT_EXISTS isv.ACCOUNT_ABNORMAL isv.PRODUCT_UN_SUBSCRIPT
    isv.PRODUCT_UNSUBSCRIBE isv.DENY_IP_RANGE isp.RAM_PERMISSION_DENY isp.SYSTEM_ERROR
    isp.GATEWAY_ERROR""".split()
GATEWAY = {
    "Forbidden.RAM": 403, "NoPermission": 403, "InvalidAccessKeyId.NotFound": 404,
    "InvalidAccessKeyId.Inactive": 400, "SignatureDoesNotMatch": 400, "IncompleteSignature": 400,
    "InvalidSecurityToken.Expired": 400, "InvalidVersion": 400, "InvalidAction.NotFound": 404,
    "MissingParameter": 400, "InvalidTimeStamp.Expired": 400, "InvalidTimeStamp.Format": 400,
    "IllegalTimestamp": 400, "SignatureNonceUsed": 400, "Throttling": 429, "Throttling.User": 400,
    "Throttling.Api": 429, "InternalError": 500, "ServiceUnavailable": 503,
}
MESSAGES = {"isv.BUSINESS_LIMIT_CONTROL": "触发分钟级流控Permits:1"}


def encode(text):
    """RFC 3986: all but the unreserved characters."""
    return urllib.parse.quote(text, safe="-_.~")


class Alibaba(SmsVendor):
    type = "alibaba"
    words = {**{word: 200 for word in BUSINESS}, **GATEWAY}
    examples = {"refused": "isv.MOBILE_COUNT_OVER_LIMIT", "config": "isv.OUT_OF_SERVICE",
                "number": "isv.MOBILE_NUMBER_ILLEGAL", "limit": "isv.BUSINESS_LIMIT_CONTROL",
                "again": "Throttling.User", "clock": "InvalidTimeStamp.Expired",
                "unknown": "isp.SYSTEM_ERROR"}

    def __init__(self, authority, security_token=None, **options):
        super().__init__(authority, name="alibaba", **options)
        self.key_id = "LTAI5texample"
        self.key_secret = secrets.token_hex(15)
        self.security_token = security_token
        self.sign_name = "某某科技"
        self.templates = {"SMS_154950909": ["code", "host", "ref"]}     # their variables
        self.nonces = set()
        self.date = None                # of the request at work

    def keys(self):
        keys = {"access_key_id": self.key_id, "endpoint": self.url, "sign_name": self.sign_name,
                "access_key_secret_file": self.secret_file("secret", self.key_secret),
                "template_code": "SMS_154950909", "host_variable": "host", "ref_variable": "ref",
                "globe": "yes", "globe_endpoint": self.url}
        if self.security_token:
            keys["security_token_file"] = self.secret_file("token", self.security_token)
        return keys

    def route(self, request):
        """The path is the same for all; the action is a header."""
        action = request.header("x-acs-action")
        functions = {"SendSms": self.send, "SendMessageToGlobe": self._send_globe,
                     "QuerySendDetails": self._details}
        if (request.method, request.path) == ("POST", "/") and action in functions:
            return action, lambda r: self._gateway(r, functions[action])
        return "unknown", self._unknown

    def _unknown(self, request):
        raise Refusal(404, "InvalidAction.NotFound", f"{request.method} {request.target}")

    # --- the gateway: who asks, and is it new? ---

    def _gateway(self, request, function):
        if request.body or request.header("content-type") or \
                request.header("content-length") != "0":
            raise Refusal(400, "IncompleteSignature", "a body, or the type of one")
        if request.header("x-acs-version") != VERSIONS[request.header("x-acs-action")]:
            raise Refusal(400, "InvalidVersion", f"version {request.header('x-acs-version')!r}")
        self.date = self._read_date(request.header("x-acs-date"))
        self._check_signature(request)
        nonce = request.header("x-acs-signature-nonce")
        if not re.fullmatch(r"[0-9a-f]{32}", nonce) or nonce in self.nonces:
            raise Refusal(400, "SignatureNonceUsed", f"nonce {nonce!r}")
        self.nonces.add(nonce)
        return function(request)

    @staticmethod
    def _read_date(text):
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text):
            raise Refusal(400, "InvalidTimeStamp.Format", f"date {text!r}")
        date = datetime.datetime.fromisoformat(text[:-1]).replace(tzinfo=datetime.timezone.utc)
        if abs(datetime.datetime.now(datetime.timezone.utc) - date) > WINDOW:
            raise Refusal(400, "InvalidTimeStamp.Expired", f"date {text!r}")
        return date

    def _check_signature(self, request):
        found = re.fullmatch(ALGORITHM + r" Credential=([^, ]+),SignedHeaders=([a-z0-9;-]+),"
                             r"Signature=([0-9a-f]{64})", request.header("authorization"))
        if not found:
            raise Refusal(400, "IncompleteSignature", "Authorization is not in its form")
        key_id, names, signature = found.groups()
        if key_id != self.key_id:
            raise Refusal(404, "InvalidAccessKeyId.NotFound", f"key {key_id}")
        self._check_token(request)
        wanted = sorted({"host"} | {name.lower() for name in request.headers
                                    if name.lower().startswith("x-acs-")})
        if names.split(";") != wanted:
            raise Refusal(400, "IncompleteSignature", f"signed are {names}, there are {wanted}")
        if not hmac.compare_digest(signature, self.signature(request, wanted)):
            raise Refusal(400, "SignatureDoesNotMatch", "the signature is not ours")

    def _check_token(self, request):
        if request.header("x-acs-security-token") != (self.security_token or ""):
            raise Refusal(400, "InvalidSecurityToken.Expired", "the token is not ours")
        if self.security_token and request.header("x-acs-accesskey-id") != self.key_id:
            raise Refusal(400, "IncompleteSignature", "no x-acs-accesskey-id beside the token")

    def signature(self, request, names):
        """Signature V3, steps 1 to 7."""
        pairs = [pair.partition("=")[::2] for pair in
                 filter(None, request.target.partition("?")[2].split("&"))]
        parameters = sorted((urllib.parse.unquote(name), urllib.parse.unquote(value))
                            for name, value in pairs)
        body_hash = hashlib.sha256(request.body).hexdigest()
        if request.header("x-acs-content-sha256") != body_hash:
            raise Refusal(400, "SignatureDoesNotMatch", "x-acs-content-sha256 is not the body's")
        canonical = "\n".join([
            request.method, "/",
            "&".join(f"{encode(name)}={encode(value)}" for name, value in parameters),
            "".join(f"{name}:{request.header(name).strip()}\n" for name in names),
            ";".join(names), body_hash])
        text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        return hmac.new(self.key_secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    # --- the three calls ---

    def read_message(self, request):
        if request.header("x-acs-action") == "SendSms":
            return self._read_template(request.query)
        return self._read_text(request.query)

    @staticmethod
    def _require(query, required, optional=()):
        for name in required:
            if not isinstance(query.get(name), str) or not query[name]:
                raise Refusal(400, "MissingParameter", f"{name} is missing or there twice")
        for name in query:
            if name not in required and name not in optional:
                raise Refusal(200, "isv.INVALID_PARAMETERS", f"there is no parameter {name}")

    def _read_template(self, query):
        self._require(query, ["PhoneNumbers", "SignName", "TemplateCode", "TemplateParam"])
        number = query["PhoneNumbers"]
        if not re.fullmatch(r"1\d{10}|[2-9]\d{6,14}", number) or number.startswith("86"):
            raise Refusal(200, "isv.MOBILE_NUMBER_ILLEGAL", "not a number in the vendor's form")
        if query["SignName"] != self.sign_name:
            raise Refusal(200, "isv.SMS_SIGNATURE_ILLEGAL", f"signature {query['SignName']}")
        if query["TemplateCode"] not in self.templates:
            raise Refusal(200, "isv.SMS_TEMPLATE_ILLEGAL", f"template {query['TemplateCode']}")
        self._check_values(query["TemplateParam"], self.templates[query["TemplateCode"]])
        mainland = len(number) == 11 and number.startswith("1")
        return ("+86" if mainland else "+") + number, query["TemplateParam"]

    @staticmethod
    def _check_values(text, variables):
        try:
            values = json.loads(text)
        except ValueError:
            values = None
        if not isinstance(values, dict):
            raise Refusal(200, "isv.INVALID_JSON_PARAM", "TemplateParam is no JSON object")
        if sorted(values) != sorted(variables):
            raise Refusal(200, "isv.TEMPLATE_MISSING_PARAMETERS", f"variables {sorted(values)}")
        if not all(isinstance(value, str) and 1 <= len(value) <= 35 for value in values.values()):
            raise Refusal(200, "isv.PARAM_LENGTH_LIMIT", "a value is no short text")

    def _read_text(self, query):
        self._require(query, ["To", "Message", "Type"], ["From"])
        if not re.fullmatch(r"[1-9]\d{6,14}", query["To"]) or query["To"].startswith("86"):
            raise Refusal(200, "isv.MOBILE_NUMBER_ILLEGAL", "not a foreign number")
        if query["Type"] != "OTP":
            raise Refusal(200, "isv.INVALID_PARAMETERS", f"type {query['Type']}")
        if not re.fullmatch(r"[A-Za-z0-9]{1,11}|\d{1,15}", query.get("From", "A")):
            raise Refusal(200, "isv.INVALID_SENDERID", f"sender {query['From']}")
        return "+" + query["To"], query["Message"]

    def _send_globe(self, request):
        """The same, but the business speaks in other names and shorter words."""
        reply = self.send(request)
        said = json.loads(reply.body)
        if reply.status == 200:
            word = said["Code"].removeprefix("isv.").removeprefix("isp.")
            reply.body = json.dumps({"ResponseCode": word, "ResponseDescription": said["Message"],
                                     "MessageId": said.get("BizId", ""), "RequestId": "r",
                                     "NumberDetail": {}, "Segments": "1"}).encode()
        return reply

    def _details(self, request):
        query = request.query
        self._require(query, ["BizId", "CurrentPage", "PageSize", "PhoneNumber", "SendDate"])
        found = [message for message in self.messages
                 if message["id"] == query["BizId"] and message["date"] == query["SendDate"] and
                 message["number"] in ("+86" + query["PhoneNumber"], "+" + query["PhoneNumber"])]
        details = [self._detail(message, query["PhoneNumber"]) for message in found]
        return json_reply({"Code": "OK", "Message": "OK", "RequestId": "r",
                           "TotalCount": len(found),
                           "SmsSendDetailDTOs": {"SmsSendDetailDTO": details}})

    def _detail(self, message, number):
        status, word = STATES[self.state_of(message["id"])]
        detail = {"PhoneNum": number, "SendStatus": status, "Content": message["text"]}
        return {**detail, "ErrCode": word} if word else detail

    # --- replies ---

    def new_id(self):
        return f"9006197469364984{len(self.messages):02}^0"

    def accepted(self, message):
        message["date"] = self.date.astimezone(CHINA).strftime("%Y%m%d")
        return json_reply({"Code": "OK", "Message": "OK", "BizId": message["id"],
                           "RequestId": "F655A8D5-B967-440B-8683-DAD6FF8DE990"})

    def error_reply(self, word, status, detail):
        body = {"Code": word, "Message": MESSAGES.get(word, detail), "RequestId": "r"}
        if status != 200:
            body.update({"HostId": self.host, "Recommend": "https://api.example.org/troubleshoot"})
        return json_reply(body, status)
