# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that die by SIGKILL right before the Nth of their calls that others can see."""

import mmap
import os
import struct

PRELOADED = os.path.join(os.environ.get("JAUTH_BUILD", "."), "tests/e2e/.libs/killedat.so")

FAR = 1 << 40


class Countdown:
    """Of the program that is started with `env`; see killedat.c."""

    def __init__(self, folder):
        path = str(folder / "killed-at")
        with open(path, "wb") as file:
            file.write(struct.pack("=q", 0))
        os.chmod(path, 0o666)
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 8)
        self.value = memoryview(self.page).cast("q")
        self.env = {"LD_PRELOAD": PRELOADED, "KILLED_AT": path}

    def arm(self, n=FAR):
        """It dies at its nth step from now on."""
        self.value[0] = n

    def disarm(self):
        """Steps that were left: 0 when it died."""
        left, self.value[0] = self.value[0], 0
        return left

    def close(self):
        self.value.release()
        self.page.close()
