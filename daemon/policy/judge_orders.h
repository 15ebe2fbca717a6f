/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of the judge that holds what the pen says of our own orders against what they were:
 * command numbers, target, enable, lease. A pen that says what cannot be has understood another
 * order than the one we gave, or keeps no lease. Inside daemon/policy only.
 */
#ifndef MNPEN_POLICY_JUDGE_ORDERS_H
#define MNPEN_POLICY_JUDGE_ORDERS_H

#include "daemon/policy/judge.h"

/** judge_orders_begin() - @sample confirmed ARM: the lease that came with it runs */
void judge_orders_begin(struct judge *judge, const struct mnpen_sample *sample);

/** judge_orders() - does the pen say of our orders what can be? Judged from the sample after the
 * one that confirmed ARM, while the pen says that it is armed or running. */
enum policy_reason judge_orders(struct judge *judge, const struct mnpen_sample *sample);

#endif
