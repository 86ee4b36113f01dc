# SPDX-License-Identifier: GPL-3.0-or-later
"""Directories: members of an organisation become users, change, move, leave and come back; what is
partial, refused or cannot be right changes nothing; killed at any moment it goes on."""

import pathlib
import shutil
import time

import pytest

import configs
from apps import on_best_behaviour
from bus import Bus
from directories import (NO, USAGE, Sync, ctl, directory_section, is_locked, listed, members,
                         people, query, refused_sync, sync)
from house import wait_until
from linked import let_in_by, refused_by, relay_section
from screen import Terminal
from service import run
from telephone import at_wecom


def text_of(double, wecom, accounts=None, **more):
    return (configs.head() + relay_section(double)
            + configs.section("accounts", accounts or {"uids": "local"})
            + directory_section(wecom, **more)
            + configs.service("sshd", more.get("name", "corp")))


@pytest.fixture(scope="module", autouse=True)
def jauth(house, double, wecom):
    house.configure(text_of(double, wecom))
    yield house
    house.stop_jauth()


@pytest.fixture
def corp(house, double, wecom):
    """Two departments, three members, nobody synced yet."""
    with on_best_behaviour(wecom):
        wecom.clear_people()
        wecom.add_department(1, "总部", parent=0)
        wecom.add_department(2, "研发部")
        wecom.add_department(3, "运维部")
        wecom.add_member("zhangsan", name="张三", departments=[2])
        wecom.add_member("LiSi", name="李四", departments=[2, 3])
        wecom.add_member("wangwu", name="王五", departments=[1])
        house.configure(text_of(double, wecom))
        yield wecom
        wecom.clear_people()


def test_members_become_users(corp):
    done = sync()
    assert done.of("add") == ["lisi", "wangwu", "zhangsan"]
    assert done.result == "3 added"
    users = people()
    assert sorted(users) == ["lisi", "wangwu", "zhangsan"]
    assert all(65536 <= uid < 200000 and state == 0 for uid, state, _ in users.values())
    assert users["lisi"][2] == "李四"
    assert query("SELECT id FROM people_groups JOIN people USING (uid) WHERE name = 'lisi'"
                 " ORDER BY id") == [("2",), ("3",)]
    told = members()
    assert (told["lisi"]["user"], told["lisi"]["departments"]) == ("lisi", "2 研发部, 3 运维部")
    row = listed()
    assert (row["state"], row["kept-members"], row["kept-departments"]) == ("done", 3, 3)


def state():
    """All that a sync could change, but for when it was."""
    return {table: query(f"SELECT * FROM {table} ORDER BY 1, 2") for table in (
        "people", "people_groups", "locked_identities", "directory_members",
        "directory_places", "directory_departments", "directory_done")}


def test_a_second_sync_writes_nothing_and_asks_for_no_names(corp):
    sync()
    before, asked = state(), dict(corp.asked)
    corp.asked.clear()
    done = sync()
    assert (done.changes, done.result) == ([], "no changes")
    assert done.status["looked-at"] == 0
    assert state() == before
    assert asked["department/get"] == 3
    assert dict(corp.asked) == {"department/simplelist": 1, "user/list": 3, "agent/get": 1}


def test_a_dry_run_changes_nothing(corp):
    before = state()
    done = sync("--dry-run")
    assert done.of("add") == ["lisi", "wangwu", "zhangsan"]
    assert state() == before
    assert sync().of("add") == ["lisi", "wangwu", "zhangsan"]
    corp.persons["lisi"].departments = [1]
    del corp.persons["zhangsan"]
    before = state()
    done = sync("--dry-run")
    assert (done.of("move"), done.of("lock")) == (["lisi"], ["zhangsan"])
    assert state() == before


def test_a_department_of_thousands(corp):
    """The vendor has no pages for it: more than a megabyte at once."""
    for number in range(2000):
        corp.add_member(f"many{number}", departments=[2])
    assert len(sync().of("add")) == 2003
    assert sync().changes == []


