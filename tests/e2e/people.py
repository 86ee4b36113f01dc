# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person does at a login: read the question, type, scan the code, look for the shell."""

import base64
import hmac
import re
import struct
import urllib.parse

from screen import read_qr

GATE = r"type y to show the code, or q to quit: "
CODE_PROMPT = r"Press Enter when approved[^\n]*: "
MENU = r"Type a number from 1 to \d, or q to quit: "
PASSWORD_PROMPT = r"[Pp]assword[^\n]*: "
RENEW = r"Press Enter for a new one: "
RECOVERY_CODE = re.compile(r"\b[A-Z2-7]{4}-[A-Z2-7]{4}(?:-[A-Z2-7]{4})*\b")
REFUSED = r"(denied|not let in|Permission|refused|closed|incorrect|failure|sorry)"

USER_CODE = re.compile(r"user_code=([A-Z]{4}-[A-Z]{4})$")


def open_code(terminal, timeout=20):
    """Answers the gate question and scans what appears; the link in the code."""
    terminal.wait_for(GATE, timeout)
    terminal.send_line("y")
    return scan(terminal, timeout)


def scan(terminal, timeout=20):
    terminal.wait_for(CODE_PROMPT, timeout)
    link = terminal.read_qr()
    assert link, "no code can be read from this screen:\n" + terminal.text()
    return link


def code_in(link):
    return USER_CODE.search(link).group(1)


def expect_shell(terminal, user, timeout=20):
    """A shell of this user answers; then it is left."""
    terminal.wait_for(r"[$#] ", timeout)
    terminal.send_line("echo I-am-$(id -un)")
    terminal.wait_for(f"I-am-{re.escape(user)}\\b", timeout)
    terminal.send_line("exit")
    terminal.wait_end(timeout)


def expect_no_shell(terminal, user, timeout=30):
    """The client ends without having run anything as this user."""
    try:
        status = terminal.wait_end(timeout)
    except TimeoutError as error:
        raise AssertionError("neither let in nor refused:\n" + terminal.seen[-2000:]) from error
    assert status != 0, "ended with success:\n" + terminal.seen[-2000:]
    assert "I-am-" + user not in terminal.seen


def type_password(terminal, password, timeout=20):
    terminal.wait_for(PASSWORD_PROMPT, timeout)
    terminal.send_line(password)



# --- a code of an authenticator app ---

TOTP_PROMPT = r"Code of your authenticator app[^\n]*: "
ALL_GLYPHS = 7                          # half blocks, full blocks, UTF-8


class Key:
    """What the app keeps: RFC 6238, written from the RFC."""

    def __init__(self, secret, digest="sha1", digits=6, period=30):
        self.secret, self.digest, self.digits, self.period = secret, digest, digits, period
        self.shown = None               # the code that confirmed the enrolment
        self.recovery = []

    @classmethod
    def scan(cls, uri):
        """Of a "Key URI", as the QR code of the enrolment holds."""
        parts = urllib.parse.urlsplit(uri)
        assert (parts.scheme, parts.netloc) == ("otpauth", "totp"), uri
        values = dict(urllib.parse.parse_qsl(parts.query, strict_parsing=True))
        text = values["secret"]
        return cls(base64.b32decode(text + "=" * (-len(text) % 8)),
                   values.get("algorithm", "SHA1").lower(), int(values.get("digits", "6")),
                   int(values.get("period", "30")))

    def code(self, when):
        counter = struct.pack(">Q", int(when) // self.period)
        tag = hmac.digest(self.secret, counter, self.digest)
        start = tag[-1] & 15
        number = int.from_bytes(tag[start:start + 4], "big") & 0x7FFFFFFF
        return f"{number % 10 ** self.digits:0{self.digits}d}"


def enrol_totp(house, user, now, method="app"):
    """What the user does at the sysadmin's terminal: scans, types, writes down."""
    with house.bus_login(user, service="jauthctl", phase="enrol", method=method, rhost=None,
                         caller_uid=0, surface="terminal", glyphs=ALL_GLYPHS, rows=50,
                         columns=80) as login:
        key = Key.scan(read_qr(login.step().text(), rows=50))
        key.shown = key.code(now())
        login.answer(key.shown)
        key.recovery = RECOVERY_CODE.findall(login.step().text())
        login.answer("")
        assert login.outcome() == "granted"
    return key


def plain_screen(terminal, name):
    """What everybody may read, without what differs for each: his name and the request id."""
    return re.sub(r"[0-9a-f]{16}", "ID", terminal.seen.replace(name, "NAME"))


def as_user(name, *argv):
    return ["setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups", *argv]


# --- a code by SMS ---

SMS_GATE = r"type y to send a code(?:, or q to quit)?: "
SMS_PROMPT = r"Enter code[^\n]*: "


def reference(terminal):
    """Of the message that the screen speaks of: the two characters that stand in it, too."""
    return re.findall(r"\(ref ([A-Z0-9]{2})\)", terminal.seen)[-1]
