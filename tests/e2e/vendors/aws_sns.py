# SPDX-License-Identifier: GPL-3.0-or-later
"""Amazon SNS: Publish to a number, with SigV4 computed here from its documentation, and XML as the
service answers it. What became of a message nobody is told."""

import datetime
import hashlib
import hmac
import re
import secrets
import urllib.parse
import uuid
from xml.sax.saxutils import escape

from vendors.server import Refusal, Reply
from vendors.sms import SmsVendor

ALGORITHM = "AWS4-HMAC-SHA256"
WINDOW = datetime.timedelta(minutes=5)
FORM = "application/x-www-form-urlencoded; charset=utf-8"
XMLNS = "http://sns.amazonaws.com/doc/2010-03-31/"
ENTRY = re.compile(r"MessageAttributes\.entry\.([1-9]\d*)\."
                   r"(Name|Value\.DataType|Value\.StringValue)")
ATTRIBUTES = {                          # name → type, what its value must be
    "AWS.SNS.SMS.SMSType": ("String", r"Transactional|Promotional"),
    "AWS.SNS.SMS.SenderID": ("String", r"(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}"),
    "AWS.SNS.SMS.MaxPrice": ("Number", r"\d+(\.\d+)?"),
    "AWS.MM.SMS.OriginationNumber": ("String", r"\+?\d{5,15}"),
}
MESSAGES = {"InvalidParameter": "Invalid parameter: PhoneNumber Reason: not a number"}