def test_renamed_moved_and_new_departments(corp):
    sync()
    corp.persons["zhangsan"].name = "张三丰"
    corp.persons["lisi"].departments = [3]
    corp.departments[3].parent = 2
    corp.add_department(4, "新部门")
    corp.persons["wangwu"].departments = [4]
    done = sync()
    assert (done.of("rename"), done.of("move")) == (["zhangsan"], ["lisi", "wangwu"])
    assert people()["zhangsan"][2] == "张三丰"
    assert query("SELECT name, id FROM people_groups JOIN people USING (uid) ORDER BY name") == [
        ("lisi", "3"), ("wangwu", "4"), ("zhangsan", "2")]
    assert query("SELECT id, parent FROM directory_departments ORDER BY id") == [
        ("", ""), ("1", ""), ("2", "1"), ("3", "2"), ("4", "1")]
    assert sync().changes == []


def test_a_department_that_goes_takes_its_members_along(corp):
    """Nothing that is still told of has changed."""
    corp.add_department(4, "新部门")
    corp.add_member("zhaoliu", departments=[4])
    sync()
    del corp.persons["zhaoliu"], corp.departments[4]
    done = sync()
    assert done.of("lock") == ["zhaoliu"] and len(done.changes) == 1
    assert is_locked("zhaoliu")
    assert query("SELECT id FROM directory_departments ORDER BY id") == [("",), ("1",), ("2",), ("3",)]


def test_leavers_are_locked_and_come_back(corp):
    sync()
    uid = people()["zhangsan"][0]
    gone = corp.persons.pop("zhangsan")
    done = sync()
    assert done.of("lock") == ["zhangsan"]
    assert people()["zhangsan"][:2] == (uid, 1) and is_locked("zhangsan")
    assert members()["zhangsan"]["state"] == "left"
    assert sync().changes == []
    corp.persons["zhangsan"] = gone
    assert sync().of("unlock") == ["zhangsan"]
    assert people()["zhangsan"][:2] == (uid, 0) and not is_locked("zhangsan")


@pytest.mark.parametrize("status,state_word", [(2, "disabled"), (4, "inactive"), (5, "left"),
                                               (77, "disabled")])
def test_who_is_not_active_is_locked(corp, status, state_word):
    sync()
    corp.persons["lisi"].status = status
    assert sync().of("lock") == ["lisi"]
    assert people()["lisi"][1] == 1 and is_locked("lisi")
    assert members()["lisi"]["state"] == state_word
    corp.persons["lisi"].status = 1
    assert sync().of("unlock") == ["lisi"]
    assert people()["lisi"][1] == 0 and not is_locked("lisi")


def test_who_is_new_and_not_active_is_nobody_yet(corp):
    corp.add_member("newone", status=4, departments=[2])
    corp.add_member("suspended", status=2, departments=[2])
    assert sync().of("add") == ["lisi", "wangwu", "zhangsan"]
    assert is_locked("suspended") and not is_locked("newone")
    corp.persons["newone"].status = corp.persons["suspended"].status = 1
    assert sync().of("add") == ["newone", "suspended"]
    assert not is_locked("suspended")


def test_an_id_given_to_somebody_else(house, corp):
    sync()
    uid = people()["zhangsan"][0]
    del corp.persons["zhangsan"]
    sync()
    corp.add_member("zhangsan", name="赵六", departments=[3])
    done = sync()
    assert done.of("refuse") == ["zhangsan"]
    assert "somebody else" in done.text("zhangsan")[0]
    assert people()["zhangsan"] == (uid, 1, "张三") and is_locked("zhangsan")
    assert members()["zhangsan"]["fault"]
    assert sync().changes == []                    # told once
    house.ctl("user", "remove", "zhangsan")
    assert sync().of("add") == ["zhangsan"]
    assert people()["zhangsan"][2] == "赵六" and people()["zhangsan"][0] != uid
    assert not is_locked("zhangsan")


def test_links_of_the_one_before_are_in_the_way(house, corp):
    user = house.add_user()
    corp.add_member("sysadmin", name="钱七", departments=[2])     # reserved: no user, but a link
    house.add_link(user, f"wecom:{corp.corp_id}", "root")
    corp.add_member("root", name="钱七", departments=[2])
    done = sync()
    assert "root" in done.of("refuse")
    del corp.persons["root"]
    sync()
    assert is_locked("root")
    corp.add_member("root", name="孙八", departments=[2])
    done = sync()
    assert "links" in done.text("root")[0] and is_locked("root")
    house.remove_links(user)
    sync()
    assert not is_locked("root")


