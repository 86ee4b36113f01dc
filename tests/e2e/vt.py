# SPDX-License-Identifier: GPL-3.0-or-later
"""A program on a real Linux console: its keys are put into the kernel's queue, and its screen is
read off the kernel's."""

import contextlib
import fcntl
import os
import re
import signal
import termios
import time

from screen import default_signals

FIRST, LAST = 20, 60                    # consoles that nobody looks at
ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8",
       "TERM": "linux"}


def _device(name, minor_base, number):
    path = f"/dev/{name}{number}"
    if not os.path.exists(path):
        os.mknod(path, 0o600 | 0o020000, os.makedev(*minor_base(number)))
    return path


class Console:
    """Runs argv as a getty would: the leader of a session whose terminal is the console."""

    def __init__(self, argv):
        for number in range(FIRST, LAST):
            self.fd = os.open(f"/dev/tty{number}", os.O_RDWR | os.O_NOCTTY)
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            os.close(self.fd)
        self.number, self.path = number, f"/dev/tty{number}"
        self.cells = _device("vcs", lambda number: (7, number), number)
        os.write(self.fd, b"\033c")
        self.status = None
        self.pid = os.fork()
        if self.pid == 0:
            self._become(argv)

    def _become(self, argv):
        try:
            default_signals()
            os.setsid()
            fcntl.ioctl(self.fd, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.fd, fd)
            os.execvpe(argv[0], argv, ENV)
        finally:
            os._exit(127)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
                os.kill(self.pid, signal.SIGKILL)
            self.wait_end()
        os.close(self.fd)

    def text(self):
        columns = os.get_terminal_size(self.fd).columns
        with open(self.cells, "rb") as file:
            cells = file.read().decode("latin-1")
        return "\n".join(cells[i:i + columns].rstrip()
                         for i in range(0, len(cells), columns)).rstrip()

    def ends(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def wait_end(self, timeout=20):
        end = time.monotonic() + timeout
        while not self.ends():
            if time.monotonic() > end:
                raise TimeoutError(f"still runs after {timeout} s:\n{self.text()}")
            time.sleep(0.02)
        return self.status

    def wait_for(self, pattern, timeout=20):
        """The match on the screen."""
        end = time.monotonic() + timeout
        while True:
            match = re.search(pattern, self.text(), re.DOTALL)
            if match:
                return match
            if time.monotonic() > end or self.ends():
                raise TimeoutError(f"no /{pattern}/ on the console:\n{self.text()}")
            time.sleep(0.02)

    def send_line(self, text=""):
        for byte in (text + "\n").encode():
            fcntl.ioctl(self.fd, termios.TIOCSTI, bytes([byte]))
