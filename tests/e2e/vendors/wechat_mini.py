# SPDX-License-Identifier: GPL-3.0-or-later
"""What mini programs have besides: URL links. A part of vendors/wechat.py.

    links = vendor.add_part(MiniPrograms(vendor))
    links.pages[app.app_id] = {"pages/login/index"}     of its released version
    links.is_released, is_personal, per_day             how the vendor sees all of them
    app, page = links.opened(url)           where such a link leads; fails when it is dead
    links.made                              the links, in their order"""

import json
import re
import secrets
import time

from vendors.errcode import Errcode
from vendors.server import Refusal
from vendors.wechat import PROGRAM

CALL = "wxa/generate_urllink"
DAY_S = 86400
DAYS_MAX = 30
PER_DAY = 500000
QUERY = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~%]{0,1024}")

# member → its type
MEMBERS = {"path": str, "query": str, "expire_type": int, "expire_time": int,
           "expire_interval": int, "env_version": str}


class MiniPrograms:
    def __init__(self, vendor):
        self.vendor = vendor
        self.pages = {}
        self.links = {}                 # ticket → (app, page, until)
        self.made = []
        self.reset()

    def routes(self):
        return {("POST", "/wxa/generate_urllink"): (CALL, self.generate)}

    def reset(self):
        self.is_released = True
        self.is_personal = False
        self.per_day = PER_DAY
        self.today = 0

    def generate(self, request):
        app = self.vendor.app_call(request, CALL)["app"]
        given = self._body(request)
        if app.kind != PROGRAM or self.is_personal:
            raise Errcode(48001)
        if not self.is_released:
            raise Errcode(85079)
        page = given.get("path", "").removeprefix("/")
        if page not in self.pages.get(app.app_id, ()):
            raise Errcode(40165)
        if not QUERY.fullmatch(given.get("query", "")):
            raise Errcode(40212)
        until = self._until(given)
        self.today += 1
        if self.today > self.per_day:
            raise Errcode(44993)
        ticket = secrets.token_hex(6)
        self.links[ticket] = (app, page, until)
        self.made.append(f"https://wxaurl.cn/{ticket}")
        return self.vendor.ok(request, {"errcode": 0, "errmsg": "ok", "url_link": self.made[-1]})

    @staticmethod
    def _body(request):
        if request.content_type != "application/json":
            raise Refusal(400, "type", f"{CALL}: a body of {request.content_type!r}")
        given = json.loads(request.body)
        for name, value in given.items():
            if name not in MEMBERS or type(value) is not MEMBERS[name]:
                raise Refusal(400, "body", f"{CALL}: {name} is {value!r}")
        if given.get("env_version", "release") not in ("release", "trial", "develop"):
            raise Refusal(400, "body", f"{CALL}: env_version is {given['env_version']}")
        return given

    @staticmethod
    def _until(given):
        """Unix seconds; days or a time, as the type says, and no other type."""
        now = time.time()
        if given.get("expire_type") == 1 and "expire_interval" in given:
            until = now + given["expire_interval"] * DAY_S
        elif given.get("expire_type") == 0 and "expire_time" in given:
            until = given["expire_time"]
        else:
            raise Errcode(85401, f"{CALL}: no end of the link")
        if not now < until <= now + DAYS_MAX * DAY_S:
            raise Errcode(85401)
        return until

    def opened(self, url):
        address, _, query = url.partition("?")
        app, page, until = self.links[address.removeprefix("https://wxaurl.cn/")]
        assert time.time() < until, "the link is dead"
        assert re.fullmatch(r"cq=[0-9A-Za-z_\-.~%]{1,256}", query), query
        return app, page
