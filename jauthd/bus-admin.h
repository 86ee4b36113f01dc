/* SPDX-License-Identifier: GPL-3.0-or-later */
/* org.jauth1.Admin on the bus: status, explain, log, reload; root only. */
#pragma once

#include "jauthd/bus.h"

struct core;
struct method;

extern const struct bus_method bus_admin_methods[];
extern const struct bus_method bus_reload_methods[];
extern const struct bus_method bus_ways_methods[];
extern const struct bus_method bus_directories_methods[];
extern const struct bus_method bus_setup_methods[];

/* "ready", "disabled", or what is wrong with it. */
const char *bus_method_state(const struct core *core, const struct method *method);