class AwsSns(SmsVendor):
    type = "aws-sns"
    words = {
        "InvalidParameter": 400, "ParameterValueInvalid": 400, "ValidationError": 400,
        "ValidationException": 400, "OptedOut": 400, "AuthorizationError": 403,
        "AccessDenied": 403, "InvalidClientTokenId": 403, "UnrecognizedClientException": 403,
        "SignatureDoesNotMatch": 403, "IncompleteSignature": 400,
        "MissingAuthenticationToken": 403, "OptInRequired": 403, "ExpiredToken": 403,
        "RequestExpired": 403, "InvalidSecurity": 403, "Throttling": 400,
        "ThrottlingException": 400, "Throttled": 429, "KMSThrottling": 400, "NotFound": 404,
        "ResourceNotFound": 404, "EndpointDisabled": 400, "PlatformApplicationDisabled": 400,
        "InternalError": 500, "InternalFailure": 500, "ServiceUnavailable": 503,
    }
    examples = {"refused": "EndpointDisabled", "config": "AuthorizationError",
                "number": "InvalidParameter", "again": "Throttling", "clock": "RequestExpired",
                "unknown": "InternalError"}

    def __init__(self, authority, session_token=None, **options):
        super().__init__(authority, name="aws-sns", **options)
        self.key_id = "AKIDEXAMPLE"
        self.secret_key = secrets.token_urlsafe(30)
        self.session_token = session_token
        self.region = "eu-central-1"
        self.routes[("POST", "/")] = "send", self.send

    def keys(self):
        keys = {"access_key_id": self.key_id, "region": self.region, "endpoint": self.url,
                "secret_access_key_file": self.secret_file("secret", self.secret_key),
                "sender_id": "JAUTH", "max_price": "0.10"}
        if self.session_token:
            keys["session_token_file"] = self.secret_file("token", self.session_token)
        return keys

    # --- who asks ---

    def _check_date(self, text):
        if not re.fullmatch(r"\d{8}T\d{6}Z", text):
            raise Refusal(400, "IncompleteSignature", f"date {text!r}")
        date = datetime.datetime.strptime(text, "%Y%m%dT%H%M%SZ")
        if abs(datetime.datetime.utcnow() - date) > WINDOW:
            raise Refusal(403, "SignatureDoesNotMatch", f"Signature expired: {text}")

    def _check_signature(self, request):
        date = request.header("x-amz-date")
        self._check_date(date)
        scope = f"{date[:8]}/{self.region}/sns/aws4_request"
        names = ["content-type", "host", "x-amz-date"]
        if self.session_token:
            names.append("x-amz-security-token")
        if request.header("x-amz-security-token") != (self.session_token or ""):
            raise Refusal(403, "InvalidClientTokenId", "the token is not ours")
        found = re.fullmatch(ALGORITHM + r" Credential=([^/, ]+)/([^, ]+), "
                             r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})",
                             request.header("authorization"))
        if not found or found[3].split(";") != names:
            raise Refusal(400, "IncompleteSignature", "Authorization is not in its form")
        if found[1] != self.key_id:
            raise Refusal(403, "InvalidClientTokenId", f"key {found[1]}")
        if found[2] != scope:
            raise Refusal(403, "SignatureDoesNotMatch", f"scope {found[2]}, not {scope}")
        if not hmac.compare_digest(found[4], self.signature(request, names, date, scope)):
            raise Refusal(403, "SignatureDoesNotMatch", "the signature is not ours")

    def signature(self, request, names, date, scope):
        """SigV4, steps 2 to 5."""
        canonical = "\n".join([
            request.method, request.path, "",
            "".join(f"{name}:{request.header(name).strip()}\n" for name in names),
            ";".join(names), hashlib.sha256(request.body).hexdigest()])
        text = "\n".join([ALGORITHM, date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = b"AWS4" + self.secret_key.encode()
        for word in scope.split("/"):
            key = hmac.new(key, word.encode(), hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    # --- what is asked ---

    @staticmethod
    def _read_form(request):
        """The parameters; '+' would be a blank to some and a plus to others."""
        if request.header("content-type") != FORM or "+" in request.body.decode():
            raise Refusal(400, "ValidationError", "not a form in its type")
        form = {}
        for pair in request.body.decode().split("&"):
            name, _, value = pair.partition("=")
            name = urllib.parse.unquote(name)
            if name in form or not value:
                raise Refusal(400, "ValidationError", f"{name} is empty or there twice")
            form[name] = urllib.parse.unquote(value, errors="strict")
        return form

    @staticmethod
    def _attributes(form):
        """name → (type, value) of the entries, which are numbered without gaps."""
        entries = {}
        for name in [name for name in form if ENTRY.fullmatch(name)]:
            number, part = ENTRY.fullmatch(name).groups()
            entries.setdefault(int(number), {})[part] = form.pop(name)
        if sorted(entries) != list(range(1, len(entries) + 1)) or \
                any(len(entry) != 3 for entry in entries.values()):
            raise Refusal(400, "InvalidParameter", f"attributes numbered {sorted(entries)}")
        return {entry["Name"]: (entry["Value.DataType"], entry["Value.StringValue"])
                for entry in entries.values()}

    def _check_attributes(self, attributes):
        for name, (kind, value) in attributes.items():
            if name not in ATTRIBUTES or kind != ATTRIBUTES[name][0] or \
                    not re.fullmatch(ATTRIBUTES[name][1], value):
                raise Refusal(400, "InvalidParameter", f"attribute {name}: {kind} {value!r}")
        if "AWS.SNS.SMS.SMSType" not in attributes:
            raise Refusal(400, "InvalidParameter", "no SMSType: it might be the slow route")

    def read_message(self, request):
        if request.target != "/":
            raise Refusal(404, "NotFound", f"target {request.target}")
        self._check_signature(request)
        form = self._read_form(request)
        self._check_attributes(self._attributes(form))
        if sorted(form) != ["Action", "Message", "PhoneNumber", "Version"] or \
                (form["Action"], form["Version"]) != ("Publish", "2010-03-31"):
            raise Refusal(400, "InvalidParameter", f"parameters {sorted(form)}")
        if not re.fullmatch(r"\+[1-9]\d{6,14}", form["PhoneNumber"]):
            raise Refusal(400, "InvalidParameter", "PhoneNumber is not E.164")
        if len(form["Message"]) > 1600:
            raise Refusal(400, "InvalidParameter", "Message is too long")
        return form["PhoneNumber"], form["Message"]

    # --- replies ---

    def new_id(self):
        return str(uuid.uuid4())

    @staticmethod
    def _xml(body, status=200):
        return Reply(status, body, "text/xml")

    def accepted(self, message):
        return self._xml(
            f'<PublishResponse xmlns="{XMLNS}">\n  <PublishResult>\n'
            f"    <MessageId>{message['id']}</MessageId>\n  </PublishResult>\n"
            f"  <ResponseMetadata>\n    <RequestId>{uuid.uuid4()}</RequestId>\n"
            "  </ResponseMetadata>\n</PublishResponse>\n")

    def error_reply(self, word, status, detail):
        kind = "Sender" if status < 500 else "Receiver"
        message = escape(MESSAGES.get(word, detail))
        return self._xml(
            f'<ErrorResponse xmlns="{XMLNS}">\n  <Error>\n    <Type>{kind}</Type>\n'
            f"    <Code>{word}</Code>\n    <Message>{message}</Message>\n"
            f"  </Error>\n  <RequestId>{uuid.uuid4()}</RequestId>\n</ErrorResponse>\n", status)
