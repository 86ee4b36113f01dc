# SPDX-License-Identifier: GPL-3.0-or-later
"""The inside of ./quickstart: starts everything, then hands the terminal to ssh or plays both
logins by itself. Runs in tests/e2e/house.sh."""

import json
import os
import ssl
import subprocess
import sys
import time
import urllib.request

import configs
from house import House
from people import CODE_PROMPT, MENU, PASSWORD_PROMPT, expect_shell

HERE = os.path.dirname(os.path.abspath(__file__))
USER = "demo"
PASSWORD = "demo horse 7"
PERSON = "demo-person"

BANNER = """
sshd with pam_jauth listens on 127.0.0.1 port {port}; jauthd, jauth-http and a demo OpenID
provider run for it, in namespaces of their own. The Unix user "{user}" exists only there.

ssh opens now. Choose a way:

  1  the code: scan it, or approve by one click on  {plain}/device
     or from another terminal by                    curl -X POST {plain}/approve
     then press Enter here
  2  the password, which is                         {password}

Everything ends when the shell ends.
"""


class Demo:
    """Everything that runs, and its end."""

    def __init__(self):
        self.house = House()
        self.provider = None
        self.op = None
        self.sshd = None

    def start(self):
        house = self.house
        step("starting a private system bus")
        house.start_bus()
        step("starting a demo OpenID provider")
        self._start_provider()
        step(f"making the user {USER}")
        house.add_user(USER, PASSWORD)
        step("starting jauth-http and jauthd")
        house.trust(self.op["ca"])
        house.configure(self._config())
        house.add_link(USER, self.op["issuer"], PERSON)
        house.use_jauth("sshd")
        step("starting sshd")
        self.sshd = house.sshd()
        return self

    def stop(self):
        self.house.stop()
        self.provider.terminate()

    def _start_provider(self):
        folder = self.house.folder / "provider"
        folder.mkdir()
        os.chmod(folder, 0o755)
        self.provider = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "vendors", "oidc.py"), "--folder", str(folder),
             "--user", PERSON], stdout=subprocess.PIPE, text=True)
        self.op = json.loads(self.provider.stdout.readline())

    def _config(self):
        class Issuer:
            issuer = self.op["issuer"]

        return (configs.head(fail_delay_ms=2000) + configs.PASSWORD
                + configs.oidc(Issuer, name="demo", title="Demo provider")
                + configs.service("sshd", "demo, password"))

    def hint(self):
        return BANNER.format(port=self.sshd.port, user=USER, password=PASSWORD,
                             plain=self.op["plain"])


def step(text):
    print("  " + text, flush=True)


def by_password(demo):
    with demo.sshd.login(USER) as ssh:
        ssh.wait_for(MENU)
        ssh.send_line("2")
        ssh.wait_for(PASSWORD_PROMPT)
        ssh.send_line(PASSWORD)
        expect_shell(ssh, USER)


def by_code(demo):
    """Reads the code from the screen and does what a phone would: opens it and says yes."""
    with demo.sshd.login(USER) as ssh:
        ssh.wait_for(MENU)
        ssh.send_line("1")
        ssh.wait_for(CODE_PROMPT)
        link = ssh.read_qr()
        if not link:
            raise AssertionError("zbar reads no code from this screen:\n" + ssh.text())
        print(ssh.text())
        step(f"zbar reads {link}")
        approve(link, demo.op["ca"])
        ssh.send_line()
        expect_shell(ssh, USER)


def approve(link, ca):
    """The provider's page has one button; it posts to the link itself."""
    context = ssl.create_default_context(cafile=ca)
    with urllib.request.urlopen(link, context=context) as page:
        if b"<button" not in page.read():
            raise AssertionError(f"no button on the page {link}")
    with urllib.request.urlopen(link, data=b"", context=context) as page:
        if b"Approved" not in page.read():
            raise AssertionError(f"{link} did not approve")


def play(demo):
    for name, login in (("password", by_password), ("QR code", by_code)):
        began = time.monotonic()
        login(demo)
        step(f"{name} login over ssh: a shell of {USER} answered "
             f"({time.monotonic() - began:.1f} s)")
    print("quickstart: both logins work")


def open_ssh(demo, keep):
    print(demo.hint(), flush=True)
    subprocess.run(demo.sshd.command(USER), check=False)
    if keep:
        print("Still running; log in with\n  "
              + " ".join(demo.sshd.command(USER)) + "\nand end with Ctrl-C.", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            print()


def main():
    demo = Demo()
    try:
        demo.start()
        if "--script" in sys.argv:
            play(demo)
        else:
            open_ssh(demo, "--keep" in sys.argv)
    except Exception as error:          # pylint: disable=broad-except
        print(f"quickstart FAILED: {error}", file=sys.stderr)
        for service in (demo.house.jauthd, demo.house.http):
            if os.path.exists(service.log_path):
                print(f"--- {service.name}\n{service.log()[-2000:]}", file=sys.stderr)
        return 1
    finally:
        demo.stop()
    return 0


sys.exit(main())
