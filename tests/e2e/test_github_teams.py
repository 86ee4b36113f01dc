# SPDX-License-Identifier: GPL-3.0-or-later
"""Teams of a GitHub organisation as groups, through real sshd and `id`: by number and by what the
sysadmin wrote down, gone when GitHub no longer has them, and kept as they were by whatever cannot be
read."""

import json
import pathlib
import re

import pytest

import configs
from accounts import n_people, person, rows
from bus import Bus
from people import CODE_PROMPT, GATE, expect_no_shell
from service import run
from vendors.github import GitHub

ORG, ORG_ID, OTHER, OTHER_ID = "example", 77, "elsewhere", 78
DEV, LABS, DOCKER, NEVER = 501, 502, 503, 504
KEYS = {"organization": ORG, "organization_id": ORG_ID, "map": "gh-{id}", "read_teams": "yes",
        "starts_per_s": 0, "starts_per_hour": 0}
GROUPS = (configs.section("group dev", {"from": f"github/{DEV}"})
          + configs.section("group labs", {"from": f"github/{LABS}", "local": "yes"})
          + configs.section("group docker", {"from": f"github/{DOCKER}", "local": "yes"}))
HIS_OWN = {"jauth-users"}
SESSION = pathlib.Path("/etc/pam.d/common-session")


@pytest.fixture(scope="module")
def vendor(authority):
    made = GitHub(authority).start()
    yield made
    made.stop()


def text_of(vendor, groups=GROUPS, **more):
    return (configs.head(tries=1) + configs.github(vendor, **{**KEYS, **more}) + groups
            + "".join(configs.service(name, "github") for name in ("sshd", "corp")))


@pytest.fixture(scope="module", autouse=True)
def jauth(house, vendor):
    for group in ("labs", "docker", "ops"):
        run(["groupadd", "-f", group])
    house.userdb()
    session = SESSION.read_text()
    SESSION.write_text(session + "session required pam_mkhomedir.so umask=0077\n")
    house.use_jauth("sshd")
    house.configure(text_of(vendor))
    yield house
    house.use_debian("sshd")
    SESSION.write_text(session)
    house.stop_jauth()
    house.userdb().stop()


@pytest.fixture
def github(vendor):
    """On its best behaviour; the test fails when a request was against GitHub's rules."""
    vendor.clear_faults()
    vendor.complaints.clear()
    vendor.sign_in_first.clear()
    vendor.page_size = 100
    yield vendor
    assert not vendor.complaints


@pytest.fixture
def configured(house, vendor):
    """Another configuration for one test."""
    def change(**changes):
        house.reload(text_of(vendor, **changes))
    yield change
    house.reload(text_of(vendor))


def team(number, slug="team", org=(ORG_ID, ORG)):
    return (number, slug, *org)


class Member:
    """Somebody at GitHub, and who he is here."""

    def __init__(self, house, github, number):
        self.house, self.github, self.number = house, github, number
        self.name = f"gh-{number}"
        github.add_person(number, f"login-{number}", orgs={ORG: (ORG_ID, "active")})

    @property
    def account(self):
        return self.github.persons[self.number]

    def log_in(self):
        """A whole login: (state, reason in the log)"""
        with Bus() as bus, bus.begin(self.name, service="corp") as login:
            step = login.next_ask()
            if "type y" in step.text():
                login.answer("y")
                step = login.next_ask()
            self.github.approve(re.search(r"Code: ([A-Z]{4}-[A-Z]{4})", step.text()).group(1),
                                self.number)
            login.answer("")
            while step.state in ("ask", "wait"):
                step = login.step()
            row = self.house.audit(request=dict(step.items)["request"]["id"])[-1]
            return step.state, " ".join(str(row[key] or "") for key in ("reason", "note"))

    def is_let_in(self, *teams):
        """Once he is in these."""
        self.account.teams = list(teams)
        state, reason = self.log_in()
        assert state == "granted", reason

    def is_refused(self, why, state="denied"):
        got, reason = self.log_in()
        assert got == state and why in reason, (got, reason)

    def groups(self):
        return set(run(["id", "-Gn", self.name]).stdout.split()) - HIS_OWN

    def kept(self):
        """What jauthd keeps of GitHub's teams."""
        return {int(row["id"]) for row in rows("SELECT id FROM people_groups WHERE uid = ?",
                                               person(self.name)["uid"])}

    def by_ssh(self, command):
        """What a command of his says, after a login by sshd."""
        with self.house.sshd().login(self.name, command) as ssh:
            ssh.wait_for(GATE)
            ssh.send_line("y")
            ssh.wait_for(CODE_PROMPT)
            self.github.approve(self.github.grants.open()[-1].user_code, self.number)
            ssh.send_line()
            ssh.wait_end(30)
            return ssh.seen


