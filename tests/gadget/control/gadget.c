// SPDX-License-Identifier: GPL-2.0-only
/* Start state of a run. */
#include <string.h>

#include "tests/gadget/control/gadget.h"

int gadget_init(struct gadget *gadget, sd_event *event, const struct device_options *options,
		const char *serial, unsigned int n_pens)
{
	struct mnpen_cartridge cartridge;
	int r;

	memset(gadget, 0, sizeof(*gadget));
	gadget->event = event;
	gadget->tags.today_days = options->today_days;
	gadget->tags.box = options->box;
	r = server_new(&gadget->server, event, options, serial, n_pens);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < n_pens; i++) {
		if (!gadget->server->ports[i].pen)
			continue;
		cartridge = tags_fresh(&gadget->tags);
		model_insert_cartridge(&gadget->server->ports[i].pen->model, &cartridge);
	}
	return 0;
}

void gadget_done(struct gadget *gadget)
{
	gadget->server = server_free(gadget->server);
}
