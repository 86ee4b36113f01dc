# SPDX-License-Identifier: GPL-3.0-or-later
"""The authorization code grant (RFC 6749, 4.1) with PKCE (RFC 7636), as a strict server has it:
every parameter is looked at, and a code works once, for a minute, for the client, the redirect
address and the verifier it was made for. The page is a plain form that any browser can use.
Callbacks go wrong on demand."""

import hashlib
import html
import re
import secrets
import time
import urllib.parse

from vendors.forge import b64
from vendors.server import Refusal, Reply

CODE_SECONDS = 60

UNGUESSABLE = re.compile(r"[A-Za-z0-9._~-]{22,512}")    # 128 bits at least
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")

PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><link rel="icon" href="data:,">
<style>body {{ font: 1.2em sans-serif; max-width: 30em; margin: 3em auto; padding: 0 1em }}
button, input {{ font: inherit; padding: .5em 1em }}</style>
<h1>{title}</h1>
<form method="post">
<input type="hidden" name="visit" value="{visit}">
<p>{client} wants to know who you are.</p>
<p><label>You are <input id="sub" name="sub" value="{person}"></label></p>
<p><button id="approve" name="action" value="approve">Continue</button>
<button id="deny" name="action" value="deny">Cancel</button></p>
</form>
</html>
"""


class Visit:
    """One authorization request, from the browser's arrival until its code is used."""

    def __init__(self, client_id, parameters):
        self.number = secrets.token_urlsafe(16)
        self.client_id = client_id
        self.parameters = parameters
        self.scope = parameters.get("scope", "").split()
        self.nonce = parameters.get("nonce")
        self.is_decided = False
        self.person = None
        self.auth_time = None
        self.code = None
        self.code_until = None
        self.is_used = False
        self.tokens = []                # made for the code


def _changed(name, value):
    def fault(_codes, _visit, answer):
        answer[name] = value(answer.get(name, "")) if callable(value) else value
    return fault


def _without(name):
    def fault(_codes, _visit, answer):
        answer.pop(name, None)
    return fault


def _foreign_code(codes, visit, answer):
    """A good code, but another client's."""
    answer["code"] = codes.make_code("another-client", visit).code


def _code_of_another_login(codes, visit, answer):
    """A good code of the same client, for another challenge and nonce."""
    other = codes.make_code(visit.client_id, visit)
    other.parameters = {"redirect_uri": visit.parameters["redirect_uri"],
                        "code_challenge": b64(hashlib.sha256(b"x").digest())}
    other.nonce = secrets.token_urlsafe(32)
    answer["code"] = other.code


def _used_code(codes, visit, answer):
    other = codes.make_code(visit.client_id, visit)
    other.is_used = True
    answer["code"] = other.code


def _expired_code(codes, visit, answer):
    other = codes.make_code(visit.client_id, visit)
    other.code_until = time.monotonic()
    answer["code"] = other.code


# Name → what happens to the parameters of the callbacks from now on.
CALLBACK_FAULTS = {
    "no_iss": _without("iss"),
    "wrong_iss": _changed("iss", "https://other.example.org"),
    "empty_iss": _changed("iss", ""),
    "iss_with_slash": _changed("iss", lambda iss: iss + "/"),
    "no_code": _without("code"),
    "empty_code": _changed("code", ""),
    "long_code": _changed("code", "x" * 2049),
    "huge_code": _changed("code", "x" * 8000),
    "code_with_newline": _changed("code", lambda code: code + "\r\nX: y"),
    "code_not_ascii": _changed("code", "\u4f60\u597d"),
    "two_codes": _changed("code", lambda code: [code, "another"]),
    "code_and_error": _changed("error", "access_denied"),
    "invented_code": _changed("code", lambda _: secrets.token_urlsafe(32)),
    "foreign_code": _foreign_code,
    "code_of_another_login": _code_of_another_login,
    "used_code": _used_code,
    "expired_code": _expired_code,
    "no_state": _without("state"),
    "wrong_state": _changed("state", lambda _: secrets.token_hex(16)),
    "long_state": _changed("state", lambda state: state * 5),
    "two_states": _changed("state", lambda state: [state, state]),
    "tokens_in_url": _changed("access_token", "not-a-token"),
}


