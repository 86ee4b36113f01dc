# SPDX-License-Identifier: GPL-3.0-or-later
"""jauthd's file for Prometheus' node exporter: its text, its mode, when it is written."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

import configs
from conftest import PASSWORD
from house import wait_until

FOLDER = pathlib.Path("/run/jauth-metrics")
FILE = FOLDER / "jauth.prom"
SECONDS = 15

COMMENT = re.compile(r"# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)")
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-z_]+=\"[^\"\\\n]*\"\})? ([0-9]+)")


def configuration(path=FILE):
    return (configs.head() + configs.section("general", {"metrics_file": path})
            + configs.PASSWORD + configs.service("login", "password"))


def parse(text):
    """{name and labels: number}; every name has its HELP, its TYPE and its samples together."""
    assert text.endswith("\n")
    numbers, kinds, order = {}, {}, []
    for line in text[:-1].split("\n"):
        if comment := COMMENT.fullmatch(line):
            word, name, rest = comment.groups()
            assert (name, word) not in kinds
            kinds[name, word] = rest
            if word == "TYPE":
                assert rest in ("gauge", "counter") and (name, "HELP") in kinds
                assert name.endswith("_total") == (rest == "counter")
            continue
        name, labels, number = SAMPLE.fullmatch(line).groups()
        assert (name, "TYPE") in kinds, line
        assert name + (labels or "") not in numbers
        if not order or order[-1] != name:
            assert name not in order, f"{name} is torn apart"
            order.append(name)
        numbers[name + (labels or "")] = int(number)
    assert {name for name, _ in kinds} == set(order)
    return numbers


def read():
    return parse(FILE.read_text())


@pytest.fixture(autouse=True)
def folder(house):
    """As the unit's RuntimeDirectory= has it."""
    FOLDER.mkdir(mode=0o755)
    shutil.chown(FOLDER, "jauth", "jauth")
    yield FOLDER
    house.stop_jauth()
    shutil.rmtree(FOLDER)


def test_the_file_is_there_at_once_and_anybody_may_read_it(house):
    house.configure(configuration())
    wait_until(FILE.exists, 2, "the file")
    numbers = read()
    assert numbers.pop('jauth_build_info{version="%s"}' % house.status()["version"]) == 1
    assert set(numbers.values()) == {0} and len(numbers) == 20
    status = FILE.stat()
    assert (status.st_mode & 0o7777, FILE.owner()) == (0o644, "jauth")
    done = subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
                           "cat", FILE], capture_output=True, text=True, check=True)
    assert parse(done.stdout)
    assert os.listdir(FOLDER) == [FILE.name]


def test_logins_are_counted_and_the_file_is_replaced(house):
    house.configure(configuration())
    wait_until(FILE.exists, 2, "the file")
    before = FILE.stat().st_ino
    user = house.add_user(password=PASSWORD)
    for answer in (PASSWORD, "wrong"):
        with house.bus_login(user, service="login", rhost=None, tty="tty1") as login:
            step = login.step()
            while step.state == "ask":
                login.answer(answer)
                step = login.step()
    with house.bus_login(user, service="login", rhost=None, tty="tty1") as login:
        assert login.step().state == "ask"
        wait_until(lambda: FILE.stat().st_ino != before, SECONDS + 3, "another file")
        numbers = read()
    house.remove_user(user)
    assert numbers['jauth_logins_begun_total'] == 3
    assert numbers['jauth_logins_waiting'] == 1
    assert numbers['jauth_logins_total{outcome="granted"}'] == 1
    assert numbers['jauth_logins_total{outcome="denied"}'] == 1
    assert numbers['jauth_logins_total{outcome="failed"}'] == 0


def test_a_folder_that_cannot_be_written_is_told_once_and_stops_nobody(house):
    shutil.chown(FOLDER, "root", "root")
    house.configure(configuration())
    told = f"{FILE} cannot be written: Permission denied"
    wait_until(lambda: told in house.jauthd.log(), 2, "the warning")
    assert house.is_on_bus()
    shutil.chown(FOLDER, "jauth", "jauth")
    wait_until(FILE.exists, SECONDS + 3, "the file")
    assert house.jauthd.log().count(told) == 1


def test_without_the_key_nothing_is_written_until_a_reload_brings_it(house):
    house.configure(configuration().replace("metrics_file", "#metrics_file"))
    assert house.is_on_bus() and not os.listdir(FOLDER)
    house.reload(configuration())
    assert not FILE.exists()
    wait_until(FILE.exists, SECONDS + 3, "the file")


@pytest.mark.parametrize("path", ["run/jauth.prom", "/run/jauth-metrics/jauth.txt"])
def test_a_path_that_no_exporter_reads_is_a_mistake(house, path):
    house.write_config(configuration(path))
    done = house.ctl("check", check=False)
    assert done.returncode == 1 and f'"{path}" must start with' in done.stdout
