/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of USB ids under which pens are sold. An id alone makes no pen: the interface triple
 * (driver/proto/proto.h) must match as well.
 */
#ifndef MNPEN_HOST_IDS_H
#define MNPEN_HOST_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** host_ids_match() - whether a device of these ids may be a pen. Any thread. */
bool host_ids_match(uint16_t vendor_id, uint16_t product_id);

/** host_ids_at() - the ids of the row @index; false behind the last one. udev/ has the same. */
bool host_ids_at(size_t index, uint16_t *ret_vendor_id, uint16_t *ret_product_id);

#endif
