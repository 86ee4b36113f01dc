# SPDX-License-Identifier: GPL-3.0-or-later
"""A program on a pty with the screen a person would see, and eyes that read QR codes off it."""

import os
import re
import signal
import subprocess
import tempfile
import time

import pexpect
import pyte

CELL_WIDTH, CELL_HEIGHT = 8, 16
DARK_THEME = {"default_ink": 255, "default_paper": 0}
LIGHT_THEME = {"default_ink": 0, "default_paper": 255}

# xterm leaves hair lines between rows of a TrueType font, which cut dark ink.
TRUETYPE_FONT = ("-fa", "DejaVu Sans Mono", "-fs", "11")
BITMAP_FONT = ("-fn", "-misc-fixed-medium-r-normal--18-120-100-100-c-90-iso10646-1")

# Which of a cell's upper and lower half is ink.
BLOCKS = {"▀": (True, False), "▄": (False, True), "█": (True, True)}

# What the 16 colours' names mean to a reader of QR codes; others count as in between.
LIGHTNESS = {"black": 0, "white": 255, "brightwhite": 255, "000000": 0, "ffffff": 255,
             "brightblack": 128}


class Gone(Exception):
    """The program ended before it showed what was waited for."""


def default_signals():
    """A shell's background job ignores Ctrl-C, and so would all that it starts."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


class Terminal:
    """Runs argv in a terminal of the given size. Everything it prints goes to the screen."""

    def __init__(self, argv, env=None, rows=24, columns=80, term="xterm-256color", cwd=None):
        full_env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                    "LANG": "C.UTF-8", "TERM": term}
        full_env.update(env or {})
        self.seen = ""                  # all output so far, as text
        self.mark = 0                   # where the next wait_for() begins to look
        self.screen = pyte.HistoryScreen(columns, rows, history=1000)
        self.stream = pyte.Stream(self.screen)
        self.child = pexpect.spawn(argv[0], argv[1:], env=full_env, dimensions=(rows, columns),
                                   timeout=20, encoding="utf-8", codec_errors="replace", cwd=cwd,
                                   preexec_fn=default_signals)
        self.child.delaybeforesend = None
        self.child.ptyproc.delayafterclose = 0.02
        self.child.ptyproc.delayafterterminate = 0.02

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def pid(self):
        return self.child.pid

    def read(self, timeout):
        """Takes what is there within the time; False at the end of the output."""
        try:
            text = self.child.read_nonblocking(65536, timeout)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.seen += text
        self.stream.feed(text)
        return True

    def wait_for(self, pattern, timeout=20):
        """The match of the pattern in what came after the last match."""
        compiled = re.compile(pattern, re.DOTALL)
        end = time.monotonic() + timeout
        alive = True
        while True:
            match = compiled.search(self.seen, self.mark)
            if match:
                self.mark = match.end()
                return match
            left = end - time.monotonic()
            if not alive:
                raise Gone(f"ended without /{pattern}/:\n{self.seen[-3000:]}")
            if left <= 0:
                raise TimeoutError(f"no /{pattern}/ in {timeout} s:\n{self.seen[-3000:]}")
            alive = self.read(min(left, 0.5))

    def wait_end(self, timeout=20):
        """Reads to the end; the exit status, or minus the signal."""
        end = time.monotonic() + timeout
        while self.read(0.2):
            if time.monotonic() > end:
                raise TimeoutError(f"still runs after {timeout} s:\n{self.seen[-3000:]}")
        self.child.wait()
        status = self.child.exitstatus
        return status if status is not None else -self.child.signalstatus

    def settle(self, quiet=0.1):
        """Reads until nothing comes any more."""
        before = None
        while before != self.seen:
            before = self.seen
            self.read(quiet)

    def send(self, text):
        self.child.send(text)

    def send_line(self, text=""):
        self.send(text + "\r")

    def is_alive(self):
        return self.child.isalive()

    def kill(self, number):
        os.kill(self.child.pid, number)

    def close(self):
        self.child.close(force=True)

    def text(self):
        """The screen as it stands, blanks at the ends of lines dropped."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def read_qr(self, theme=None, inverted=False):
        """What the QR code on the screen says, or None. `inverted` lets the reader try both."""
        self.settle()
        return read_qr_screen(self.screen, theme or DARK_THEME, inverted)


