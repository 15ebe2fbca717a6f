/* SPDX-License-Identifier: GPL-2.0-only */
/* A capture of a pen's traffic begins with what is known of it already. */
#include <errno.h>

#include "daemon/pen/parts.h"
#include "driver/base/cleanup.h"

#define KNOWN(request, record)                                                                     \
	{                                                                                          \
		.setup = {MNPEN_REQTYPE_IN, (request), 0, 0, MNPEN_IF_CONTROL, 0, sizeof(record)}, \
		.data = (record), .len = sizeof(record),                                           \
	}

int pen_open_capture(struct pen *pen, bool scrub)
{
	uint8_t info[MNPEN_INFO_SIZE], status[MNPEN_SAMPLE_SIZE], cartridge[MNPEN_CARTRIDGE_SIZE];
	const struct capture_known known[] = {
		KNOWN(MNPEN_REQ_GET_INFO, info),
		KNOWN(MNPEN_REQ_GET_STATUS, status),
		KNOWN(MNPEN_REQ_GET_CARTRIDGE, cartridge),
	};

	if (!pen->present)
		return -ENODEV;
	mnpen_info_encode(info, &pen->info);
	mnpen_sample_encode(status, &pen->sample);
	mnpen_cartridge_encode(cartridge, &pen->cartridge);
	return capture_open(&pen->capture, pen->host,
			    &(struct capture_options){
				    .serial = pen->identity.serial,
				    .scrub = scrub,
				    .known = known,
				    .n_known = ELEMENTSOF(known),
			    });
}
