#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An OpenID provider with the device flow and the code flow (RFC 8628, RFC 6749 and 7636, OpenID
Connect Core and Discovery), strict about every request, with faults and forgeries on demand. The
tests use class Provider; as a program it serves ./quickstart:

    oidc.py --folder DIR [--port N] [--plain-port N] [--user SUBJECT] [--redirect-uri URL]

prints one JSON line {"issuer": …, "ca": …, "plain": …} when it is ready. POST /control takes the
same orders as JSON, for tests in other languages.
"""

import argparse
import base64
import html
import json
import secrets
import time
import urllib.parse

if __name__ == "__main__":
    import os
    import sys
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from vendors.code import CodeUsedTwice, Codes
from vendors.device import APPROVED, DENIED, USED, Grant, Grants
from vendors.forge import Key, half_hash, id_token
from vendors.server import Refusal, Reply, Server, json_reply, require_form
from vendors.tls import Authority

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Demo provider</title>
<style>body {{ font: 1.2em sans-serif; max-width: 30em; margin: 3em auto }}
button {{ font: inherit; padding: .5em 2em }}</style>
<h1>Demo provider</h1>
{body}
</html>
"""

FORM = """<form method="post" action="/device?user_code={code}">
<p>Somebody wants to log in with the code <b>{code}</b>. Is it you?</p>
<button name="action" value="approve">Yes, log me in as {person}</button>
<button name="action" value="deny">No</button>
</form>
"""


class Client:
    def __init__(self, client_id, secret=None, auth="none", redirect_uris=()):
        self.client_id = client_id
        self.secret = secret
        self.auth = auth                # none, client_secret_post, client_secret_basic
        self.redirect_uris = list(redirect_uris)        # of the code flow; compared whole