def _lightness(colour, default):
    return default if colour == "default" else LIGHTNESS.get(colour, 128)


def _cell_halves(cell, theme):
    """Lightness of the upper and the lower half of a cell. Letters count as half ink."""
    ink = _lightness(cell.fg, theme["default_ink"])
    paper = _lightness(cell.bg, theme["default_paper"])
    if cell.reverse:
        ink, paper = paper, ink
    if cell.data in BLOCKS:
        return [ink if is_ink else paper for is_ink in BLOCKS[cell.data]]
    if cell.data.isspace() or not cell.data:
        return [paper, paper]
    return [(ink + paper) // 2] * 2


def _raster(screen, theme):
    rows = []
    for y in range(screen.lines):
        cells = [_cell_halves(screen.buffer[y][x], theme) for x in range(screen.columns)]
        for half in (0, 1):
            line = b"".join(bytes([cell[half]]) * CELL_WIDTH for cell in cells)
            rows.extend([line] * (CELL_HEIGHT // 2))
    return rows


def write_pgm(screen, theme, path):
    """The screen as a picture: black, white and grey."""
    rows = _raster(screen, theme)
    with open(path, "wb") as file:
        file.write(b"P5 %d %d 255\n" % (len(rows[0]), len(rows)))
        file.write(b"".join(rows))


def zbar(picture, inverted=False):
    """The text of the one QR code in a picture file, or None."""
    option = ["-Stest-inverted"] if inverted else []
    run = subprocess.run(["zbarimg", "-q", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable",
                          *option, picture], capture_output=True, text=True, check=False)
    codes = run.stdout.splitlines()
    if len(codes) > 1:
        raise ValueError(f"several codes: {codes}")
    return codes[0] if codes else None


def read_qr_screen(screen, theme=None, inverted=False):
    with tempfile.TemporaryDirectory() as folder:
        picture = os.path.join(folder, "screen.pgm")
        write_pgm(screen, theme or DARK_THEME, picture)
        return zbar(picture, inverted)


def read_qr(text, rows=24, columns=80, theme=None, inverted=False):
    """What a code says that stands in a text of lines."""
    screen = pyte.Screen(columns, rows)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    return read_qr_screen(screen, theme, inverted)


class XTerm:
    """A real xterm on a virtual display, for a screenshot that no model of ours has touched."""

    def __init__(self, argv, rows=24, columns=80, theme="dark", env=None, font=TRUETYPE_FONT):
        ink, paper = ("white", "black") if theme == "dark" else ("black", "white")
        full_env = {**os.environ, "LANG": "C.UTF-8", **(env or {})}
        read_end, write_end = os.pipe()
        self.display = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1280x1024x24",
             "-nolisten", "tcp"], pass_fds=[write_end], stderr=subprocess.DEVNULL)
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            self.name = ":" + ready.readline().strip()
        full_env["DISPLAY"] = self.name
        self.xterm = subprocess.Popen(
            ["xterm", "-u8", *font, "-bg", paper, "-fg", ink,
             "-geometry", f"{columns}x{rows}+20+20", "-e", *argv], env=full_env)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.xterm, self.display):
            process.terminate()
            process.wait()

    def screenshot(self, path):
        subprocess.run(["import", "-display", self.name, "-window", "root", path], check=True)

    def wait_qr(self, timeout=20, inverted=False):
        """Takes pictures until one can be read."""
        end = time.monotonic() + timeout
        with tempfile.TemporaryDirectory() as folder:
            picture = os.path.join(folder, "screen.png")
            while time.monotonic() < end:
                self.screenshot(picture)
                code = zbar(picture, inverted)
                if code:
                    return code
                time.sleep(0.3)
        return None
