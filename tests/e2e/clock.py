# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock of a daemon's own that a test moves: days pass in a moment. See movedclock.c."""

import mmap
import os
import struct
import time

PRELOADED = os.path.join(os.environ.get("JAUTH_BUILD", "."), "tests/e2e/.libs/movedclock.so")


class Clock:
    """Holds for every start of a service, the house's jauthd if none is named, from now on, until
    release(). `wake` asks it something."""

    def __init__(self, house, service=None, wake=None):
        self.service, self.wake = service or house.jauthd, wake or house.status
        self.argv = self.service.argv
        path = str(house.folder / f"clock-{self.service.name}")
        with open(path, "wb") as file:
            file.write(struct.pack("=q", 0))
        os.chmod(path, 0o644)
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 8)
        self.value = memoryview(self.page).cast("q")     # written whole, never byte by byte
        self.service.argv = ["env", "LD_PRELOAD=" + PRELOADED, "MOVED_CLOCK=" + path, *self.argv]

    def move(self, seconds):
        """Forward; then timers that are due ring."""
        self.value[0] += int(seconds)
        if self.service.ready.is_set():
            self.wake()                 # any event makes the loop look at its clock

    def put_back(self, seconds):
        """Between two lives: the timers of a daemon that runs would wait for the old time."""
        self.service.stop()
        self.value[0] -= int(seconds)
        self.service.start()

    def ahead(self):
        return self.value[0]

    def now(self):
        """The wall clock as the daemon sees it."""
        return time.time() + self.ahead()

    def release(self):
        self.service.argv = self.argv
        self.value.release()
        self.page.close()