NAMES = [
    ("root", "root"), ("daemon", "of the host"), ("admin", "rights"), ("docker", "rights"),
    ("nogroup", "group"), ("0day", "begins"), ("a" * 32, "long"), ("zhang.san", "dot"),
    ("zhang@san", "at"), ("-x", "dash"),
]


def test_names_that_nobody_may_have(house, corp):
    house.add_user("localone")
    for name, _ in [*NAMES, ("localone", "")]:
        if name[0].isalnum():
            corp.add_member(name, departments=[2])
    done = sync()
    assert done.of("add") == ["lisi", "wangwu", "zhangsan"]
    refused = done.of("refuse")
    assert {"root", "daemon", "admin", "docker", "nogroup", "localone"} <= set(refused)
    assert sorted(people()) == ["lisi", "wangwu", "zhangsan"]
    assert sync().changes == []
    house.remove_user("localone")
    assert sync().of("add") == ["localone"]          # what was in his way is gone


FAULTS = [
    ("simplelist fails", "department/simplelist", 60011, "60011"),
    ("a department's name fails", "department/get", 48002, "48002"),
    ("a department's members fail", "user/list", 60003, "60003"),
    ("the app cannot be read", "agent/get", 301002, "301002"),
    ("the address is not trusted", "user/list", 60020, "企业可信IP"),
]


@pytest.mark.parametrize("call,code,word", [row[1:] for row in FAULTS],
                         ids=[row[0] for row in FAULTS])
def test_a_listing_that_fails_changes_nothing(house, double, corp, call, code, word):
    sync()
    before = people(), query("SELECT * FROM locked_identities"), members()
    del corp.persons["zhangsan"]
    corp.persons["lisi"].status = 2
    corp.add_department(9, "另一个")
    corp.add_member("newone", departments=[3])
    corp.fail(call, code)
    done = refused_sync("--allow-removals", "3")
    assert word in done.result
    assert (people(), query("SELECT * FROM locked_identities"), members()) == before
    house.reload(text_of(double, corp))              # nothing is told for a while
    done = sync("--allow-removals", "3")
    assert done.of("lock") == ["lisi", "zhangsan"]


def loop(corp):
    corp.departments[2].parent, corp.departments[3].parent = 3, 2


def itself(corp):
    corp.departments[2].parent = 2


def otherwise(corp):
    corp.told_otherwise[(3, "lisi")] = {"status": 2}


def other_name(corp):
    corp.told_otherwise[(2, "lisi")] = {"name": "somebody"}


def no_status(corp):
    corp.told_otherwise[(2, "lisi")] = {"status": "1"}


def bad_id(corp):
    corp.told_otherwise[(2, "lisi")] = {"userid": "li\nsi"}


def twice(corp):
    corp.departments[7] = corp.departments[2]


LIES = [loop, itself, otherwise, other_name, no_status, bad_id, twice]


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("known", [False, True])
def test_a_listing_that_contradicts_itself_changes_nothing(corp, known, lie):
    if known:
        sync()
    before = people(), query("SELECT * FROM locked_identities"), members()
    lie(corp)
    corp.add_member("newone", departments=[3])
    refused_sync()
    assert (people(), query("SELECT * FROM locked_identities"), members()) == before
    if lie not in (no_status, bad_id):             # in an answer: the departments before it stay
        assert query("SELECT count(*) FROM directory_members WHERE round = 1") == [(0,)]


def test_too_many_calls_are_made_again_later(corp):
    corp.fail("user/list", -1, times=2)
    assert sync().result == "3 added"


def test_mass_removal_stops_and_asks(house, corp):
    for number in range(20):
        corp.add_member(f"user{number:02}", departments=[3])
    sync()
    for number in range(5):
        del corp.persons[f"user{number:02}"]
    before = people()
    done = refused_sync()
    assert "5 of 23 members would lose access" in done.result
    assert "--allow-removals 5" in done.result and people() == before
    assert listed()["state"] == "asks"
    corp.asked.clear()
    refused_sync("--allow-removals", "4")
    assert people() == before and not corp.asked       # what was listed is asked about again
    done = sync("--allow-removals", "5")
    assert len(done.of("lock")) == 5 and not corp.asked
    assert sync().changes == []
    del corp.persons["user05"]
    assert sync().of("lock") == ["user05"]             # one is always allowed