@pytest.fixture(scope="module")
def numbers():
    return iter(range(583231, 584000))


@pytest.fixture
def newcomer(house, github, numbers):
    return Member(house, github, next(numbers))


@pytest.fixture(scope="module")
def somebody(house, vendor, numbers):
    made = Member(house, vendor, next(numbers))
    assert made.log_in()[0] == "enough"
    return made


@pytest.fixture
def member(somebody, github):
    """A user here, and a member there; in the teams of the test before."""
    somebody.account.orgs = {ORG: (ORG_ID, "active")}
    assert somebody.github is github
    return somebody


# --- by ssh ---

def test_teams_are_groups_and_gone_when_they_are(newcomer):
    """From the first login of somebody who is nobody here to the one after he left his teams."""
    newcomer.account.teams = [team(DEV), team(LABS)]
    assert "Your account is ready. Connect again." in newcomer.by_ssh("id -Gn")
    assert newcomer.groups() == {"dev", "labs"}
    assert in_shell(newcomer) == HIS_OWN | {"dev", "labs"}
    newcomer.account.teams = []
    assert in_shell(newcomer) == HIS_OWN
    assert newcomer.groups() == set() == newcomer.kept()


def in_shell(member):
    """The groups of the very process that a login by ssh begins."""
    return set(re.search(r"^IN (.*)$", member.by_ssh("echo IN $(id -Gn)"), re.MULTILINE)
               .group(1).split())


def test_who_left_the_organisation_keeps_nothing(house, member):
    """He is denied, and in no group afterwards, whatever GitHub still lists."""
    member.is_let_in(team(DEV), team(LABS))
    assert member.groups() == {"dev", "labs"}
    member.account.orgs = {}
    with house.sshd().login(member.name, NumberOfPasswordPrompts=1) as ssh:
        ssh.wait_for(GATE)
        ssh.send_line("y")
        ssh.wait_for(CODE_PROMPT)
        member.github.approve(member.github.grants.open()[-1].user_code, member.number)
        ssh.send_line()
        expect_no_shell(ssh, member.name)
    assert member.groups() == set() == member.kept()
    member.account.orgs = {ORG: (ORG_ID, "active")}
    member.is_let_in(team(DEV))
    assert member.groups() == {"dev"}


# --- which ---

def test_a_team_is_its_number(member):
    """A slug changes hands, and a name is anybody's."""
    member.is_let_in(team(DEV, "dev"), team(900, "labs"))
    assert member.groups() == {"dev"}
    member.is_let_in(team(DEV, "people-of-before"), team(901, "dev"), team(902, str(LABS)))
    assert member.groups() == {"dev"}
    member.is_let_in(team(903, "dev"))
    assert member.groups() == set() and member.kept() == {903}


def test_the_hosts_groups_by_the_allow_list_alone(member, configured):
    """No number, slug or organisation of his choosing makes anybody a member of one."""
    gids = [int(run(["getent", "group", name]).stdout.split(":")[2]) for name in ("docker", "ops")]
    teams = [team(gid, name) for gid, name in zip(gids, ("docker", "ops"))]
    teams += [team(NEVER, "sudo"), team(27, "sudo"), team(999, "root")]
    member.is_let_in(*teams)
    assert member.groups() == set()
    # docker is written down, and gives rights.
    member.account.teams = [team(DOCKER, "whales")]
    member.is_refused("privileged")
    configured(privileged="yes")
    member.is_let_in(team(DOCKER, "whales"))
    assert member.groups() == {"docker"}
    # Taken off the list it is gone from everybody, without a login.
    configured(groups=GROUPS.split("[group docker]")[0])
    assert member.groups() == set()


def test_a_reload_is_answered_when_the_host_knows_the_groups(member, configured):
    configured(privileged="yes")
    member.is_let_in(team(DOCKER))
    for _ in range(10):
        configured(groups=GROUPS.split("[group docker]")[0])
        assert member.groups() == set()
        configured(privileged="yes")
        assert member.groups() == {"docker"}


def test_teams_of_other_organisations_are_nothing(member):
    member.account.orgs[OTHER] = (OTHER_ID, "active")
    member.is_let_in(team(DEV, "dev", (OTHER_ID, OTHER)), team(LABS, "labs", (OTHER_ID, ORG)))
    assert member.groups() == set() == member.kept()
    member.is_let_in(team(DEV, "dev", (OTHER_ID, OTHER)), team(LABS, "x", (ORG_ID, "renamed")))
    assert member.groups() == {"labs"}


