// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/tap.h"

#include <string.h>

#include "driver/host/host.h"
#include "driver/proto/wire.h"

#define ENTRY_HEAD (HOST_SETUP_SIZE + 2) /* request, and the length of the answer */

void host_set_tap(struct host *host, struct host_tap *tap)
{
	host->tap = tap;
}

void host_forget_descriptors(struct host *host)
{
	host->descriptors.used = 0;
}

void host_keep_descriptor(struct host *host, const uint8_t setup[HOST_SETUP_SIZE],
			  const uint8_t *data, size_t len)
{
	struct host_descriptors *kept = &host->descriptors;
	uint8_t *entry = kept->bytes + kept->used;

	if (len > UINT16_MAX || kept->used + ENTRY_HEAD + len > sizeof(kept->bytes))
		return;
	memcpy(entry, setup, HOST_SETUP_SIZE);
	wire_put16(entry + HOST_SETUP_SIZE, (uint16_t)len);
	memcpy(entry + ENTRY_HEAD, data, len);
	kept->used += ENTRY_HEAD + len;
}

bool host_next_descriptor(const struct host *host, size_t *at, const uint8_t **ret_setup,
			  const uint8_t **ret_data, size_t *ret_len)
{
	const uint8_t *entry = host->descriptors.bytes + *at;

	if (*at >= host->descriptors.used)
		return false;
	*ret_setup = entry;
	*ret_data = entry + ENTRY_HEAD;
	*ret_len = wire_get16(entry + HOST_SETUP_SIZE);
	*at += ENTRY_HEAD + *ret_len;
	return true;
}