def test_an_empty_organisation_is_no_reason(corp):
    sync()
    corp.persons.clear()
    refused_sync()
    corp.departments.clear()
    assert "3 of 3" in refused_sync().result
    assert all(state == 0 for _, state, _ in people().values())


def test_who_sees_the_app_by_himself(corp):
    corp.add_member("lone", name="独", departments=[77])
    corp.lone = {"lone", "lisi", "ghost"}
    corp.persons["ghost"] = corp.persons["lone"].__class__("ghost", departments=[77])
    corp.persons["ghost"].corp = "ww0000000000000000"
    done = sync()
    assert done.of("add") == ["lisi", "lone", "wangwu", "zhangsan"]
    assert sync().changes == []
    corp.lone = {"lisi"}
    assert sync().of("lock") == ["lone"]


def test_groups_allowed(house, double, corp):
    house.configure(text_of(double, corp, groups_allowed="2"))
    assert sync().of("add") == ["lisi", "zhangsan"]
    corp.persons["lisi"].departments = [3]
    assert sync().of("lock") == ["lisi"]
    house.reload(text_of(double, corp, groups_allowed="2, 3"))
    done = sync()
    assert done.of("unlock") == ["lisi"]
    house.reload(text_of(double, corp))
    assert sync().of("add") == ["wangwu"]


def test_another_organisation_behind_the_same_section(house, double, corp):
    sync()
    corp.corp_id, before = "ww9999999999999999", corp.corp_id
    try:
        house.reload(text_of(double, corp))
        assert "3 of 3" in refused_sync().result
        done = sync("--allow-removals", "3")
        assert len(done.of("lock")) == 3 and len(done.of("refuse")) == 3
        assert all(state == 1 for _, state, _ in people().values())
    finally:
        corp.corp_id = before


def test_a_sysadmins_lock_stays(house, corp):
    sync()
    house.ctl("user", "lock", "zhangsan")
    gone = corp.persons.pop("zhangsan")
    sync()
    corp.persons["zhangsan"] = gone
    sync()
    assert people()["zhangsan"][1] == 1


def test_whom_a_sysadmin_locked_and_removed_has_left_all_the_same(house, corp):
    sync()
    gone = corp.persons.pop("zhangsan")
    sync()
    for verb in ("lock", "remove"):
        house.ctl("user", verb, "zhangsan")
    assert is_locked("zhangsan")                     # and so all his links
    corp.persons["zhangsan"] = gone
    assert sync().of("add") == ["zhangsan"] and not is_locked("zhangsan")
    for verb in ("lock", "remove"):
        house.ctl("user", verb, "zhangsan")
    assert not is_locked("zhangsan")


# --- DingTalk ---

@pytest.fixture
def ding(house, double, dingtalk):
    with on_best_behaviour(dingtalk):
        dingtalk.clear_people()
        dingtalk.add_department(2, "研发部")
        dingtalk.add_department(5, "运维部", parent=2)
        dingtalk.add_member("zhao", name="赵一", departments=[1])
        dingtalk.add_member("qian", name="钱二", departments=[2, 5])
        dingtalk.add_member("manager123", name="孙三", departments=[5])
        house.configure(configs.head() + relay_section(double)
                        + directory_section(dingtalk, "dingtalk", "ding")
                        + configs.service("sshd", "ding"))
        yield dingtalk
        dingtalk.clear_people()


def test_the_other_vendor(ding):
    done = sync(name="ding")
    assert done.of("add") == ["manager123", "qian", "zhao"]
    assert members("ding")["qian"]["departments"] == "2 研发部, 5 运维部"
    ding.asked.clear()
    assert sync(name="ding").changes == []
    assert dict(ding.asked) == {"department/listsub": 3, "user/list": 3}
    ding.persons["zhao"].active = False
    ding.persons["qian"].name = "钱小二"
    done = sync(name="ding")
    assert (done.of("lock"), done.of("rename")) == (["zhao"], ["qian"])


def test_pages(ding):
    for number in range(250):
        ding.add_member(f"many{number}", departments=[2])
    assert len(sync(name="ding").of("add")) == 253
    assert ding.asked["user/list"] == 5


