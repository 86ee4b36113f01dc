# SPDX-License-Identifier: GPL-3.0-or-later
"""Vendors whose API says yes and no with a number `errcode` under HTTP 200 (WeCom, WeChat, ...): a
part of their classes.

    vendor.fail("user/get", 60020, times=2) the next answers of a call ("*": of any)
    vendor.fail(call, -1, late=True)        the same, but what was asked has been done
    vendor.calls[call]                      when it was asked, within the last minute"""

import collections
import contextlib
import json
import os
import shutil
import time

from vendors.server import Reply, Server, json_reply


class Errcode(Exception):
    """What the vendor answers with HTTP 200, and maybe a complaint."""

    def __init__(self, code, complaint=None, **members):
        super().__init__(code)
        self.code = code
        self.complaint = complaint
        self.members = members


class ErrcodeServer(Server):
    back_off_s = {}                     # errcode → for so long nobody may ask again

    def error_text(self, request, code):
        """The errmsg."""
        raise NotImplementedError

    def reset_errcodes(self):
        self.failing = collections.defaultdict(list)     # call → (errcode, late) to come
        self.calls = collections.defaultdict(list)       # call → times
        self.blocked = {}                                # call → (until when, errcode)

    def fail(self, call, code, times=1, late=False):
        with self.lock:
            self.failing[call] += [(code, late)] * times

    def secret_file(self, name, text):
        """A file that jauthd may read and nobody else."""
        path = os.path.join(self.folder, f"{name}-{self.port}")
        with open(path, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text + "\n")
        with contextlib.suppress(LookupError, PermissionError):
            shutil.chown(path, "jauth")
        return path

    # --- answers ---

    def _answer(self, function, request):
        try:
            return super()._answer(function, request)
        except Errcode as error:
            if error.complaint:
                self.complaints.append(error.complaint)
            return self.error_reply(request, error)

    def error_reply(self, request, error):
        return json_reply({"errcode": error.code, "errmsg": self.error_text(request, error.code),
                           **error.members})

    def block(self, call, code):
        """Answers with this errcode, and from now on, where it asks to be left alone."""
        if code in self.back_off_s:
            self.blocked[call] = (time.monotonic() + self.back_off_s[code], code)
        raise Errcode(code)

    def count(self, call):
        """Every call does, at first: the errors that a test asked for."""
        now = time.monotonic()
        until, code = self.blocked.get(call, (0, 0))
        if now < until:
            raise Errcode(code, f"{call}: asked again while it is blocked")
        self.calls[call] = [at for at in self.calls[call] if at > now - 60] + [now]
        for name in (call, "*"):
            if self.failing[name] and not self.failing[name][0][1]:
                self.block(call, self.failing[name].pop(0)[0])

    def late_failure(self, call):
        """The same behind what was asked for."""
        for name in (call, "*"):
            if self.failing[name] and self.failing[name][0][1]:
                raise Errcode(self.failing[name].pop(0)[0])

    # --- faults ---

    def _send_fault(self, handler, fault):
        own = {"html": self._fault_html, "plain": self._fault_plain}
        if fault.kind not in own:
            return super()._send_fault(handler, fault)
        return own[fault.kind](handler, **fault.details)

    def _fault_html(self, handler):
        self._send(handler, Reply(200, "<html>maintenance</html>", "text/html"))
        return True

    def _fault_plain(self, handler, value=None):
        """JSON, but called text."""
        self._send(handler, Reply(200, json.dumps(value), "text/plain"))
        return True
