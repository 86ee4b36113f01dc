# SPDX-License-Identifier: GPL-3.0-or-later
"""Jane logs in over ssh with her telephone; see tests/e2e/picture. Runs inside the house."""

import pathlib
import subprocess
import sys
import tempfile
import time

import configs
from house import House, wait_until
from people import CODE_PROMPT, GATE, code_in
from screen import BITMAP_FONT, XTerm, zbar
from vendors.oidc import Provider
from vendors.tls import Authority

USER = "jane"
HOST = "house.example.org"
ROWS, COLUMNS = 34, 78

SSH_CONFIG = """Host {host}
Port {port}
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
LogLevel ERROR
"""

# Runs in the xterm: a shell whose keys come from a script. `say` waits for a text first.
TYPIST = """
import pathlib, sys, time
import pexpect
shell = pexpect.spawn("/bin/bash", ["--norc", "--noprofile"], dimensions=({rows}, {columns}),
                      encoding="utf-8", timeout=60,
                      env={{"PS1": "$ ", "TERM": "xterm-256color", "LANG": "C.UTF-8",
                           "PATH": "/usr/bin:/bin", "HOME": "/root"}})
shell.logfile_read = sys.stdout
def say(pattern, text):
    shell.expect(pattern)
    time.sleep(0.3)
    shell.send(text + "\\r")
say(r"\\$ ", "ssh {user}@{host}")
say({gate!r}, "y")
shell.expect({prompt!r})
pathlib.Path({folder!r}, "asked").touch()
while not pathlib.Path({folder!r}, "approved").exists():
    time.sleep(0.1)
shell.send("\\r")
say(r"[$] $", "id")
shell.expect(r"[$] $")
pathlib.Path({folder!r}, "done").touch()
time.sleep(60)
"""


def start_provider(house):
    """On the usual port, so that the link is as short as a provider's."""
    authority = Authority(house.folder)
    house.trust(authority.ca_path)
    provider = Provider(authority, port=443).start()
    provider.add_person(USER, name="Jane")
    return provider


def start_jauth(house, provider):
    house.use_jauth("sshd")
    house.configure(configs.head() + configs.oidc(provider, title="Example", map="{sub}")
                    + configs.service("sshd", "work"))
    house.add_user(USER)
    folder = pathlib.Path("/root/.ssh")
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "config").write_text(SSH_CONFIG.format(host=HOST, port=house.sshd().port))
    pathlib.Path("/home", USER, ".hushlogin").touch()


def log_in(folder, provider, picture):
    typist = folder / "typist.py"
    typist.write_text(TYPIST.format(rows=ROWS, columns=COLUMNS, user=USER, host=HOST, gate=GATE,
                                    prompt=CODE_PROMPT, folder=str(folder)))
    with XTerm([sys.executable, str(typist)], rows=ROWS,
               columns=COLUMNS, font=BITMAP_FONT) as xterm:
        wait_until((folder / "asked").exists, 30, "the code")
        link = xterm.wait_qr()
        provider.approve(code_in(link), USER)
        time.sleep(2)
        (folder / "approved").touch()
        wait_until((folder / "done").exists, 30, "the shell")
        time.sleep(0.5)
        xterm.screenshot(picture)
    if zbar(picture) != link:
        raise RuntimeError("the code on the picture does not read")


def main(target):
    house = House().start_bus()
    provider = start_provider(house)
    try:
        start_jauth(house, provider)
        with tempfile.TemporaryDirectory() as folder:
            picture = folder + "/screen.png"
            log_in(pathlib.Path(folder), provider, picture)
            pathlib.Path(target).parent.mkdir(exist_ok=True)
            subprocess.run(["convert", picture, "-trim", "+repage", "-bordercolor", "black",
                            "-border", "12", "-strip", "-colors", "32", target], check=True)
            if zbar(target) is None:
                raise RuntimeError("the code on the smaller picture does not read")
    finally:
        house.stop()
        provider.stop()


main(sys.argv[1])
