# SPDX-License-Identifier: GPL-3.0-or-later
"""The inside of ./quickstart: starts everything, then hands the terminal to ssh or plays the
logins by itself. Runs in tests/e2e/house.sh."""

import argparse
import os
import subprocess
import sys
import time

from demo import ByCode, BySms, step
from demo_apps import (ByApps, DingTalkApp, GitHubSite, MiniProgramApp, OfficialAccountApp, WeComApp,
                       ByWeChat)
from demo_people import ByNewUser

APPS = {"wecom": WeComApp, "dingtalk": DingTalkApp, "wechat-official-account": OfficialAccountApp,
        "wechat-mini-program": MiniProgramApp}
METHODS = {"oidc": ByCode, "sms": BySms, "wechat": ByWeChat,
           **{name: (lambda app=app: ByApps([app])) for name, app in APPS.items()},
           "any": lambda: ByApps([*APPS.values(), GitHubSite])}


def play(demo):
    for name, login in demo.logins():
        began = time.monotonic()
        login()
        step(f"{name} login over ssh: a shell of {demo.user} answered "
             f"({time.monotonic() - began:.1f} s)")
    print("quickstart: every login works")


def open_ssh(demo, keep):
    print(demo.hint(), flush=True)
    subprocess.run(demo.sshd.command(demo.user), check=False)
    if keep:
        print("Still running; log in with\n  "
              + " ".join(demo.sshd.command(demo.user)) + "\nand end with Ctrl-C.", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            print()


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--script", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--method", choices=METHODS, default="oidc")
    parser.add_argument("--new-user")
    return parser.parse_args()


def main():
    wanted = arguments()
    demo = ByNewUser(wanted.new_user) if wanted.new_user else METHODS[wanted.method]()
    try:
        demo.start()
        if wanted.script:
            play(demo)
        else:
            open_ssh(demo, wanted.keep)
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
