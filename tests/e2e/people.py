# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person does at a login: read the question, type, scan the code, look for the shell."""

import re

GATE = r"type y to show the code, or q to quit: "
CODE_PROMPT = r"Press Enter when approved[^\n]*: "
MENU = r"Type a number from 1 to \d, or q to quit: "
PASSWORD_PROMPT = r"[Pp]assword[^\n]*: "
RENEW = r"Press Enter for a new one: "
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

