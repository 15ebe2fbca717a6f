/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The protocol's names as the outside spells them: lower case, '-' for '_' ("run-limit",
 * "cartridge-lost", "set-target"). Used by the virtual pen, on D-Bus, in records and by the CLI.
 *
 * X_name() returns a static string, "unknown" for a number that the protocol does not have.
 * X_parse() returns 0 and sets *ret, or -EINVAL and leaves it. Any thread.
 */
#ifndef MNPEN_NAMES_H
#define MNPEN_NAMES_H

#include <stdint.h>

const char *mnpen_state_name(unsigned int state);
const char *mnpen_stop_reason_name(unsigned int reason);
const char *mnpen_error_name(unsigned int code);
const char *mnpen_request_name(unsigned int request);

/** mnpen_fault_name() - name of fault bit number @bit, 0..MNPEN_FAULT_COUNT-1 */
const char *mnpen_fault_name(unsigned int bit);

int mnpen_state_parse(const char *name, unsigned int *ret);
int mnpen_stop_reason_parse(const char *name, unsigned int *ret);
int mnpen_request_parse(const char *name, unsigned int *ret);
/** mnpen_fault_parse() - *ret_mask becomes the fault's single bit */
int mnpen_fault_parse(const char *name, uint16_t *ret_mask);

#endif
