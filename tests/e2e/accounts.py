# SPDX-License-Identifier: GPL-3.0-or-later
"""People at WeCom who are nobody on this machine yet, and become somebody: their logins over the
bus, what the store and the user database then say, and a jauthd that dies where it is told to."""

import collections
import contextlib
import sqlite3

from bus import Bus
from house import DATABASE
from killed import Countdown
from linked import approve_wecom

USERDB = "/var/lib/jauth-userdb"

Attempt = collections.namedtuple("Attempt", "state told text request")


def rows(sql, *values):
    """Of jauthd's store, as dicts."""
    with contextlib.closing(sqlite3.connect(f"file:{DATABASE}/jauth.db?mode=ro", uri=True)) as file:
        file.row_factory = sqlite3.Row
        return [dict(row) for row in file.execute(sql, values)]


def person(name):
    """The row of who has this name, or None."""
    found = rows("SELECT * FROM people WHERE name = ? AND state <> 2", name)
    assert len(found) < 2
    return found[0] if found else None


def n_people():
    return rows("SELECT count(*) AS n FROM people")[0]["n"]


class Office:
    """The vendor, the relay and the machine between them."""

    def __init__(self, house, relay, vendor):
        self.house, self.relay, self.vendor = house, relay, vendor

    def begin(self, bus, user, service="corp", **facts):
        return bus.begin(user, service=service, **facts)

    def approve(self, user, member=None, method="wecom"):
        """The visit of whoever scanned; his result is to be waited for. A name that cannot be
        shown as it is is that of the newest link."""
        return approve_wecom(self.relay, self.vendor, user if user.isprintable() else None,
                             (member or user).lower(), method)

    def log_in(self, user, member=None, method="wecom", answer=None, **facts):
        """One whole login by `member`, who types the digits that his telephone shows."""
        with Bus() as bus, self.begin(bus, user, **facts) as login:
            login.next_ask()
            visit = self.approve(user, member, method)
            told = visit.result()
            if told["result"] == "digits":
                login.answer(answer or told["digits"])
            step = login.step()
            while step.state in ("ask", "wait"):
                step = login.step()
            if told["result"] == "digits":
                told = visit.result("granted", "denied", "over", "failed")
            return Attempt(step.state, told["result"], step.text(),
                           dict(step.items)["request"]["id"])

    def register(self, userid, **member):
        """Somebody new, who is let in from now on."""
        self.vendor.add_member(userid, **member)
        attempt = self.log_in(userid)
        assert (attempt.state, attempt.told) == ("enough", "registered"), attempt
        return person(userid)

    def account(self, user, request=None, service="corp"):
        """The outcome of the account phase, as for an SSH key when there was no login before."""
        with Bus() as bus, bus.begin(user, service=service, phase="account",
                                     request=request) as login:
            return login.outcome()

    def reason(self, attempt):
        return self.house.audit(request=attempt.request)[-1]["reason"]


class Killer(Countdown):
    """Holds for every start of jauthd from now on, until release()."""

    def __init__(self, house):
        super().__init__(house.folder)
        self.service = house.jauthd
        self.argv = self.service.argv
        env = [f"{name}={value}" for name, value in self.env.items()]
        self.service.argv = ["env", *env, *self.argv]
        self.service.restart()

    def release(self):
        self.service.argv = self.argv
        self.close()
        self.service.restart()
