# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock of jauthd's own that a test moves: days pass in a moment. See movedclock.c."""

import mmap
import os
import struct
import time

PRELOADED = os.path.join(os.environ.get("JAUTH_BUILD", "."), "tests/e2e/.libs/movedclock.so")


class Clock:
    """Holds for every start of the house's jauthd from now on, until release()."""

    def __init__(self, house):
        self.house = house
        self.argv = house.jauthd.argv
        path = str(house.folder / "clock")
        with open(path, "wb") as file:
            file.write(struct.pack("=q", 0))
        os.chmod(path, 0o644)
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 8)
        self.value = memoryview(self.page).cast("q")     # written whole, never byte by byte
        house.jauthd.argv = ["env", "LD_PRELOAD=" + PRELOADED, "MOVED_CLOCK=" + path, *self.argv]

    def move(self, seconds):
        """Forward; then timers that are due ring."""
        self.value[0] += int(seconds)
        if self.house.jauthd.ready.is_set():
            self.house.status()         # any event makes the loop look at its clock

    def put_back(self, seconds):
        """Between two lives of jauthd: the timers of one that runs would wait for the old time."""
        self.house.jauthd.stop()
        self.value[0] -= int(seconds)
        self.house.jauthd.start()

    def ahead(self):
        return self.value[0]

    def now(self):
        """The wall clock as jauthd sees it."""
        return time.time() + self.ahead()

    def release(self):
        self.house.jauthd.argv = self.argv
        self.value.release()
        self.page.close()
