/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who runs this program. */
#pragma once

/* The user of our real uid, the caller's to free; NULL after complaining that it has no name. */
char *own_name(void);