@pytest.mark.parametrize("org", [(ORG_ID, "pending"), (OTHER_ID, "active")])
def test_membership_that_is_none(member, org):
    """Invited again only; or the name is another organisation's today."""
    member.is_let_in(team(DEV))
    member.account.orgs = {ORG: org}
    member.is_refused("no active membership of the organization")
    assert member.kept() == set()


def test_a_stranger_with_teams_is_nobody(newcomer):
    newcomer.account.orgs = {}
    newcomer.account.teams = [team(DEV)]
    before = n_people()
    newcomer.is_refused("no active membership")
    assert n_people() == before and not person(newcomer.name)


# --- who may come ---

def test_groups_allowed(member, configured):
    configured(groups_allowed=LABS)
    member.is_let_in(team(DEV), team(LABS))
    member.account.teams = [team(DEV), team(905, "labs")]
    member.is_refused("groups_allowed")
    assert member.groups() == {"dev"}


def test_teams_that_are_asked_for_cut_nothing_short(member, github, configured):
    """The filter is met on the first page, and the groups are on the second."""
    configured(teams=f"{LABS}, 17")
    github.page_size = 2
    member.is_let_in(team(LABS), team(906), team(907), team(DEV))
    assert member.groups() == {"dev", "labs"}
    member.account.teams = [team(DEV)]
    member.is_refused("no membership of one of the teams")
    assert member.groups() == {"dev"}


# --- what is asked ---

def test_the_scope_is_asked_for_with_an_organisation_only(house, github, member, configured):
    assert github.grants.all[-1].scope == ["read:org"]
    before = member.kept()
    github.granted_scope = ["user:email"]
    member.account.teams = [team(910)]
    member.is_refused("a scope that is needed was not granted")
    github.granted_scope = None
    assert member.kept() == before
    house.reload(configs.head() + configs.github(github, starts_per_s=0, starts_per_hour=0)
                 + configs.service("corp", "github"))
    assert member.log_in()[0] == "denied"
    assert github.grants.all[-1].scope == []


# --- many ---

def test_a_team_on_a_later_page(member, github):
    """Of real length: a page of a hundred has some two hundred kilobytes."""
    member.is_let_in(*[team(9000 + n, f"t{n}") for n in range(150)], team(DEV))
    assert member.groups() == {"dev"} and len(member.kept()) == 151
    assert github.n_calls("teams") >= 2


def more_pages(github):
    github.page_size = 2
    return [team(9000 + n, f"t{n}", (OTHER_ID, OTHER)) for n in range(19)] + [team(LABS), team(DEV)]


def more_teams(_github):
    return [team(9000 + n, f"t{n}") for n in range(257)]


@pytest.mark.parametrize("many", [more_pages, more_teams])
def test_more_than_is_read_is_told_and_lets_nobody_in(member, github, many):
    member.is_let_in(team(DEV))
    member.account.teams = many(github)
    member.is_refused("the teams cannot be read whole")
    assert member.kept() == {DEV}


# --- what cannot be read ---

TEAM = {"id": DOCKER, "organization": {"id": ORG_ID}}


@pytest.mark.parametrize("kind,details", [
    ("huge", {"size": 1024 * 1024}), ("status", {"status": 403}),
    ("status", {"status": 429, "retry_after": 60}),
    ("json", {"value": [TEAM, {"id": 1, "organization": None}]}),
    ("malformed", {"body": json.dumps([TEAM]).replace('"id"', '"id": 1, "id"', 1)})])
def test_a_fault_lets_nobody_in_and_changes_nothing(member, github, kind, details):
    """On the second page, when teams were read already."""
    before, n_calls = member.kept(), github.n_calls("teams")
    member.account.teams = [team(DOCKER), team(909)]
    github.page_size = 1
    github.fault("teams", "slow", seconds=0)         # the first page is right
    github.fault("teams", kind, times=5, **details)
    state, reason = member.log_in()
    assert state in ("denied", "failed"), reason
    assert github.n_calls("teams") >= n_calls + 2
    assert member.kept() == before and before - {DOCKER, 909}


def test_an_organisation_that_wants_its_own_sign_in_first(member, github):
    """GitHub shows nothing then, which is not to say that he is in no team."""
    member.is_let_in(team(DEV))
    github.sign_in_first.add(ORG_ID)
    member.is_refused("its own sign-in")
    assert member.kept() == {DEV}
    # Of another organisation it says nothing.
    github.sign_in_first = {OTHER_ID}
    member.is_let_in(team(DEV), team(LABS), team(908, "x", (OTHER_ID, OTHER)))
    assert member.groups() == {"dev", "labs"}
