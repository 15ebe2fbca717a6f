/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of USB ids under which pens are sold. An id alone makes no pen: the interface triple
 * (driver/proto/proto.h) must match as well.
 */
#ifndef MNPEN_HOST_IDS_H
#define MNPEN_HOST_IDS_H

#include <stdbool.h>
#include <stdint.h>

/** host_ids_match() - whether a device of these ids may be a pen. Any thread. */
bool host_ids_match(uint16_t vendor_id, uint16_t product_id);

#endif
