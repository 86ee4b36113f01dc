# SPDX-License-Identifier: GPL-3.0-or-later
"""Every drawing of a code, read back by zbar from the screen that a person would look at."""

import pathlib
import subprocess

import pytest

import console
from console import GLYPH_FULL, GLYPH_HALF, GLYPH_UTF8
from screen import BITMAP_FONT, XTerm, zbar

QRSHOW = "/run/house/held/build/qrshow"
ALL_GLYPHS = GLYPH_HALF | GLYPH_FULL | GLYPH_UTF8

START = "https://login.example.org/"
LONGEST = {1: 17, 2: 32, 3: 53, 4: 78, 5: 106, 6: 134}    # bytes, level L

# The rows a code of a version takes in 24 rows with three lines of text, by its quiet zone.
SSH_ROWS = {2: 17, 3: 19, 4: 21, 5: 21}


def link(version):
    """A link that needs exactly this version."""
    start = START if version > 1 else "https://x.example"
    return start + "q" * (LONGEST[version] - len(start))


def draw(surface, text, glyphs=ALL_GLYPHS, rows=24, columns=80, taken=3, inverted=False):
    run = subprocess.run([QRSHOW, surface, str(glyphs), str(rows), str(columns), str(taken),
                          str(int(inverted)), text], capture_output=True, text=True, check=False)
    return run.stdout if run.returncode == 0 else None


def show(path, text):
    """A command that leaves this text on the terminal."""
    path.write_text(text)
    return ["sh", "-c", f"cat {path}; exec sleep 60"]


# --- terminals ---

@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("version", [1, 2, 3, 4, 5])
def test_terminal(house, tmp_path, theme, version):
    """Explicit colours read whatever the theme is."""
    drawing = draw("terminal", link(version))
    with XTerm(show(tmp_path / "code", drawing), theme=theme) as xterm:
        assert xterm.wait_qr() == link(version)


def test_terminal_inverted_is_an_inverted_code(house, tmp_path):
    drawing = draw("terminal", link(3), inverted=True)
    with XTerm(show(tmp_path / "code", drawing), font=BITMAP_FONT) as xterm:
        assert xterm.wait_qr(timeout=2) is None
        assert xterm.wait_qr(inverted=True) == link(3)


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5])
def test_ssh_drawing_on_a_dark_terminal(house, tmp_path, version):
    drawing = draw("ssh", link(version))
    with XTerm(show(tmp_path / "code", drawing)) as xterm:
        assert xterm.wait_qr() == link(version)


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5])
def test_ssh_drawing_inverted_on_a_light_terminal(house, tmp_path, version):
    drawing = draw("ssh", link(version), inverted=True)
    with XTerm(show(tmp_path / "code", drawing), theme="light", font=BITMAP_FONT) as xterm:
        assert xterm.wait_qr() == link(version)


def test_ssh_drawing_on_a_light_terminal_is_an_inverted_code(house, tmp_path):
    """What a person sees who has not pressed i yet; most readers take it."""
    with XTerm(show(tmp_path / "code", draw("ssh", link(3))), theme="light") as xterm:
        assert xterm.wait_qr(timeout=2) is None
        assert xterm.wait_qr(inverted=True) == link(3)


# --- a real ssh ---

@pytest.fixture(scope="module")
def sshd_with_code(house):
    """An sshd whose password prompt begins with what stands in a file, as the module's do."""
    path = house.folder / "code.txt"
    pathlib.Path("/etc/pam.d/code-sshd").write_text(
        f"auth optional pam_echo.so file={path}\nauth required pam_unix.so\n"
        "account required pam_permit.so\nsession required pam_permit.so\n")
    return house.sshd("code-sshd"), path


def text_below(text):
    return f"\n{text}\nCode: ABCD-EFGH\n"


@pytest.mark.parametrize("version", [2, 3, 4, 5])
def test_real_ssh_in_24_rows(house, user, sshd_with_code, version):
    sshd, path = sshd_with_code
    drawing = draw("ssh", link(version))
    assert len(drawing.splitlines()) == SSH_ROWS[version]
    path.write_text("\n" + drawing + "Press Enter")
    with XTerm(sshd.command(user)) as xterm:
        assert xterm.wait_qr() == link(version)


