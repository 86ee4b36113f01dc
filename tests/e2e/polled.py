# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins by the code of a vendor's page for browsers: the terminal shows it, and jauthd polls for
it.

`pages` is where the code is scanned: wait_for_scan(), link_of(), scan(), agree(), and `scans`,
whose `told` is what the last poll brought. `who` is (Unix user, the person at the vendor)."""

import time

from house import wait_until
from people import CODE_PROMPT, GATE, RENEW, expect_no_shell, expect_shell, open_code


def scan(house, pages, user):
    """A terminal with the code, and the key in it."""
    ssh = house.sshd().login(user, NumberOfPasswordPrompts=1, rows=24)
    link = open_code(ssh)
    key = pages.wait_for_scan(len(pages.scans))
    assert link == pages.link_of(key)
    return ssh, key


def approve(ssh, pages, key, person):
    """Scanned and agreed, and a key is pressed on the terminal."""
    pages.scan(key, person)
    pages.agree(key)
    ssh.send_line()


def attempt(house, pages, user, person):
    ssh, key = scan(house, pages, user)
    approve(ssh, pages, key, person)
    return ssh


def refused(house, pages, user, person):
    with attempt(house, pages, user, person) as ssh:
        expect_no_shell(ssh, user)


def let_in(house, pages, user, person):
    with attempt(house, pages, user, person) as ssh:
        expect_shell(ssh, user)


def refused_after(house, pages, user, act):
    """`act` is done with the key of the code on the screen."""
    ssh, key = scan(house, pages, user)
    with ssh:
        act(key)
        ssh.send_line()
        expect_no_shell(ssh, user)


def ends_at_once(house, user):
    """There is no code to scan; why, for the sysadmin."""
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(GATE)
        ssh.send_line("y")
        expect_no_shell(ssh, user)
    return house.audit(user)[-1]["reason"]


# --- what each of these pages can do ---

def let_in_after_a_while(house, pages, who, is_scanned):
    """Scanned now, agreed when a poll has brought that. `is_scanned`: of what polls bring."""
    user, person = who
    ssh, key = scan(house, pages, user)
    with ssh:
        pages.scan(key, person)
        wait_until(lambda: is_scanned(pages.scans[key].told), 10, "a poll that saw it")
        pages.agree(key)
        ssh.send_line()
        expect_shell(ssh, user)


def let_in_after_polls(house, pages, who, n_polls):
    """`n_polls` counts those that the vendor got."""
    user, person = who
    pages.hold_s = 0.3
    ssh, key = scan(house, pages, user)
    with ssh:
        wait_until(lambda: n_polls() > 3, 20, "some polls")
        approve(ssh, pages, key, person)
        expect_shell(ssh, user)


def let_in_by_a_new_code(house, pages, who, expire):
    """`expire` is done with the key of the first one."""
    user, person = who
    ssh, key = scan(house, pages, user)
    with ssh:
        expire(key)
        ssh.send_line()
        ssh.wait_for(RENEW)
        ssh.send_line()
        ssh.wait_for(CODE_PROMPT)
        approve(ssh, pages, pages.wait_for_scan(2), person)
        expect_shell(ssh, user)


def no_polls_behind(house, pages, user, n_polls):
    """Who leaves is not polled for any more."""
    pages.hold_s = 0.3
    ssh, _ = scan(house, pages, user)
    with ssh:
        wait_until(lambda: n_polls() > 1, 20, "some polls")
    wait_until(lambda: not house.waiting(), what="the login to be over")
    time.sleep(1)                       # one may be on its way
    before = n_polls()
    time.sleep(3)
    assert n_polls() == before
