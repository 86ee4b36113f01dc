# SPDX-License-Identifier: GPL-3.0-or-later
"""A third party's OpenID provider: Debian's glewlwyd, with an SQLite file, https, an issuer that
has a path, the device flow and the code flow. Set up and driven by its own HTTP API."""

import base64
import http.cookiejar
import json
import pathlib
import ssl
import urllib.error
import urllib.parse
import urllib.request

from cryptography.hazmat.primitives import serialization

from house import wait_until
from ports import free_port
from service import Service, run
from vendors.forge import Key

SCHEMA = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"
ADMIN_PASSWORD = "password"             # what glewlwyd's schema comes with
PLUGIN = "oidc"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

CONFIG = """
port={port}
bind_address="127.0.0.1"
external_url="{url}"
login_url="login.html"
api_prefix="api"
static_files_path="/usr/share/glewlwyd/webapp/"
log_mode="console"
log_level="WARNING"
cookie_domain="{host}"
cookie_secure=1
session_expiration=3600
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
user_middleware_module_path="/usr/lib/glewlwyd/user_middleware"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
use_secure_connection=true
secure_connection_key_file="{key}"
secure_connection_pem_file="{certificate}"
hash_algorithm="SHA512"
database =
{{
  type = "sqlite3"
  path = "{database}"
}};
"""


class Session:
    """A person's browser: JSON requests that keep their cookies and follow no redirect."""

    def __init__(self, url, ca):
        class NoRedirect(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None

        self.url = url
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca)),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), NoRedirect())

    def call(self, method, path, value=None):
        """(status, headers, body); no status is an exception."""
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Content-Type": "application/json"},
            data=None if value is None else json.dumps(value).encode())
        try:
            with self.opener.open(request, timeout=20) as reply:
                return reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def must(self, method, path, value=None):
        status, _, body = self.call(method, path, value)
        if status != 200:
            raise RuntimeError(f"glewlwyd: {method} {path} gives {status}: {body!r}")
        return body

    def log_in(self, name, password):
        self.must("POST", "/api/auth", {"username": name, "password": password})
        return self


class Glewlwyd:
    """Running from start() to stop(). People have the scope openid and a password."""

    def __init__(self, folder, authority, host="op.example.org", interval=1, redirect_uris=()):
        self.folder = pathlib.Path(folder)
        self.authority = authority
        self.host = host
        self.interval = interval
        self.port = free_port()
        self.url = f"https://{host}:{self.port}"
        self.issuer = f"{self.url}/api/{PLUGIN}"
        self.client_id = "jauth"
        self.redirect_uris = list(redirect_uris)        # of the code flow
        self.service = None
        self.admin = None

    def start(self):
        database = self.folder / "glewlwyd.db"
        with open(SCHEMA, encoding="utf-8") as schema:
            run(["sqlite3", str(database)], stdin=schema)
        certificate, key = self.authority.issue("glewlwyd", [self.host])
        config = self.folder / "glewlwyd.conf"
        config.write_text(CONFIG.format(port=self.port, url=self.url, host=self.host, key=key,
                                        certificate=certificate, database=database))
        self.service = Service("glewlwyd", ["glewlwyd", "--config-file=" + str(config)],
                               str(self.folder), notify=False)
        self.service.start()
        self.admin = wait_until(self._admin_session, 20, "glewlwyd's start")
        self._add_plugin()
        self._add_client()
        return self

    def stop(self):
        self.service.stop()

    def _session(self):
        return Session(self.url, self.authority.ca_path)

    def _admin_session(self):
        try:
            return self._session().log_in("admin", ADMIN_PASSWORD)
        except OSError:
            return None

    def _add_plugin(self):
        key = Key("glewlwyd")
        pem = key.private.private_bytes(serialization.Encoding.PEM,
                                        serialization.PrivateFormat.PKCS8,
                                        serialization.NoEncryption())
        self.admin.must("POST", "/api/mod/plugin/", {
            "module": "oidc", "name": PLUGIN, "display_name": "OpenID Connect", "enabled": True,
            "parameters": {
                "iss": self.issuer, "jwt-type": "rsa", "jwt-key-size": "256",
                "key": pem.decode(), "cert": key.public_pem().decode(),
                "code-duration": 600, "refresh-token-duration": 1209600,
                "access-token-duration": 3600, "allow-non-oidc": False,
                "auth-type-code-enabled": True, "auth-type-token-enabled": False,
                "auth-type-id-token-enabled": True, "auth-type-password-enabled": False,
                "auth-type-client-enabled": False, "auth-type-refresh-enabled": False,
                "pkce-allowed": True, "pkce-method-plain-allowed": False,
                "auth-type-device-enabled": True, "device-authorization-expiration": 300,
                "device-authorization-interval": self.interval,
                "allowed-scope": ["openid"], "jwks-show": True, "subject-type": "public",
            }})

    def _add_client(self):
        self.admin.must("POST", "/api/client/", {
            "client_id": self.client_id, "name": "jauth", "confidential": False,
            "authorization_type": ["device_authorization"] + ["code"] * bool(self.redirect_uris),
            "redirect_uri": self.redirect_uris,
            "token_endpoint_auth_method": ["none"], "scope": ["openid"], "enabled": True})

    def add_person(self, name, password):
        self.admin.must("POST", "/api/user/", {
            "username": name, "password": password, "email": f"{name}@example.org",
            "enabled": True, "scope": ["openid", "g_profile"]})

    def learn_sub(self, name, password):
        """The subject that glewlwyd makes up for a person at the first login, which this is."""
        code = self._post("device_authorization", scope="openid")
        self.approve(code["verification_uri_complete"], name, password)
        reply = self._post("token", grant_type=DEVICE_GRANT, device_code=code["device_code"])
        payload = reply["id_token"].split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "==="))["sub"]

    def _post(self, path, **form):
        body = urllib.parse.urlencode({"client_id": self.client_id, **form}).encode()
        opener = self._session().opener
        with opener.open(f"{self.issuer}/{path}", body, timeout=20) as reply:
            return json.load(reply)

    def _allowing(self, name, password):
        person = self._session().log_in(name, password)
        person.must("PUT", f"/api/auth/grant/{self.client_id}", {"scope": "openid"})
        return person

    def authorize(self, url, name, password):
        """What a person does who was sent here by the code flow; where the browser goes back to."""
        person = self._allowing(name, password)
        status, headers, body = person.call("GET", url[len(self.url):] + "&g_continue")
        where = headers.get("Location", "")
        if status != 302 or not where.startswith(tuple(self.redirect_uris)):
            raise RuntimeError(f"glewlwyd does not send back: {status} {where} {body!r}")
        return where

    def approve(self, link, name, password):
        """What a person does with the link: logs in, allows the client, confirms the code."""
        person = self._allowing(name, password)
        path = link[len(self.url):] + "&g_continue"
        status, headers, _ = person.call("GET", path)
        where = headers.get("Location", "")
        if status != 302 or "deviceComplete" not in where:
            raise RuntimeError(f"glewlwyd did not take the code: {status} {where}")
