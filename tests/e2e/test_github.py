# SPDX-License-Identifier: GPL-3.0-or-later
"""GitHub's device flow and API through real sshd: the numeric id is the identity, organisation and
team are filters, and nothing the API does wrong lets anybody in."""

import pytest

import configs
from house import wait_until
from people import GATE, expect_no_shell, expect_shell, open_code
from vendors.github import GitHub


@pytest.fixture(scope="module")
def vendor(authority):
    made = GitHub(authority).start()
    yield made
    made.stop()


def config_text(vendor, **more):
    return configs.head() + configs.github(vendor, **more) + configs.service("sshd", "github")


@pytest.fixture(scope="module", autouse=True)
def jauth(house, vendor):
    house.use_jauth("sshd")
    house.configure(config_text(vendor))
    yield house
    house.use_debian("sshd")
    house.stop_jauth()


@pytest.fixture
def github(house, vendor):
    """On its best behaviour; the test fails when a request was against GitHub's rules."""
    vendor.clear_faults()
    vendor.complaints.clear()
    vendor.granted_scope = None
    vendor.device_flow_enabled = True
    yield vendor
    vendor.clear_faults()
    assert not vendor.complaints


@pytest.fixture
def jane(house, github):
    """(Unix user, number at GitHub)"""
    user = house.add_user()
    number = 4711000 + house.uid(user)
    github.add_person(number, f"{user}-at-github")
    house.add_link(user, github.url, str(number))
    yield user, number
    house.remove_user(user)


def attempt(house, github, user, number):
    ssh = house.sshd().login(user, NumberOfPasswordPrompts=1)
    link = open_code(ssh)
    assert link == github.url + "/login/device"
    grant = github.grants.open()[-1]
    assert grant.user_code in ssh.text()
    github.approve(grant.user_code, number)
    ssh.send_line()
    return ssh


def let_in(house, github, user, number):
    with attempt(house, github, user, number) as ssh:
        expect_shell(ssh, user)


def refused(house, github, user, number):
    with attempt(house, github, user, number) as ssh:
        expect_no_shell(ssh, user)


def test_the_right_person(house, github, jane):
    let_in(house, github, *jane)


def test_denied(house, github, jane):
    user, _ = jane
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        open_code(ssh)
        github.deny(github.grants.open()[-1].user_code)
        ssh.send_line()
        expect_no_shell(ssh, user)


def test_another_person(house, github, jane):
    user, _ = jane
    refused(house, github, user, github.add_person(99, "somebody"))


def test_login_name_is_no_identity(house, github, jane):
    user, number = jane
    refused(house, github, user, github.add_person(100, str(number)))


def test_name_taken_over_by_somebody_else(house, github, jane):
    user, number = jane
    login = github.persons[number].login
    refused(house, github, user, github.add_person(101, login))


@pytest.mark.parametrize("kind", ["Organization", "Bot", "user", ""])
def test_only_accounts_of_people(house, github, jane, kind):
    user, number = jane
    github.persons[number].kind = kind
    refused(house, github, user, number)


def test_device_flow_not_enabled(house, github, jane):
    user, _ = jane
    github.device_flow_enabled = False
    with house.sshd().login(user, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(GATE)
        ssh.send_line("y")
        expect_no_shell(ssh, user)


def test_slow_down_carries_its_interval(house, github, jane):
    user, number = jane
    github.fault("token", "json", value={"error": "slow_down", "interval": 6})
    with house.sshd().login(user) as ssh:
        open_code(ssh)
        grant = github.grants.open()[-1]
        ssh.send_line()
        wait_until(lambda: grant.polls, 30, "a poll after slow_down")
        assert grant.polls[0] - grant.created > 6.5
        github.approve(grant.user_code, number)
        expect_shell(ssh, user, timeout=30)


@pytest.mark.parametrize("kind,details", [
    ("reset", {}), ("cut", {}), ("huge", {}), ("malformed", {}), ("status", {"status": 500}),
    ("status", {"status": 401}), ("status", {"status": 403}), ("json", {"value": {}}),
    ("json", {"value": {"id": "4711", "login": "x", "type": "User"}}),
    ("json", {"value": {"id": -1, "login": "x", "type": "User"}}),
    ("json", {"value": {"id": 1.5, "login": "x", "type": "User"}}),
    ("json", {"value": [{"id": 4711, "login": "x", "type": "User"}]})])
def test_faults_of_the_api_let_nobody_in(house, github, jane, kind, details):
    github.fault("user", kind, times=5, **details)
    refused(house, github, *jane)


# --- organisation and team ---

ORG = {"organization": "example", "organization_id": 77}


@pytest.fixture
def members_only(house, vendor):
    house.reload(config_text(vendor, **ORG))
    yield
    house.reload(config_text(vendor))


@pytest.fixture
def team_only(house, vendor):
    house.reload(config_text(vendor, teams="501, 502", **ORG))
    yield
    house.reload(config_text(vendor))


def test_member_of_the_organisation(house, github, jane, members_only):
    user, number = jane
    github.persons[number].orgs["example"] = (77, "active")
    let_in(house, github, user, number)


@pytest.mark.parametrize("orgs", [
    {}, {"example": (77, "pending")}, {"example": (78, "active")}, {"other": (77, "active")}])
def test_not_a_member(house, github, jane, members_only, orgs):
    user, number = jane
    github.persons[number].orgs = orgs
    refused(house, github, user, number)


def test_scope_for_the_organisation_is_missing(house, github, jane, members_only):
    user, number = jane
    github.persons[number].orgs["example"] = (77, "active")
    github.granted_scope = []
    refused(house, github, user, number)
    github.complaints.clear()           # asking without the scope is how it is found out


def test_member_of_a_team(house, github, jane, team_only):
    user, number = jane
    github.persons[number].orgs["example"] = (77, "active")
    github.persons[number].teams = [(502, "ops", 77, "example")]
    let_in(house, github, user, number)


def test_member_of_a_team_on_a_later_page(house, github, jane, team_only):
    user, number = jane
    github.persons[number].orgs["example"] = (77, "active")
    github.persons[number].teams = [(9000 + i, f"t{i}", 77, "example") for i in range(150)]
    github.persons[number].teams.append((502, "ops", 77, "example"))
    let_in(house, github, user, number)


@pytest.mark.parametrize("teams", [
    [], [(503, "ops", 77, "example")], [(5020, "502", 77, "example")]])
def test_not_in_the_team(house, github, jane, team_only, teams):
    user, number = jane
    github.persons[number].orgs["example"] = (77, "active")
    github.persons[number].teams = teams
    refused(house, github, user, number)


# --- for who sets it up ---

def test_the_probe_asks_for_a_code_and_polls_once(house, github):
    done = house.ctl("method", "probe", "github")
    assert "gave a code" in done.stdout and "takes the client" in done.stdout
    assert [endpoint for _, endpoint in github.requests][-2:] == ["device", "token"]


def test_the_probe_says_that_the_device_flow_is_off(house, github):
    github.device_flow_enabled = False
    done = house.ctl("method", "probe", "github", check=False)
    assert done.returncode == 1 and "gave a code" not in done.stdout
    assert "device_flow_disabled" in done.stderr
