# SPDX-License-Identifier: GPL-3.0-or-later
"""Units under a real systemd; booted.sh makes the root that it lives in."""

import contextlib
import os
import pathlib
import signal
import subprocess
import time

from house import wait_until
from service import run

SCRIPT = os.path.join(os.path.dirname(__file__), "booted.sh")
CONTROL_GROUPS = pathlib.Path("/sys/fs/cgroup")


class Booted:
    """systemd as process 1 with these units, which are started; `known` ones are there for who
    wants them."""

    def __init__(self, *units, known=()):
        self.units = [*units, "--", *known]
        is_one = (CONTROL_GROUPS / "cgroup.controllers").exists()
        # Should we be killed, house.sh removes it.
        name = f"{os.environ['JAUTH_CONTROL_GROUPS']}-{os.getpid()}-{id(self)}"
        self.group = name if is_one else f"systemd/{name}"
        self.process = None
        self.pid = None

    def __enter__(self):
        (CONTROL_GROUPS / self.group).mkdir()
        self.process = subprocess.Popen([SCRIPT, self.group, *self.units],
                                        stdin=subprocess.DEVNULL)
        try:
            wait_until(self._is_up, 20, "systemd's start")
        except Exception:
            self.__exit__()
            raise
        return self

    def _is_up(self):
        assert self.process.poll() is None, "booted.sh ended"
        path = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        children = path.read_text().split()
        if not children or pathlib.Path(f"/proc/{children[0]}/comm").read_text() != "systemd\n":
            return False
        self.pid = int(children[0])
        return self.systemctl("is-active", "booted.target") == "active"

    def __exit__(self, *_):
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        folder = CONTROL_GROUPS / self.group
        wait_until(lambda: self._has_removed(folder), 10, "the end of the control group")

    @staticmethod
    def _has_removed(folder):
        """True when all the processes in there are gone."""
        for path in sorted(folder.rglob("*/"), reverse=True):
            with contextlib.suppress(OSError):
                path.rmdir()
        with contextlib.suppress(OSError):
            folder.rmdir()
        return not folder.exists()

    def inside(self, *argv):
        """The words that run these in there."""
        return ["nsenter", "-t", str(self.pid), "-m", "-p", "-i", "-u", "-n", "-r", "-w", "--",
                *argv]

    def run(self, *argv, check=True):
        return run(self.inside(*argv), check=check)

    def seconds_of(self, *argv):
        """And what it said."""
        start = time.monotonic()
        done = self.run(*argv, check=False)
        return time.monotonic() - start, done.stdout.strip()

    def systemctl(self, *words):
        return self.run("systemctl", *words, check=False).stdout.strip()

    def show(self, unit, name):
        return self.systemctl("show", "--value", "-p", name, unit)

    def kill(self, unit, sig):
        """Its main process, if there is one: 0 would be our own process group."""
        self.systemctl("kill", "--kill-whom=main", f"--signal={sig}", unit)