class Provider(Server):
    def __init__(self, authority, host="op.example.org", port=0, path="", interval=1,
                 expires_in=300):
        super().__init__(authority, host, port, name="op")
        self.path = path
        self.url = f"https://{host}" if self.port == 443 else f"https://{host}:{self.port}"
        self.issuer = self.url + path
        self.interval = interval
        self.expires_in = expires_in
        self.clients = {"demo": Client("demo")}
        self.persons = {}               # sub → claims
        self.default_person = None      # approves when a page does not say who
        self.keys = [Key("key-1")]
        self.grants = Grants()
        self.codes = Codes("Demo provider", self.issuer)
        self.access_tokens = {}         # token → (sub, scope)
        self.revoked = []
        self.secrets_made = []          # what must never be found in a log or a core
        self.forgery = None             # for every token from now on
        self.userinfo_sub = None        # instead of the right one
        self.claims_in_userinfo = False
        self.complete_link = True
        self.metadata_changes = {}
        self.routes = self._routes()

    def _routes(self):
        own = self.path
        return {
            ("GET", own + "/.well-known/openid-configuration"): ("discovery", self.discovery),
            ("GET", own + "/keys"): ("keys", self.key_set),
            ("POST", own + "/device_authorization"): ("device", self.device_authorization),
            ("GET", own + "/authorize"): ("authorize", self.authorize),
            ("POST", own + "/authorize"): ("decision", self.decide),
            ("POST", own + "/token"): ("token", self.token),
            ("GET", own + "/userinfo"): ("userinfo", self.userinfo),
            ("POST", own + "/revoke"): ("revoke", self.revoke),
            ("GET", "/device"): ("page", self.device_page),
            ("POST", "/device"): ("page", self.device_decision),
            ("POST", "/approve"): ("page", self.approve_newest),
            ("GET", "/control"): ("control", self.state),
            ("POST", "/control"): ("control", self.control),
        }

    # --- people ---

    def add_person(self, sub, **claims):
        self.persons[sub] = claims
        return sub

    def approve(self, user_code, sub):
        with self.lock:
            grant = self._open_grant(user_code)
            grant.state, grant.person = APPROVED, sub

    def deny(self, user_code):
        with self.lock:
            self._open_grant(user_code).state = DENIED

    def expire(self, user_code):
        with self.lock:
            self.grants.by_user_code(user_code).expires = time.monotonic()

    def _open_grant(self, user_code):
        grant = self.grants.by_user_code(user_code)
        if not grant or not grant.is_open():
            raise KeyError(f"no open code {user_code!r}")
        return grant

    def sign_in(self, sub, since=None):
        """Every browser is signed in as this person, who is not asked again; None: nobody is."""
        self.codes.signed_in = sub and (sub, since or time.time())

    def rotate_keys(self, keep_old=False):
        key = Key(f"key-{secrets.token_hex(4)}")
        self.keys = [key, *self.keys] if keep_old else [key]

    # --- endpoints of the protocol ---

    def discovery(self, request):
        self._want_json(request)
        base = self.issuer
        return json_reply({
            "issuer": base,
            "authorization_endpoint": base + "/authorize",
            "device_authorization_endpoint": base + "/device_authorization",
            "token_endpoint": base + "/token",
            "userinfo_endpoint": base + "/userinfo",
            "revocation_endpoint": base + "/revoke",
            "jwks_uri": base + "/keys",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": sorted(
                {client.auth for client in self.clients.values()}),
            "grant_types_supported": ["authorization_code", DEVICE_GRANT],
            **self.metadata_changes,
        })

    def key_set(self, request):
        self._want_json(request)
        return json_reply({"keys": [key.jwk() for key in self.keys]},
                          Cache_Control="max-age=3600")

    def device_authorization(self, request):
        form = require_form(request, ["client_id", "scope"],
                            ["client_secret", "nonce", "resource", "code_challenge",
                             "code_challenge_method"])
        client = self._client(request)
        scope = form["scope"].split()
        if "openid" not in scope or "offline_access" in scope:
            raise Refusal(400, "invalid_scope", f"scope is {form['scope']!r}")
        grant = self.grants.add(Grant(client.client_id, scope, self.expires_in, self.interval))
        grant.nonce = form.get("nonce")
        self.secrets_made.append(grant.device_code)
        uri = self.url + "/device"
        reply = {"device_code": grant.device_code, "user_code": grant.user_code,
                 "verification_uri": uri, "expires_in": self.expires_in,
                 "interval": self.interval}
        if self.complete_link:
            reply["verification_uri_complete"] = f"{uri}?user_code={grant.user_code}"
        return json_reply(reply)

    def authorize(self, request):
        client = self.clients.get(request.query.get("client_id"))
        if not client:
            raise Refusal(400, "invalid_request", "authorize by an unknown client")
        visit = self.codes.begin(request, client, ["scope", "nonce"],
                                 ["prompt", "max_age", "acr_values", "hd", "resource"])
        if "openid" not in visit.scope or "offline_access" in visit.scope:
            raise Refusal(400, "invalid_scope", f"scope is {visit.scope!r}")
        return self.codes.arrive(visit, self.default_person)

    def decide(self, request):
        form = request.form
        visit = self.codes.by_number(form.get("visit", ""))
        if form.get("action") == "approve":
            return self.codes.approve(visit, form.get("sub", self.default_person))
        return self.codes.deny(visit)

    def token(self, request):
        if request.form.get("grant_type") == "authorization_code":
            return self.redeem(request)
        form = require_form(request, ["grant_type", "device_code", "client_id"],
                            ["client_secret", "code_verifier", "resource"])
        self._want_json(request)
        if form["grant_type"] != DEVICE_GRANT:
            raise Refusal(400, "unsupported_grant_type", f"grant type {form['grant_type']}")
        client = self._client(request)
        grant = self.grants.by_device_code(form["device_code"])
        if not grant or grant.client_id != client.client_id:
            raise Refusal(400, "invalid_grant", "unknown device code")
        if grant.state == USED:
            self.complaints.append("a device code was used twice")
        error = grant.poll()
        if error == "slow_down":
            self.complaints.append("polled faster than the interval")
        if error:
            return json_reply({"error": error}, 400)
        grant.state = USED
        return json_reply(self._tokens(grant))

    def redeem(self, request):
        form = require_form(request, ["grant_type", "code", "redirect_uri", "code_verifier",
                                      "client_id"], ["client_secret"])
        self._want_json(request)
        client = self._client(request)
        self.secrets_made += [form["code"], form["code_verifier"]]
        try:
            visit = self.codes.redeem(form, client.client_id)
        except CodeUsedTwice as twice:
            for token in twice.tokens:
                self.access_tokens.pop(token, None)
            raise
        reply = self._tokens(visit)
        visit.tokens.append(reply["access_token"])
        return json_reply(reply)

    def _tokens(self, grant):
        """For a grant of the device flow, or a visit of the code flow."""
        access_token = secrets.token_urlsafe(32)
        self.access_tokens[access_token] = (grant.person, grant.scope)
        token = id_token(self.keys[0], self._claims(grant, access_token), self.forgery)
        self.secrets_made += [access_token, token]
        return {"access_token": access_token, "token_type": "Bearer", "expires_in": 3600,
                "scope": " ".join(grant.scope), "id_token": token}

    def _claims(self, grant, access_token):
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": grant.person, "aud": grant.client_id,
                  "exp": now + 300, "iat": now, "auth_time": grant.auth_time or now,
                  "at_hash": half_hash(access_token)}
        if grant.nonce:
            claims["nonce"] = grant.nonce
        if not self.claims_in_userinfo:
            claims.update(self._person_claims(grant.person))
        return claims

    def _person_claims(self, sub):
        return self.persons.get(sub, {})

    def userinfo(self, request):
        kind, _, token = request.header("Authorization").partition(" ")
        if kind != "Bearer" or token not in self.access_tokens:
            raise Refusal(401, "invalid_token", "userinfo without a good access token")
        self._want_json(request)
        sub, _ = self.access_tokens[token]
        return json_reply({"sub": self.userinfo_sub or sub, **self._person_claims(sub)})

    def revoke(self, request):
        form = require_form(request, ["token"], ["client_id", "client_secret",
                                                 "token_type_hint"])
        self.revoked.append(form["token"])
        self.access_tokens.pop(form["token"], None)
        return Reply(200)

    def _want_json(self, request):
        if "json" not in request.header("Accept"):
            self.complaints.append(f"{request.path}: Accept is {request.header('Accept')!r}")

    def _client(self, request):
        """The client, authenticated by the one method it is registered for."""
        client = self.clients.get(request.form.get("client_id"))
        if not client:
            raise Refusal(401, "invalid_client", "unknown client")
        basic = self._basic(request)
        given = {"none": None, "client_secret_post": request.form.get("client_secret"),
                 "client_secret_basic": basic and basic[1]}
        used = [how for how, secret in given.items() if secret is not None] or ["none"]
        if used != [client.auth] or given[client.auth] != client.secret:
            raise Refusal(401, "invalid_client", f"authentication by {used}")
        if basic and basic[0] != client.client_id:
            raise Refusal(401, "invalid_client", "two client ids")
        return client

    @staticmethod
    def _basic(request):
        kind, _, value = request.header("Authorization").partition(" ")
        if kind != "Basic":
            return None
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        return urllib.parse.unquote_plus(name), urllib.parse.unquote_plus(password)

    # --- the page a person sees ---

    def device_page(self, request):
        grant = self.grants.by_user_code(request.query.get("user_code", ""))
        waiting = [grant] if grant else self.grants.open()
        forms = [FORM.format(code=html.escape(g.user_code),
                             person=html.escape(str(self.default_person)))
                 for g in waiting if g.is_open()]
        body = "".join(forms) or "<p>Nobody waits for an approval.</p>"
        return Reply(200, PAGE.format(body=body), "text/html; charset=utf-8")

    def device_decision(self, request):
        code = request.query.get("user_code") or request.form.get("user_code", "")
        sub = request.form.get("sub", self.default_person)
        try:
            if request.form.get("action", "approve") == "approve":
                self.approve(code, sub)
                return self._said("Approved. Go back to the terminal.")
            self.deny(code)
            return self._said("Refused.")
        except KeyError:
            return self._said("Nobody waits with this code.", 404)

    def approve_newest(self, request):
        waiting = self.grants.open()
        if not waiting:
            return self._said("Nobody waits for an approval.", 404)
        self.approve(waiting[-1].user_code, request.form.get("sub", self.default_person))
        return self._said(f"Approved {waiting[-1].user_code}. Go back to the terminal.")

    @staticmethod
    def _said(text, status=200):
        return Reply(status, PAGE.format(body=f"<p>{text}</p>"), "text/html; charset=utf-8")

    # --- orders from outside this process ---

    def state(self, _request):
        return json_reply({
            "open": [grant.user_code for grant in self.grants.open()],
            "grants": [{"user_code": g.user_code, "state": g.state, "polls": len(g.polls)}
                       for g in self.grants.all],
            "visits": [{"number": v.number, "decided": v.is_decided, "used": v.is_used,
                        "parameters": v.parameters} for v in self.codes.visits],
            "requests": len(self.requests), "complaints": self.complaints})

    def control(self, request):
        """{"approve": CODE, "sub": SUB}, {"deny": CODE}, {"expire": CODE}, {"forgery": NAME},
        {"userinfo_sub": SUB}, {"rotate": true}, {"person": {"sub": …}}, {"sign_in": SUB},
        {"callback_fault": NAME}, {"callback_error": WORD}, {"redirect_uri": URL, "client": ID},
        {"fault": {"endpoint": …, "kind": …, "times": …}}, {"clear": true}"""
        orders = json.loads(request.body)
        actions = {
            "approve": lambda code: self.approve(code, orders.get("sub", self.default_person)),
            "deny": self.deny,
            "expire": self.expire,
            "rotate": lambda _: self.rotate_keys(),
            "forgery": lambda name: setattr(self, "forgery", name),
            "userinfo_sub": lambda sub: setattr(self, "userinfo_sub", sub),
            "person": lambda claims: self.add_person(**claims),
            "sign_in": self.sign_in,
            "callback_fault": lambda name: setattr(self.codes, "fault", name),
            "callback_error": lambda word: setattr(self.codes, "error", word),
            "redirect_uri": lambda uri: self.clients[orders.get("client", "demo")]
                                            .redirect_uris.append(uri),
            "fault": lambda fault: self.fault(**fault),
            "clear": lambda _: self.reset(),
        }
        for name, value in orders.items():
            if name in actions:
                actions[name](value)
        return json_reply({"done": True})

    def reset(self):
        """Back to good behaviour; grants and keys stay."""
        self.clear_faults()
        self.forgery = self.userinfo_sub = None
        self.codes.fault = self.codes.error = self.codes.signed_in = None
        self.claims_in_userinfo = False
        self.complete_link = True
        self.metadata_changes = {}
        self.complaints.clear()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--host", default="localhost")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--plain-port", type=int, default=0)
    parser.add_argument("--user", default="demo-person")
    parser.add_argument("--redirect-uri", action="append", default=[])
    options = parser.parse_args()
    authority = Authority(options.folder)
    provider = Provider(authority, host=options.host, port=options.port)
    provider.default_person = provider.add_person(options.user, email="demo@example.org",
                                                  email_verified=True)
    provider.clients["demo"].redirect_uris += options.redirect_uri
    provider.start()
    plain = provider.serve_plain(options.plain_port)
    print(json.dumps({"issuer": provider.issuer, "ca": authority.ca_path,
                      "plain": f"http://localhost:{plain}"}), flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
