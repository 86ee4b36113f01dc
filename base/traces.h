/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What library calls leave behind where nobody looks: frames of the stack below, and registers. */
#pragma once

/* Overwrites both. A daemon calls it when a turn of its loop is done, so that a core holds
 * nothing of what was freed and wiped on the heap. */
void traces_wipe(void);
