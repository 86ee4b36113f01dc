/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-userdb/interfaces.h"

#include "base/macro.h"

const struct interface interfaces[] = {
	{ "io.systemd.UserDatabase",
	  "# The users and groups that jauth made\n"
	  "interface io.systemd.UserDatabase\n\n"
	  "method GetUserRecord(uid: ?int, userName: ?string, service: string)"
	  " -> (record: object, incomplete: bool)\n\n"
	  "method GetGroupRecord(gid: ?int, groupName: ?string, service: string)"
	  " -> (record: object, incomplete: bool)\n\n"
	  "method GetMemberships(userName: ?string, groupName: ?string, service: string)"
	  " -> (userName: string, groupName: string)\n\n"
	  "error NoRecordFound()\n\n"
	  "error BadService()\n\n"
	  "error ServiceNotAvailable()\n\n"
	  "error ConflictingRecordFound()\n" },
	{ "org.varlink.service",
	  "interface org.varlink.service\n\n"
	  "method GetInfo() -> (vendor: string, product: string, version: string, url: string,"
	  " interfaces: []string)\n\n"
	  "method GetInterfaceDescription(interface: string) -> (description: string)\n\n"
	  "error InterfaceNotFound(interface: string)\n\n"
	  "error MethodNotFound(method: string)\n\n"
	  "error InvalidParameter(parameter: string)\n\n"
	  "error ExpectedMore()\n" },
};

const size_t n_interfaces = N_ELEMENTS(interfaces);