def test_a_cursor_that_does_not_lead_on(ding):
    sync(name="ding")
    before = people()
    for number in range(150):
        ding.add_member(f"many{number}", departments=[2])
    ding.stuck_cursor = True
    assert "next page" in refused_sync(name="ding").result
    assert people() == before


def test_a_union_id_is_the_human_being(ding):
    sync(name="ding")
    was = ding.persons.pop("zhao")
    ding.add_member("zhao", name=was.name, departments=[1])      # never missing, same name
    done = sync(name="ding")
    assert done.of("refuse") == ["zhao"] and is_locked("zhao") and people()["zhao"][1] == 1
    ding.persons["zhao"] = was
    assert sync(name="ding").of("unlock") == ["zhao"]
    assert people()["zhao"][1] == 0 and not is_locked("zhao")


DING_FAULTS = [("department/listsub", 60011, "60011"), ("user/list", 50002, "50002"),
               ("user/list", 90020, "90020")]


@pytest.mark.parametrize("call,code,word", DING_FAULTS)
def test_an_error_of_the_other_vendor(ding, call, code, word):
    sync(name="ding")
    before = people()
    ding.persons.clear()
    ding.fail(call, code)
    assert word in refused_sync("--allow-removals", "9", name="ding").result
    assert people() == before


def test_a_missing_permission_is_named(ding):
    ding.persons["zhao"].hidden = {"active"}
    assert "qyapi_get_member" in refused_sync(name="ding").result


def test_a_second_limit_is_kept(ding):
    for number in range(30, 45):
        ding.add_department(number, f"部门{number}")
    sync(name="ding")                                # more calls than fit into a second
    assert not ding.complaints


# --- killed, and hosts that agree ---

def test_killed_while_listing_it_goes_on(house, corp):
    for number in range(10, 30):
        corp.add_department(number, f"部门{number}")
        corp.add_member(f"killed{number}", departments=[number])

    def kill(n):
        if n == 12:
            house.jauthd.kill()

    corp.hooks["user/list"] = kill
    with pytest.raises(AssertionError):
        sync()
    corp.hooks.clear()
    wait_until(house.is_on_bus, 10, "jauthd")
    assert not people()
    assert sync().result == "23 added"
    assert corp.asked["user/list"] <= 25            # 23 departments, and those of the last moment
    assert corp.asked["department/get"] == 23       # their names are known


def test_killed_at_any_moment_nothing_is_half(house, corp):
    corp.grow(600, 12)
    for delay in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8):
        with Bus() as bus:
            bus.call("Admin", "SyncDirectory", "sa{sv}", "corp", {})
        time.sleep(delay)
        house.jauthd.kill()
        wait_until(house.is_on_bus, 10, "jauthd")
    wait_until(lambda: listed()["state"] != "runs", 60, "the end")
    sync()
    rows = query("SELECT uid, subject, name, state FROM people")
    assert len(rows) == 603 and all(state == 0 for *_, state in rows)
    assert len({uid for uid, *_ in rows}) == 603
    assert query("SELECT count(*) FROM directory_places WHERE round = 0") == \
        query("SELECT count(*) FROM people_groups")
    assert query("SELECT count(*) FROM directory_done") == [(0,)]
    assert sync().changes == []


def test_a_helper_that_dies_is_no_reason(house, corp):
    sync()
    before = people()
    corp.persons.clear()
    corp.hooks["user/list"] = lambda n: house.http.kill()
    refused_sync("--allow-removals", "9")
    corp.hooks.clear()
    assert people() == before


def test_hosts_of_a_fleet_agree(house, double, corp):
    key = house.folder / "fleet-key"
    key.write_text("k" * 43 + "\n")
    key.chmod(0o640)
    shutil.chown(key, "root", "jauth")
    corp.grow(300, 12)
    seen = []
    for number in range(3):
        text = text_of(double, corp, accounts={"uids": "fleet", "fleet_key_file": key})
        house.configure(text)
        if number == 1:                              # it met them in another order
            left = {name: corp.persons.pop(name) for name in list(corp.persons)[::2]}
            sync()
            corp.persons.update(left)
        sync()
        seen.append({name: uid for name, (uid, *_) in people().items()})
    assert len(seen[0]) == 303 and seen[0] == seen[1] == seen[2]
    assert all(0x78000000 <= uid <= 0x7ffffffe for uid in seen[0].values())


