# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives tests/e2e/pamclient, a program that uses PAM."""

import os
import pathlib
import re
import subprocess
import time
import urllib.parse

BUILD = pathlib.Path(os.environ["JAUTH_BUILD"])
PROGRAM = BUILD / "tests/e2e/pamclient"

CODES = {"PAM_SUCCESS": 0, "PAM_SERVICE_ERR": 3, "PAM_SYSTEM_ERR": 4, "PAM_PERM_DENIED": 6,
         "PAM_AUTH_ERR": 7, "PAM_AUTHINFO_UNAVAIL": 9, "PAM_USER_UNKNOWN": 10,
         "PAM_MAXTRIES": 11, "PAM_NEW_AUTHTOK_REQD": 12, "PAM_ACCT_EXPIRED": 13,
         "PAM_CONV_ERR": 19, "PAM_AUTHTOK_ERR": 20, "PAM_IGNORE": 25, "PAM_ABORT": 26}
NAMES = {code: name for name, code in CODES.items()}


def answer(text):
    """A line for the client: text or bytes, everything unusual as %XX."""
    return "answer " + urllib.parse.quote(text, safe=" ")


class Result:
    def __init__(self, output, seconds, status):
        self.seconds = seconds
        self.status = status
        self.lines = [tuple(urllib.parse.unquote(part) for part in line.split(" ", 1))
                      for line in output.splitlines()]
        self.codes = {phase: NAMES.get(int(code), code) for phase, code
                      in re.findall(r"^result (\S+) (\d+)$", output, re.MULTILINE)}

    def texts(self, word):
        return [text for first, text in self.lines if first == word]

    def code(self):
        """Of the only, or else the last, phase."""
        return list(self.codes.values())[-1]


class Client:
    """A client that runs while the test does other things."""

    def __init__(self, user, actions, answers=(), service="jauth-test", before=(), **options):
        argv = [*before, str(PROGRAM), service, user, *actions]
        self.began = time.monotonic()
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, **options)
        self.answers = "".join(line + "\n" for line in answers)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def finish(self, timeout=60):
        out, err = self.process.communicate(self.answers, timeout=timeout)
        result = Result(out, time.monotonic() - self.began, self.process.returncode)
        assert self.process.returncode == 0, f"status {self.process.returncode}: {err}\n{out}"
        result.stderr = err
        return result


def pam(user, *actions, answers=(), **options):
    """Runs the actions with these answers to the prompts, after which stdin ends."""
    with Client(user, actions, answers, **options) as client:
        return client.finish()
