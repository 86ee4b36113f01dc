# SPDX-License-Identifier: GPL-3.0-or-later
"""What ./quickstart shows of an organisation's directory: somebody who exists nowhere but there logs
in over ssh, and a second host has the same uid for him."""

import json
import os
import pathlib
import secrets
import shutil
import subprocess
import sys

import configs
from demo import step
from demo_apps import ByApps, WeComApp
from house import wait_until
from people import expect_shell
from service import run

HERE = os.path.dirname(os.path.abspath(__file__))
FLEET_KEY = pathlib.Path("/etc/jauth/fleet-key")
SESSION = pathlib.Path("/etc/pam.d/common-session")
SYNC_S = 30


def passwd(name):
    """His line, as programs see it; "": nobody."""
    return run(["getent", "passwd", name], check=False).stdout.strip()


class Organisation(WeComApp):
    """A directory of one department and, beside the one who logs in, somebody else."""

    def start(self):
        super().start()
        self.vendor.add_department(1, "总部", parent=0)
        self.vendor.add_member("lisi", name="李四")
        self.vendor.add_member(self.demo.user, name="张三")
        self.people[self.demo.user] = self.demo.user
        self.vendor.signed_in = self.demo.user
        return self.vendor

    def section(self):
        return super().section().replace("[method wecom]", "[directory wecom]")


class ByNewUser(ByApps):
    def __init__(self, user):
        self.user = user
        super().__init__([Organisation])

    def add_user(self):
        step(f"no user {self.user} is made: he exists only in the organisation's directory")
        if passwd(self.user):
            raise RuntimeError(f"{self.user} is a user of this machine already")
        self.house.userdb()
        SESSION.write_text(SESSION.read_text() + "session required pam_mkhomedir.so umask=0077\n")
        FLEET_KEY.write_text(secrets.token_hex(32) + "\n")
        os.chmod(FLEET_KEY, 0o640)
        shutil.chown(FLEET_KEY, "root", "jauth")

    def config(self):
        return (configs.section("accounts", {"uids": "fleet", "fleet_key_file": FLEET_KEY})
                + super().config())

    def introduce(self):
        wait_until(lambda: passwd(self.user), SYNC_S, "the directory's first sync")
        step(f"the directory was read: {passwd(self.user)}")

    def logins(self):
        return ((f"{self.user}'s first", self.by_first_login), ("his second", self.by_second_login))

    def by_first_login(self):
        assert not os.path.exists(f"/home/{self.user}")
        self.by_app(self.apps[0])
        self.look_at_him()
        self.look_at_second_host()

    def by_second_login(self):
        self.by_app(self.apps[0])

    def use_shell(self, ssh):
        ssh.wait_for(r"[$#] ")
        ssh.send_line("pwd; id")
        ssh.wait_for(f"/home/{self.user}\\s")
        ssh.wait_for(rf"uid=\d+\({self.user}\)")
        expect_shell(ssh, self.user)

    def look_at_him(self):
        """What id, getent and userdbctl say, and who owns the home."""
        uid = passwd(self.user).split(":")[2]
        record = json.loads(run(["userdbctl", "user", self.user, "--output=json"]).stdout)
        said = {"getent": uid, "id": run(["id", "-u", self.user]).stdout.strip(),
                "userdbctl": str(record["uid"]),
                "home": str(os.stat(f"/home/{self.user}").st_uid)}
        assert len(set(said.values())) == 1, said
        step("id, getent, userdbctl and the new home agree: uid " + uid)

    def look_at_second_host(self):
        told = self.second_host()
        here = passwd(self.user)
        assert told == here, (told, here)
        step(f"a second host, which has read the same directory: {told}")

    def second_host(self):
        """His line there."""
        files = {str(path): path.read_text() for path in (
            FLEET_KEY, pathlib.Path(self.authority.ca_path),
            pathlib.Path(self.apps[0].vendor.keys()["secret_file"]))}
        order = {"user": self.user, "files": files, "ca": self.authority.ca_path,
                 "relay": self.relay.url, "token": self.relay.invite("second.example.org"),
                 "config": configs.head() + configs.PASSWORD + self.config()}
        done = subprocess.run(["unshare", "--mount", "--uts", sys.executable,
                               os.path.join(HERE, "second_host.py")], input=json.dumps(order),
                              capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise RuntimeError(f"the second host failed:\n{done.stderr[-3000:]}")
        return done.stdout.strip()
