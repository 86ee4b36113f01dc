# SPDX-License-Identifier: GPL-3.0-or-later
"""Very many logins at once on jauthd's own socket, as no sshd could hold them."""

import collections
import contextlib
import selectors
import time

from bus import Bus, BusError

AT_ONCE = 300
QUIET_S = 60


class Attempt:
    """Somebody from a source, who gives these answers one after the other, then leaves."""

    def __init__(self, user, source, *answers):
        self.user = user
        self.source = source
        self.answers = list(answers)
        self.login = None
        self.asked_at = []
        self.outcome = None

    def begin(self, bus, service):
        self.login = bus.begin(self.user, service=service, rhost=self.source)

    def turn(self):
        """Takes one step; False when this attempt is over."""
        step = self.login.step()
        if step is None:
            self.outcome = "gone"
        elif step.state == "ask":
            self.asked_at.append(time.monotonic())
            self._answer()
        elif step.state != "wait":
            self.outcome = step.state
        return self.outcome is None

    def _answer(self):
        if self.answers:
            self.login.answer(self.answers.pop(0))
        else:
            self.outcome = "left"


class Swarm:
    """Counts in `outcomes` how attempts ended: an outcome's word, "left" (out of answers), "gone"
    (jauthd went), or "refused" (Begin)."""

    def __init__(self, service="sshd", at_once=AT_ONCE):
        self.service = service
        self.at_once = at_once
        self.outcomes = collections.Counter()
        self.selector = selectors.DefaultSelector()

    def run(self, attempts, every=0, pause=None):
        """All of them, so many at once. After `every` begun ones `pause` is called with their
        number."""
        waiting = collections.deque(attempts)
        with Bus() as bus:
            while waiting or self.selector.get_map():
                while waiting and len(self.selector.get_map()) < self.at_once:
                    self._begin(bus, waiting.popleft())
                    n_begun = len(attempts) - len(waiting)
                    if pause and waiting and n_begun % every == 0:
                        pause(n_begun)
                self._turns()
        return attempts

    @contextlib.contextmanager
    def hold(self, attempts):
        """They stand where their answers took them while the with statement lasts."""
        with Bus() as bus, contextlib.ExitStack() as stack:
            for attempt in attempts:
                attempt.begin(bus, self.service)
                stack.callback(attempt.login.close)
            for attempt in attempts:
                while attempt.answers and attempt.turn():
                    pass
            yield

    def _begin(self, bus, attempt):
        try:
            attempt.begin(bus, self.service)
        except BusError:
            self._count(attempt, "refused")
            return
        self.selector.register(attempt.login.socket, selectors.EVENT_READ, attempt)
        self._turns(0)

    def _turns(self, timeout=QUIET_S):
        if not self.selector.get_map():
            return
        ready = self.selector.select(timeout)
        if not ready and timeout:
            raise TimeoutError(f"no step in {timeout} s")
        for key, _ in ready:
            attempt = key.data
            if not attempt.turn():
                self.selector.unregister(key.fileobj)
                attempt.login.close()
                self._count(attempt, attempt.outcome)

    def _count(self, attempt, outcome):
        attempt.outcome = outcome
        self.outcomes[outcome] += 1
