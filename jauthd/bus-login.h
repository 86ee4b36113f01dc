/* SPDX-License-Identifier: GPL-3.0-or-later */
/* org.jauth1.Login on the bus: who may begin which login, and from where it comes. */
#pragma once

#include "jauthd/bus.h"
#include "jauthd/core.h"

extern const struct bus_method bus_login_methods[];
