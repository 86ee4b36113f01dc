# SPDX-License-Identifier: GPL-3.0-or-later
"""Device codes as RFC 8628 has them: one use, a polling interval that is enforced."""

import secrets
import time

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"       # RFC 8628, 6.1: no vowels, so no words

PENDING, APPROVED, DENIED, USED = "pending", "approved", "denied", "used"


def make_user_code():
    half = ["".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(2)]
    return "-".join(half)


class Grant:
    """One device code and what became of it."""

    def __init__(self, client_id, scope, expires_in, interval, device_code=None):
        self.client_id = client_id
        self.scope = scope
        self.device_code = device_code or secrets.token_urlsafe(32)
        self.user_code = make_user_code()
        self.interval = interval
        self.created = time.monotonic()
        self.expires = self.created + expires_in
        self.state = PENDING
        self.person = None
        self.auth_time = None           # None: when the token is made
        self.polls = []                 # times
        self.n_slow_downs = 0

    def is_open(self):
        return self.state == PENDING and time.monotonic() < self.expires

    def poll(self):
        """The error word for a poll now, or None when the token may be given."""
        now = time.monotonic()
        last = self.polls[-1] if self.polls else None
        self.polls.append(now)
        if self.state == USED:
            return "invalid_grant"
        if now >= self.expires:
            return "expired_token"
        # A tenth of a second is left to clocks and the network.
        if last is not None and now - last < self.interval - 0.1:
            self.interval += 5
            self.n_slow_downs += 1
            return "slow_down"
        return {PENDING: "authorization_pending", DENIED: "access_denied"}.get(self.state)


class Grants:
    def __init__(self):
        self.all = []

    def add(self, grant):
        self.all.append(grant)
        return grant

    def by_user_code(self, code):
        return next((g for g in self.all if g.user_code == code), None)

    def by_device_code(self, code):
        return next((g for g in self.all
                     if secrets.compare_digest(g.device_code.encode(), code.encode())), None)

    def open(self):
        return [grant for grant in self.all if grant.is_open()]