def test_the_snapshot_tells_of_them(house, corp):
    snapshot = pathlib.Path("/var/lib/jauth-userdb/snapshot")
    snapshot.parent.mkdir(exist_ok=True)
    shutil.chown(snapshot.parent, "jauth", "jauth")
    sync()
    wait_until(lambda: snapshot.exists() and b"zhangsan" in snapshot.read_bytes(), 10, "it")


def test_a_member_logs_in_until_he_leaves(house, relay, corp):
    """Who exists nowhere but in the organisation, with the code that came with the directory."""
    corp.trusted_domain = relay.url.removeprefix("https://")
    way = lambda url: at_wecom(corp, url, "zhangsan")            # noqa: E731
    house.userdb()
    house.use_jauth("sshd")
    try:
        sync()
        wait_until(lambda: run(["id", "zhangsan"], check=False).returncode == 0, 10, "the user")
        let_in_by(way, house, relay, "zhangsan")
        del corp.persons["zhangsan"]
        sync()
        corp.add_member("zhangsan", name="张三", departments=[2])  # but not synced yet
        reason = refused_by(way, house, relay, "zhangsan", "denied")
        assert "locked" in reason
    finally:
        house.use_debian("sshd")


def groups_of(user):
    return run(["id", "-nG", user], check=False).stdout.split()


def test_under_another_name_it_takes_over(house, double, corp):
    """Its groups count although nothing else changed, and whom the one before locked returns."""
    house.userdb()
    sync()
    house.reload(text_of(double, corp, name="other")
                 + configs.section("group research", {"from": "other/2"}))
    assert "research" not in groups_of("lisi")
    assert sync(name="other").changes == []
    wait_until(lambda: "research" in groups_of("lisi"), 10, "his group")
    gone = corp.persons.pop("zhangsan")
    assert sync(name="other").of("lock") == ["zhangsan"]
    corp.persons["zhangsan"] = gone
    house.reload(text_of(double, corp, name="third"))
    assert sync(name="third").of("unlock") == ["zhangsan"]
    assert people()["zhangsan"][1] == 0 and not is_locked("zhangsan")


def test_two_syncs_at_once(house, corp):
    seen = []
    corp.hooks["user/list"] = lambda n: seen.append(Sync().complaints)
    sync()
    corp.hooks.clear()
    assert "under way" in seen[0]


def test_a_directory_that_goes_away_and_comes_back_meanwhile(house, double, corp):
    def reload(n):
        if n == 2:
            house.reload(configs.head() + relay_section(double))
            assert not ctl("list", "--json")[1].strip("[] \n")
            house.reload(text_of(double, corp))
            assert "under way" in Sync().complaints

    corp.hooks["user/list"] = reload
    with Bus() as bus:
        bus.call("Admin", "SyncDirectory", "sa{sv}", "corp", {})
    wait_until(lambda: len(people()) == 3 and listed()["state"] == "done", 20, "the end")
    corp.hooks.clear()
    assert sync().changes == []


def test_it_is_told_in_the_audit_and_counted(house, corp):
    sync()
    del corp.persons["lisi"]
    sync()
    rows = [row for row in house.audit(service="directory")]
    assert [(row["user"], row["outcome"], row["reason"]) for row in rows] == [
        ("", "granted", "3 added"), ("lisi", "denied", "left the organisation"),
        ("", "granted", "1 locked")]


def test_what_is_typed_wrong():
    for words in (["sync"], ["sync", "corp", "--allow-removals", "x"], ["members"]):
        assert ctl(*words)[0] == USAGE
    code, out, complaints = ctl("sync", "nobody")
    assert (code, out) == (NO, "") and "no such directory" in complaints
    assert ctl("members", "nobody")[0] == NO


def test_a_progress_bar_on_a_terminal(house, corp):
    corp.grow(200, 20)
    corp.hooks["user/list"] = lambda n: time.sleep(0.05)
    with Terminal(["jauthctl", "directory", "sync", "corp"], columns=120) as terminal:
        terminal.wait_for(r"\[#+\.+\] lists")
        terminal.wait_for(r"203 added")
        terminal.wait_end()
