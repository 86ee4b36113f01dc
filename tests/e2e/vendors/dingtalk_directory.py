# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of DingTalk that tell of departments and members: a part of class DingTalk.

    vendor.add_department(2, "研发部", parent=1)    1 is there from the beginning
    vendor.grow(members, departments)
    vendor.hooks["user/list"] = function    called with how often that call was made, before its
                                            answer
    vendor.stuck_cursor = True              every page says that it begins where it is
    vendor.asked[call]                      how often, since reset()"""

import collections

from vendors.server import Refusal
from vendors.wecom_directory import Department, grow

PAGE_MAX = 100
LIST_DEPARTMENTS, LIST_MEMBERS = "qyapi_get_department_list", "qyapi_get_department_member"


class DingTalkDirectory:
    def directory_routes(self):
        return {
            ("POST", "/oapi/topapi/v2/department/get"): ("department/get", self.department_get),
            ("POST", "/oapi/topapi/v2/department/listsub"):
                ("department/listsub", self.department_listsub),
            ("POST", "/oapi/topapi/v2/user/list"): ("user/list", self.user_list),
        }

    def reset_directory(self):
        self.departments = {1: Department(1, "公司", 0)}
        self.hooks = {}
        self.stuck_cursor = False
        self.asked = collections.Counter()

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

    def _asks(self, call):
        self.asked[call] += 1
        hook = self.hooks.get(call)
        if hook:
            hook(self.asked[call])

    def _tell_department(self, department):
        return {"dept_id": department.number, "name": department.name,
                "parent_id": department.parent, "auto_add_user": True, "create_dept_group": True}

    def department_get(self, request):
        given = self._oapi(request, "department/get", {"dept_id": int, "language": str},
                           LIST_DEPARTMENTS)
        self._asks("department/get")
        told = self._tell_department(self.departments[given["dept_id"]])
        if not told["parent_id"]:
            del told["parent_id"]
        return self._ok(result=told)

    def department_listsub(self, request):
        given = self._oapi(request, "department/listsub", {"dept_id": int, "language": str},
                           LIST_DEPARTMENTS)
        self._asks("department/listsub")
        return self._ok(result=[self._tell_department(department)
                                for department in self.departments.values()
                                if department.parent == given["dept_id"]])

    def user_list(self, request):
        given = self._oapi(request, "user/list",
                           {"dept_id": int, "cursor": int, "size": int, "order_field": str,
                            "contain_access_limit": bool}, LIST_MEMBERS)
        self._asks("user/list")
        if not 1 <= given["size"] <= PAGE_MAX or given["cursor"] < 0:
            raise Refusal(400, "page", f"user/list: a page of {given['size']}")
        people = [person for person in self.persons.values()
                  if given["dept_id"] in getattr(person, "departments", ()) and person.visible
                  and not person.external]
        end = given["cursor"] + given["size"]
        page = {"list": [self.tell(person) for person in people[given["cursor"]:end]],
                "has_more": end < len(people)}
        if page["has_more"]:
            page["next_cursor"] = given["cursor"] if self.stuck_cursor else end
        return self._ok(result=page)
