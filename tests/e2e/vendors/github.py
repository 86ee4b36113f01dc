# SPDX-License-Identifier: GPL-3.0-or-later
"""GitHub's device flow, its web flow and the parts of its API that a login uses: errors with status
200, scopes joined by commas, no ID token, an API that wants a User-Agent and pages by the Link
header."""

import base64
import json
import secrets

from vendors.code import CodeUsedTwice, Codes
from vendors.device import APPROVED, DENIED, USED, Grant, Grants
from vendors.oidc import DEVICE_GRANT
from vendors.server import Refusal, Reply, Server, json_reply, require_form

API_VERSION = "2022-11-28"


def oauth_error(error, **more):
    """GitHub says every OAuth error with 200."""
    return json_reply({"error": error, "error_description": f"{error} happened",
                       "error_uri": "https://docs.example.org/", **more})


class Person:
    def __init__(self, number, login, teams=(), orgs=None, emails=(), kind="User", keys=()):
        self.number = number
        self.login = login
        self.teams = list(teams)        # (team id, slug, organisation id, organisation)
        self.orgs = orgs or {}          # organisation → (its id, "active" or "pending")
        self.emails = list(emails)
        self.kind = kind
        self.keys = list(keys)          # "TYPE BASE64", as GitHub keeps them


class GitHub(Server):
    """Serves both hosts of github.com, or one GitHub Enterprise Server with /api/v3."""

    def __init__(self, authority, host="op.example.org", port=0, api_prefix="/api/v3", interval=1,
                 expires_in=900, client_id="Iv1.demo", client_secret=None, redirect_uris=()):
        super().__init__(authority, host, port, name="github", hosts=["api.example.org"])
        self.client_id = client_id
        self.client_secret = client_secret      # needed in the web flow, and to revoke
        self.redirect_uris = list(redirect_uris)
        self.codes = Codes("GitHub")
        self.default_person = None      # approves when a page does not say who
        self.api = api_prefix
        self.url = f"https://{host}:{self.port}"
        self.interval = interval
        self.expires_in = expires_in
        self.grants = Grants()
        self.persons = {}               # number → Person
        self.tokens = {}                # access token → (number, scope)
        self.secrets_made = []
        self.device_flow_enabled = True
        self.granted_scope = None       # instead of what was asked for
        self.page_size = 100
        self.sign_in_first = set()      # ids of organisations that want their own sign-in (SAML)
        self.public_calls = []          # what anybody may ask: the paths
        self.public_left = None         # how many of those are left, or None
        self.routes = {
            ("POST", "/login/device/code"): ("device", self.device_code),
            ("GET", "/login/oauth/authorize"): ("authorize", self.authorize),
            ("POST", "/login/oauth/authorize"): ("decision", self.decide),
            ("POST", "/login/oauth/access_token"): ("token", self.access_token),
            ("DELETE", f"{api_prefix}/applications/{client_id}/token"): ("revoke", self.revoke),
            ("GET", api_prefix + "/user"): ("user", self.user),
            ("GET", api_prefix + "/user/emails"): ("emails", self.emails),
            ("GET", api_prefix + "/user/teams"): ("teams", self.teams),
        }

    def route(self, request):
        row = self.routes.get((request.method, request.path))
        if row:
            return row
        head = self.api + "/user/memberships/orgs/"
        if request.method == "GET" and request.path.startswith(head):
            name = request.path[len(head):]
            return "membership", lambda r: self.membership(r, name)
        if request.method == "GET" and request.path.startswith(self.api + "/user/"):
            return "account", self.account
        if request.method == "GET" and request.path.startswith(self.api + "/users/"):
            return "keys", self.ssh_keys
        if request.method == "GET" and request.path.startswith(self.api + "/orgs/"):
            return "team", self.team_membership
        return super().route(request)

    def add_person(self, number, login, **more):
        self.persons[number] = Person(number, login, **more)
        return number

    def approve(self, user_code, number):
        with self.lock:
            grant = self.grants.by_user_code(user_code)
            if not grant or not grant.is_open():
                raise KeyError(f"no open code {user_code!r}")
            grant.state, grant.person = APPROVED, number

    def deny(self, user_code):
        with self.lock:
            self.grants.by_user_code(user_code).state = DENIED

    # --- OAuth ---

    def _want_json(self, request):
        if "application/json" not in request.header("Accept"):
            raise Refusal(200, "not_json", "without Accept: application/json GitHub sends a form")

    def device_code(self, request):
        self._want_json(request)
        form = require_form(request, ["client_id"], ["scope"])
        if form["client_id"] != self.client_id:
            raise Refusal(404, "Not Found", "unknown client_id")
        if not self.device_flow_enabled:
            return oauth_error("device_flow_disabled")
        scope = form.get("scope", "").replace(",", " ").split()
        grant = self.grants.add(Grant(self.client_id, scope, self.expires_in, self.interval,
                                      device_code=secrets.token_hex(20)))
        self.secrets_made.append(grant.device_code)
        return json_reply({"device_code": grant.device_code, "user_code": grant.user_code,
                           "verification_uri": self.url + "/login/device",
                           "expires_in": self.expires_in, "interval": self.interval})

    def authorize(self, request):
        if request.query.get("client_id") != self.client_id:
            raise Refusal(404, "Not Found", "unknown client_id")
        return self.codes.arrive(self.codes.begin(request, self, optional=["scope"]),
                                 self.default_person)

    def decide(self, request):
        form = request.form
        visit = self.codes.by_number(form.get("visit", ""))
        if form.get("action") == "approve":
            return self.codes.approve(visit, int(form.get("sub", self.default_person)))
        return self.codes.deny(visit)

    def redeem(self, request):
        form = require_form(request, ["client_id", "client_secret", "code", "redirect_uri",
                                      "code_verifier"], ["grant_type"])
        self.secrets_made += [form["code"], form["code_verifier"]]
        if (form["client_id"], form["client_secret"]) != (self.client_id, self.client_secret):
            self.complaints.append("a wrong client secret")
            return oauth_error("incorrect_client_credentials")
        try:
            visit = self.codes.redeem(form, self.client_id)
        except Refusal as refusal:
            for token in refusal.tokens if isinstance(refusal, CodeUsedTwice) else []:
                self.tokens.pop(token, None)
            self.complaints.append(str(refusal))
            return oauth_error("bad_verification_code")
        reply = self._token(visit.person, visit.scope)
        visit.tokens.append(reply["access_token"])
        return json_reply(reply)

    def revoke(self, request):
        """DELETE /applications/CLIENT/token, by the app itself."""
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if not self.client_secret or request.header("Authorization") != "Basic " + pair:
            raise Refusal(401, "Bad credentials", "revocation by another client")
        token = json.loads(request.body).get("access_token")
        if not self.tokens.pop(token, None):
            raise Refusal(404, "Not Found", "revocation of an unknown token")
        return Reply(204)

    def access_token(self, request):
        self._want_json(request)
        if "code" in request.form:
            return self.redeem(request)
        form = require_form(request, ["client_id", "device_code", "grant_type"])
        if form["client_id"] != self.client_id:
            return oauth_error("incorrect_client_credentials")
        if form["grant_type"] != DEVICE_GRANT:
            return oauth_error("unsupported_grant_type")
        grant = self.grants.by_device_code(form["device_code"])
        if not grant or grant.state == USED:
            self.complaints.append("a device code that is unknown or used")
            return oauth_error("incorrect_device_code")
        error = grant.poll()
        if error == "slow_down":
            self.complaints.append("polled faster than the interval")
            return oauth_error("slow_down", interval=grant.interval)
        if error:
            return oauth_error(error)
        grant.state = USED
        return json_reply(self._token(grant.person, grant.scope))

    def _token(self, person, scope):
        token = "gho_" + secrets.token_hex(18)
        if self.granted_scope is not None:
            scope = self.granted_scope
        self.tokens[token] = (person, scope)
        self.secrets_made.append(token)
        return {"access_token": token, "token_type": "bearer", "scope": ",".join(scope)}

    # --- API ---

    def _caller(self, request, scope=None):
        """The person whose token it is, if the token was given this scope."""
        if not request.header("User-Agent"):
            raise Refusal(403, "no User-Agent", "the API wants a User-Agent")
        if request.header("X-GitHub-Api-Version") != API_VERSION:
            self.complaints.append("no X-GitHub-Api-Version")
        if "application/vnd.github+json" not in request.header("Accept"):
            self.complaints.append(f"Accept is {request.header('Accept')!r}")
        kind, _, token = request.header("Authorization").partition(" ")
        if kind != "Bearer" or token not in self.tokens:
            raise Refusal(401, "Bad credentials", "API call without a good token")
        number, scopes = self.tokens[token]
        if scope and scope not in scopes:
            raise Refusal(403, "Forbidden", f"{request.path} without the scope {scope}")
        return self.persons[number]

    def user(self, request):
        person = self._caller(request)
        return json_reply({"id": person.number, "login": person.login, "type": person.kind,
                           "name": person.login.title(), "email": None})

    def _count_public(self, request):
        """What needs no token: 60 an hour from an address, more for an app that says who it is."""
        if not request.header("User-Agent"):
            raise Refusal(403, "no User-Agent", "the API wants a User-Agent")
        if self.client_secret:
            pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
            if request.header("Authorization") != "Basic " + pair:
                raise Refusal(401, "Bad credentials", "a public call by another client")
        self.public_calls.append(request.path[len(self.api):])
        if self.public_left is None:
            return None
        self.public_left -= 1
        if self.public_left >= 0:
            return None
        reply = json_reply({"message": "API rate limit exceeded"}, 403)
        reply.headers["X-RateLimit-Remaining"] = "0"
        return reply

    def account(self, request):
        """GET /user/ID"""
        reply = self._count_public(request)
        number = request.path.rpartition("/")[2]
        person = self.persons.get(int(number)) if number.isdigit() else None
        if reply:
            return reply
        if not person:
            return json_reply({"message": "Not Found"}, 404)
        return json_reply({"id": person.number, "login": person.login, "type": person.kind})

    def ssh_keys(self, request):
        """GET /users/NAME/keys: of whoever has the name now."""
        reply = self._count_public(request)
        parts = request.path[len(self.api):].split("/")
        if reply:
            return reply
        for person in self.persons.values():
            if len(parts) == 4 and parts[3] == "keys" and parts[2] == person.login:
                return self._page(request, [{"id": number, "key": key}
                                            for number, key in enumerate(person.keys, 1)])
        return json_reply({"message": "Not Found"}, 404)

    def emails(self, request):
        return self._page(request, [
            {"email": mail, "verified": verified, "primary": number == 0, "visibility": None}
            for number, (mail, verified) in enumerate(
                self._caller(request, "user:email").emails)])

    def teams(self, request):
        """Of all organisations; those of one that wants its own sign-in first are left out."""
        teams = self._caller(request, "read:org").teams
        return self._page(request, [self._team(*team) for team in teams
                                    if team[2] not in self.sign_in_first])

    def _team(self, number, slug, org_id, org):
        """As long as the real one."""
        url = f"{self.url}{self.api}/organizations/{org_id}/team/{number}"
        address = f"{self.url}{self.api}/orgs/{org}"
        return {"id": number, "node_id": f"T_{number}", "slug": slug, "name": slug,
                "description": "Whatever somebody wrote about it. " * 8, "privacy": "closed",
                "notification_setting": "notifications_enabled", "permission": "pull",
                "url": url, "html_url": f"{self.url}/orgs/{org}/teams/{slug}",
                "members_url": url + "/members{/member}", "repositories_url": url + "/repos",
                "parent": None, "members_count": 3, "repos_count": 10,
                "created_at": "2024-07-14T16:53:42Z", "updated_at": "2025-08-17T12:37:15Z",
                "organization": {
                    "login": org, "id": org_id, "node_id": f"O_{org_id}", "url": address,
                    "repos_url": address + "/repos", "events_url": address + "/events",
                    "hooks_url": address + "/hooks", "issues_url": address + "/issues",
                    "members_url": address + "/members{/member}", "type": "Organization",
                    "public_members_url": address + "/public_members{/member}",
                    "avatar_url": f"{self.url}/images/{org_id}.gif", "description": org,
                    "company": org, "blog": self.url, "email": "office@example.org",
                    "plan": {"name": "Medium", "space": 400, "private_repos": 20}}}

    def _page(self, request, rows):
        size = min(int(request.query.get("per_page", 30)), self.page_size)
        page = int(request.query.get("page", 1))
        reply = json_reply(rows[(page - 1) * size:page * size])
        if len(rows) > page * size:
            link = f"{self.url}{request.path}?per_page={size}&page={page + 1}"
            reply.headers["Link"] = f'<{link}>; rel="next"'
        return reply

    def membership(self, request, name):
        person = self._caller(request, "read:org")
        if person.orgs.get(name, (0, ""))[0] in self.sign_in_first:
            reply = json_reply({"message": "Resource protected by organization SAML enforcement. "
                                           "You must grant your OAuth token access to this "
                                           "organization."}, 403)
            reply.headers["X-GitHub-SSO"] = f"required; url={self.url}/orgs/{name}/sso"
            return reply
        if name not in person.orgs:
            return json_reply({"message": "Not Found"}, 404)
        number, state = person.orgs[name]
        return json_reply({"state": state, "role": "member",
                           "organization": {"login": name, "id": number},
                           "user": {"login": person.login, "id": person.number}})

    def team_membership(self, request):
        person = self._caller(request, "read:org")
        # "", orgs, ORG, teams, SLUG, memberships, LOGIN
        parts = request.path[len(self.api):].split("/")
        if len(parts) != 7 or parts[3] != "teams" or parts[5] != "memberships":
            return Reply(404)
        wanted = (parts[4], parts[2])
        if parts[6] != person.login or wanted not in [(t[1], t[3]) for t in person.teams]:
            return json_reply({"message": "Not Found"}, 404)
        return json_reply({"state": "active", "role": "member"})
