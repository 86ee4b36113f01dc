# SPDX-License-Identifier: GPL-3.0-or-later
"""The house itself, with pam_unix alone: what the other suites stand on."""

import subprocess

import pytest

from screen import Terminal, XTerm, read_qr

PASSWORD = "right horse 7"

# "https://op.example.org/d?user_code=AB" by `qrencode -t UTF8`, level L.
LINK = "https://op.example.org/d?user_code=AB"


def test_ssh_lets_the_right_password_in(house, user):
    with house.sshd().login(user) as ssh:
        ssh.wait_for("Password: ")
        ssh.send_line(PASSWORD)
        ssh.wait_for(r"\$ ")
        ssh.send_line("id -un; exit")
        ssh.wait_for(user)
        assert ssh.wait_end() == 0


def test_ssh_refuses_a_wrong_password(house, user):
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for("Password: ")
        ssh.send_line("wrong")
        assert ssh.wait_end() == 255


def test_login_on_a_pty(house, user):
    with Terminal(["/bin/login", user]) as login:
        login.wait_for("Password: ")
        login.send_line(PASSWORD)
        login.wait_for(r"\$ ")
        login.send_line("id -un; exit")
        login.wait_for(user)


def test_su(house, user):
    with Terminal(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
                   "su", user, "-c", "id -un"]) as su:
        su.wait_for("Password: ")
        su.send_line(PASSWORD)
        su.wait_for(user)
        assert su.wait_end() == 0


def test_sudo(house, user):
    with open("/etc/sudoers.d/house", "w", encoding="ascii") as file:
        file.write(f"{user} ALL=(ALL) ALL\n")
    with Terminal(["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups",
                   "sudo", "id", "-un"]) as sudo:
        sudo.wait_for("password")
        sudo.send_line(PASSWORD)
        sudo.wait_for("root")
        assert sudo.wait_end() == 0


def test_bus_takes_calls_from_root(house):
    out = subprocess.run(["dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus",
                          "/", "org.freedesktop.DBus.GetId"], capture_output=True, check=True)
    assert b"string" in out.stdout


def test_network_is_private(house):
    out = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True)
    assert len(out.stdout.splitlines()) == 1


@pytest.mark.parametrize("tool", ["terminal", "xterm"])
def test_eyes_read_a_code(house, tmp_path, tool):
    drawing = qr_text(LINK)
    if tool == "terminal":
        assert read_qr(drawing) == LINK
        assert read_qr("nothing here") is None
        return
    (tmp_path / "code").write_text(drawing)
    with XTerm(["sh", "-c", f"cat {tmp_path}/code; sleep 60"]) as xterm:
        assert xterm.wait_qr() == LINK


def qr_text(text):
    """A code drawn by nobody of ours: qrencode's matrix, ink is light."""
    out = subprocess.run(["qrencode", "-t", "ASCII", "-m", "4", "-l", "L", "-o", "-", text],
                         capture_output=True, text=True, check=True).stdout
    rows = [[line[i:i + 2] == "##" for i in range(0, len(line), 2)]
            for line in out.splitlines()]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    blocks = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    return "".join("".join(blocks[pair] for pair in zip(upper, lower)) + "\n"
                   for upper, lower in zip(rows[::2], rows[1::2]))
