/* SPDX-License-Identifier: GPL-3.0-or-later */
/* org.jauth1.Accounts on the bus: links, accounts, numbers and TOTP keys of users; root only. */
#pragma once

#include "jauthd/bus.h"

extern const struct bus_method bus_links_methods[];
extern const struct bus_method bus_phones_methods[];
extern const struct bus_method bus_users_methods[];