class Codes:
    """Of one server. `issuer` goes into every callback (RFC 9207); None: it says none."""

    def __init__(self, title, issuer=None):
        self.title = title
        self.issuer = issuer
        self.visits = []
        self.fault = None               # of CALLBACK_FAULTS, for every callback from now on
        self.error = None               # the error word that who approves gets instead of a code
        self.signed_in = None           # (person, since) of every browser: asked only by prompt

    def open(self):
        return [visit for visit in self.visits if not visit.is_decided]

    # --- the browser arrives ---

    def begin(self, request, client, required=(), optional=()):
        """The visit of a right request. A wrong one ends here, on the server's own page."""
        query = request.query
        required = ["response_type", "client_id", "redirect_uri", "state", "code_challenge",
                    "code_challenge_method", *required]
        for name, value in query.items():
            if name not in required and name not in optional:
                raise Refusal(400, "invalid_request", f"authorize has the parameter {name}")
            if isinstance(value, list) or not value:
                raise Refusal(400, "invalid_request", f"authorize has {name} twice or empty")
        for name in required:
            if name not in query:
                raise Refusal(400, "invalid_request", f"authorize lacks {name}")
        if query["redirect_uri"] not in client.redirect_uris:
            raise Refusal(400, "invalid_request", f"redirect_uri is {query['redirect_uri']!r}")
        if query["response_type"] != "code":
            raise Refusal(400, "unsupported_response_type", f"wants {query['response_type']!r}")
        if query["code_challenge_method"] != "S256":
            raise Refusal(400, "invalid_request", "PKCE by another method than S256")
        if not CHALLENGE.fullmatch(query["code_challenge"]):
            raise Refusal(400, "invalid_request", "code_challenge is no SHA-256")
        for name in ("state", "nonce"):
            if name in query and not UNGUESSABLE.fullmatch(query[name]):
                raise Refusal(400, "invalid_request", f"{name} can be guessed: {query[name]!r}")
        self._want_new(query)
        visit = Visit(client.client_id, dict(query))
        self.visits.append(visit)
        return visit

    def _want_new(self, query):
        """The whole request again is a page loaded again; one value again is a fault."""
        for old in self.visits:
            for name in ("state", "nonce", "code_challenge"):
                if name in query and old.parameters != query and \
                        old.parameters.get(name) == query[name]:
                    raise Refusal(400, "invalid_request", f"{name} is not new")

    def is_silent(self, visit):
        """Somebody is signed in, and nothing in the request makes us ask."""
        if not self.signed_in or "prompt" in visit.parameters:
            return False
        max_age = visit.parameters.get("max_age")
        return max_age is None or time.time() - self.signed_in[1] <= int(max_age)

    def arrive(self, visit, person):
        """The page; or, for somebody who is signed in, the callback at once."""
        if self.is_silent(visit):
            return self.approve(visit, *self.signed_in)
        return Reply(200, PAGE.format(title=html.escape(self.title), visit=visit.number,
                                      client=html.escape(visit.client_id),
                                      person=html.escape(str(person))),
                     "text/html; charset=utf-8", {"Cache-Control": "no-store"})

    # --- the person decides ---

    def by_number(self, number):
        for visit in self.open():
            if visit.number == number:
                return visit
        raise Refusal(400, "invalid_request", "a decision about no open request")

    def approve(self, visit, person, auth_time=None):
        visit.is_decided = True
        visit.person = person
        visit.auth_time = int(auth_time or time.time())
        if self.error:
            return self._callback(visit, error=self.error)
        self._give_code(visit)
        return self._callback(visit, code=visit.code)

    def deny(self, visit):
        visit.is_decided = True
        return self._callback(visit, error="access_denied", error_description="You said no")

    @staticmethod
    def _give_code(visit):
        visit.code = secrets.token_urlsafe(32)
        visit.code_until = time.monotonic() + CODE_SECONDS

    def make_code(self, client_id, like):
        """Another good code, beside the one of this visit."""
        visit = Visit(client_id, like.parameters)
        visit.is_decided, visit.person, visit.auth_time = True, like.person, like.auth_time
        self._give_code(visit)
        self.visits.append(visit)
        return visit

    def _callback(self, visit, **answer):
        answer["state"] = visit.parameters["state"]
        if self.issuer:
            answer["iss"] = self.issuer
        if self.fault:
            CALLBACK_FAULTS[self.fault](self, visit, answer)
        address = visit.parameters["redirect_uri"]
        mark = "&" if "?" in address else "?"
        location = address + mark + urllib.parse.urlencode(answer, doseq=True)
        return Reply(302, headers={"Location": location, "Cache-Control": "no-store"})

    # --- the code comes to the token endpoint ---

    def redeem(self, form, client_id):
        """The visit whose code this is, used up now."""
        visit = next((v for v in self.visits if v.code and
                      secrets.compare_digest(v.code.encode(), form["code"].encode())), None)
        if not visit:
            raise Refusal(400, "invalid_grant", "an unknown code")
        if visit.is_used:
            raise CodeUsedTwice(visit)
        if time.monotonic() >= visit.code_until:
            raise Refusal(400, "invalid_grant", "a code that is over")
        if visit.client_id != client_id:
            raise Refusal(400, "invalid_grant", "a code of another client")
        if form["redirect_uri"] != visit.parameters["redirect_uri"]:
            raise Refusal(400, "invalid_grant", f"redirect_uri is {form['redirect_uri']!r}")
        challenge = b64(hashlib.sha256(form["code_verifier"].encode()).digest())
        if not VERIFIER.fullmatch(form["code_verifier"]) or \
                challenge != visit.parameters["code_challenge"]:
            raise Refusal(400, "invalid_grant", "code_verifier does not fit the challenge")
        visit.is_used = True
        return visit


class CodeUsedTwice(Refusal):
    """RFC 6749, 4.1.2: what was given for it must be revoked."""

    def __init__(self, visit):
        super().__init__(400, "invalid_grant", "a code was used twice")
        self.tokens = visit.tokens
