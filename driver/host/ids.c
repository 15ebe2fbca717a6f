// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/ids.h"

#include "driver/base/cleanup.h"
#include "driver/uapi/ids.h"

#define HOST_ID(vendor, product)                                                                   \
	{                                                                                          \
		vendor, product                                                                    \
	}

static const struct host_id {
	uint16_t vendor_id;
	uint16_t product_id;
} host_ids[] = {MNPEN_USB_IDS(HOST_ID)};

bool host_ids_match(uint16_t vendor_id, uint16_t product_id)
{
	for (size_t i = 0; i < ELEMENTSOF(host_ids); i++)
		if (host_ids[i].vendor_id == vendor_id && host_ids[i].product_id == product_id)
			return true;
	return false;
}

bool host_ids_at(size_t index, uint16_t *ret_vendor_id, uint16_t *ret_product_id)
{
	if (index >= ELEMENTSOF(host_ids))
		return false;
	*ret_vendor_id = host_ids[index].vendor_id;
	*ret_product_id = host_ids[index].product_id;
	return true;
}
