# SPDX-License-Identifier: GPL-3.0-or-later
"""Directories: members of an organisation become users, change, move, leave and come back; what is
partial, refused or cannot be right changes nothing; killed at any moment it goes on."""

import pytest

import configs
from apps import on_best_behaviour
from directories import (directory_section, is_locked, listed, members, people, query,
                         refused_sync, sync)
from linked import relay_section


def text_of(double, wecom, accounts=None, **more):
    return (configs.head() + relay_section(double)
            + configs.section("accounts", accounts or {"uids": "local"})
            + directory_section(wecom, **more) + configs.service("sshd", "corp"))


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
