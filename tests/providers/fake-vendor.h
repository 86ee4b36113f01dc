/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An SMS vendor whose replies say in plain words what they mean: "accepted SM1", "config out-of-
 * service", "again busy 3" (seconds to wait), and of a delivery "delivered", "failed 30005". Its
 * requests go to https://ID.example.org/send and /ask/MESSAGE-ID, and the whole message stands in
 * their body.
 */
#pragma once

#include "providers/sms-vendor.h"

/* A number that it cannot say a message to. */
#define FAKE_UNSAYABLE "+4912345678999"

extern const struct sms_vendor fake_vendor;
extern const struct sms_vendor fake_vendor_mute;         /* cannot be asked for a delivery */

extern const struct sms_gateway fake_one, fake_two, fake_mute;
/* All of them, NULL-terminated. */
extern const struct sms_gateway *const fake_gateways[];
