# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of WeCom's API that tell of departments and members: a part of class WeCom.

    vendor.add_department(2, "研发部", parent=1)
    vendor.grow(members, departments)       a whole corp at once; `seed` makes another one
    vendor.hooks["user/list"] = function    called with how often that call was made, before its
                                            answer
    vendor.told_otherwise[(2, "zhangsan")] = {"status": 2}
                                            what department 2 tells of him, and no other
    vendor.asked[call]                      how often, since reset()
    vendor.lone = {"lisi"}                  who may see the app by himself, in no department"""

import collections
import random

from vendors.errcode import Errcode

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英"


class Department:
    def __init__(self, number, name, parent):
        self.number = number
        self.name = name
        self.parent = parent            # 0: none


def grow(n_members, n_departments, seed=1):
    """(departments, members): rows of (number, name, parent) and (userid, name, departments)."""
    chance = random.Random(seed)
    departments = [(1, "总部", 0)]
    for number in range(2, n_departments + 1):
        departments.append((number, f"部门{number}", chance.randint(1, max(1, number // 8))))
    members = []
    for number in range(n_members):
        name = chance.choice(SURNAMES) + chance.choice(GIVEN) + chance.choice(GIVEN)
        places = [number % n_departments + 1]
        if number % 10 == 0 and n_departments > 1:
            places.append(chance.randint(1, n_departments))
        members.append((f"u{number:06}", name, sorted(set(places))))
    return departments, members


class WeComDirectory:
    def directory_routes(self):
        return {
            ("GET", "/cgi-bin/department/simplelist"):
                ("department/simplelist", self.department_simplelist),
            ("GET", "/cgi-bin/department/get"): ("department/get", self.department_get),
            ("GET", "/cgi-bin/user/list"): ("user/list", self.user_list),
        }

    def reset_directory(self):
        self.departments = {}           # number → Department
        self.lone = set()
        self.told_otherwise = {}
        self.hooks = {}
        self.asked = collections.Counter()
        self.by_department = {}

    # --- what a test does ---

    def add_department(self, number, name, parent=1):
        self.departments[number] = Department(number, name, parent)
        return number

    def grow(self, n_members, n_departments, seed=1):
        departments, members = grow(n_members, n_departments, seed)
        for number, name, parent in departments:
            self.add_department(number, name, parent)
        for userid, name, places in members:
            self.add_member(userid, name=name, departments=places)

    def clear_people(self):
        self.persons.clear()

    # --- the API ---

    def asks(self, call):
        self.asked[call] += 1
        hook = self.hooks.get(call)
        if hook:
            hook(self.asked[call])

    def _index(self):
        """Who is where, at the beginning of a listing."""
        self.by_department = collections.defaultdict(list)
        for person in self.persons.values():
            for number in getattr(person, "departments", ()):
                if person.visible and not person.corp:
                    self.by_department[number].append(person)

    def department_simplelist(self, request):
        self._app(request, "department/simplelist")
        self.asks("department/simplelist")
        self._index()
        return self._ok(department_id=[
            {"id": department.number, "parentid": department.parent, "order": 100000000}
            for department in self.departments.values()])

    def department_get(self, request):
        given = self._app(request, "department/get", ["id"])
        self.asks("department/get")
        department = self.departments.get(int(given["id"]))
        if not department:
            raise Errcode(60003)
        return self._ok(department={
            "id": department.number, "name": department.name, "name_en": "",
            "department_leader": [], "parentid": department.parent, "order": 100000000})

    def user_list(self, request):
        given = self._app(request, "user/list", ["department_id"])
        self.asks("user/list")
        number = int(given["department_id"])
        if number not in self.departments:
            raise Errcode(60003)
        return self._ok(userlist=[
            {**self.tell(person), **self.told_otherwise.get((number, person.userid.lower()), {})}
            for person in self.by_department[number]])

    def tell(self, person):
        return {"userid": person.userid, "name": person.name, "department": person.departments,
                "main_department": person.main_department, "position": "", "alias": "",
                "is_leader_in_dept": [0] * len(person.departments), "direct_leader": [],
                "order": [0] * len(person.departments), "status": person.status,
                "isleader": 0, "telephone": "", "enable": 1, "hide_mobile": 0}