def test_real_ssh_inverted_on_a_light_terminal(house, user, sshd_with_code):
    sshd, path = sshd_with_code
    path.write_text("\n" + draw("ssh", link(3), inverted=True) + text_below(link(3)))
    with XTerm(sshd.command(user), theme="light", font=BITMAP_FONT) as xterm:
        assert xterm.wait_qr() == link(3)


def test_real_ssh_with_a_short_capital_link(house, user, sshd_with_code):
    """Capitals take the alphanumeric mode: 77 characters in version 3."""
    sshd, path = sshd_with_code
    text = "HTTPS://LOGIN.EXAMPLE.ORG/Q/" + "A1" * 24
    path.write_text("\n" + draw("ssh", text) + text_below("short"))
    assert len(draw("ssh", text).splitlines()) == SSH_ROWS[3]
    with XTerm(sshd.command(user)) as xterm:
        assert xterm.wait_qr() == text


def test_text_below_survives_the_c_locale(house, user, sshd_with_code):
    """The blocks become octal there; the plain lines are what is left."""
    sshd, path = sshd_with_code
    path.write_text("\n" + draw("ssh", link(2)) + text_below(link(2)))
    with sshd.login(user, env={"LANG": "C", "LC_ALL": "C"}, rows=60) as ssh:
        ssh.wait_for("Password: ")
        assert "\\342\\226\\210" in ssh.seen
        assert link(2) in ssh.seen and "Code: ABCD-EFGH" in ssh.seen
        assert ssh.read_qr() is None


# --- the Linux console ---

# A font, its screen, the largest version that fits there with three lines of text.
CONSOLES = [
    ("Lat15-Fixed16", 25, 80, None),
    ("Lat15-Fixed16", 48, 128, 6),
    ("Lat15-Terminus16", 48, 128, 6),
    ("Uni2-VGA16", 48, 128, 6),
    ("FullCyrSlav-VGA16", 25, 80, 5),
    ("FullCyrSlav-VGA16", 48, 128, 6),
    ("FullCyrSlav-Fixed16", 25, 80, 5),
    ("FullCyrSlav-TerminusBold28x14", 25, 80, 5),
]


def read_console(tmp_path, font, drawing, rows, columns):
    picture = str(tmp_path / "console.pgm")
    console.write_picture(drawing + "\nline\nline\nPress Enter: ", font, picture, rows, columns)
    return zbar(picture)


@pytest.mark.parametrize("name, rows, columns, largest", CONSOLES)
def test_console(house, tmp_path, name, rows, columns, largest):
    font = console.Font(name)
    for version in LONGEST:
        drawing = draw("console", link(version), font.glyph_bits(), rows, columns, 3)
        if largest is None or version > largest:
            assert drawing is None, f"version {version} cannot fit"
            continue
        assert read_console(tmp_path, font, drawing, rows, columns) == link(version)


def test_console_of_25_rows_shows_version_1_alone(house, tmp_path):
    font = console.Font("Lat15-Fixed16")
    drawing = draw("console", link(1), font.glyph_bits(), 25, 80, 2)
    picture = str(tmp_path / "console.pgm")
    assert len(drawing.splitlines()) == 23
    console.write_picture(drawing + "Press Enter: ", font, picture, 25, 80)
    assert zbar(picture) == link(1)


@pytest.mark.parametrize("name, half, full", [
    ("Lat15-Fixed16", False, True), ("Lat15-Terminus16", False, True),
    ("FullCyrSlav-VGA16", True, True), ("FullCyrSlav-Fixed16", True, True)])
def test_fonts_are_what_the_drawing_is_chosen_by(house, tmp_path, name, half, full):
    """The wrong drawing does not read: the pictures above prove something."""
    font = console.Font(name)
    assert bool(font.glyph_bits() & GLYPH_HALF) == half
    assert bool(font.glyph_bits() & GLYPH_FULL) == full
    drawing = draw("console", link(3), ALL_GLYPHS, 48, 128, 3)
    code = read_console(tmp_path, font, drawing, 48, 128)
    assert code == (link(3) if half else None)


# --- where there is nothing to draw ---

@pytest.mark.parametrize("surface, glyphs", [("none", ALL_GLYPHS), ("graphical", ALL_GLYPHS),
                                             ("ssh", 0), ("terminal", GLYPH_HALF | GLYPH_FULL)])
def test_no_code(house, surface, glyphs):
    assert draw(surface, link(2), glyphs) is None
