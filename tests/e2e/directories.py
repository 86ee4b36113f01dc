# SPDX-License-Identifier: GPL-3.0-or-later
"""Organisations whose members become users: the configuration, syncs, and what the store has."""

import json
import sqlite3
import subprocess

import configs
from house import DATABASE, wait_until

DONE, NO, USAGE, NOT_REACHED, REFUSED = range(5)


def directory_section(vendor, kind="wecom", name="corp", **more):
    return configs.section(f"directory {name}", {"type": kind, "sync_every": "0",
                                                 **vendor.keys(), **more})


def ctl(*words, timeout=120):
    done = subprocess.run(["jauthctl", "directory", *words], text=True, timeout=timeout,
                          capture_output=True, stdin=subprocess.DEVNULL, start_new_session=True,
                          check=False, env={"PATH": "/usr/sbin:/usr/bin", "LANG": "C.UTF-8"})
    return done.returncode, done.stdout, done.stderr


class Sync:
    """What one sync said."""

    def __init__(self, *words, name="corp"):
        self.code, out, self.complaints = ctl("sync", name, "--json", *words)
        told = json.loads(out) if out else {}
        self.status = told.get("sync", {})
        self.changes = told.get("changes", [])
        self.result = self.status.get("result", "")

    def of(self, change):
        """The users, or who is none, with this change."""
        return sorted(row["user"] or row["subject"] for row in self.changes
                      if row["change"] == change)

    def text(self, subject):
        return [row["text"] for row in self.changes if row["subject"] == subject]


def sync(*words, name="corp"):
    """One that is whole."""
    done = Sync(*words, name=name)
    assert done.code == DONE, (done.result, done.complaints)
    return done


def refused_sync(*words, name="corp"):
    done = Sync(*words, name=name)
    assert done.code == NO, (done.result, done.complaints)
    return done


def members(name="corp"):
    code, out, complaints = ctl("members", name, "--json")
    assert (code, complaints) == (DONE, "")
    return {row["subject"]: row for row in json.loads(out)}


def listed(name="corp"):
    code, out, complaints = ctl("list", "--json")
    assert (code, complaints) == (DONE, "")
    [row] = [row for row in json.loads(out) if row["directory"] == name]
    return row


def query(sql, *values):
    """Reads beside jauthd."""
    base = sqlite3.connect(f"file:{DATABASE}/jauth.db?mode=ro", uri=True, timeout=10)
    try:
        return base.execute(sql, values).fetchall()
    finally:
        base.close()


def people():
    """name → (uid, state, real name) of those who are not gone; state 1 is locked."""
    return {name: (uid, state, real) for name, uid, state, real in query(
        "SELECT name, uid, state, real_name FROM people WHERE state <> 2")}


def is_locked(subject):
    return bool(query("SELECT 1 FROM locked_identities WHERE subject = ?", subject))


def wait_idle(name="corp", seconds=60):
    return wait_until(lambda: listed(name)["state"] not in ("runs", "waits") and listed(name),
                      seconds, "the end of the sync")
