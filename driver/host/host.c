// SPDX-License-Identifier: GPL-2.0-only
/*
 * The part of a connection that all transports share: what no transport could do is refused here,
 * the rest goes through the ops table.
 */
#include "driver/host/host.h"

#include <errno.h>

#include "driver/uapi/chardev.h"

int host_control(struct host *host, const struct host_control *control, host_done done,
		 void *userdata)
{
	/* An IN request of no length would report nothing: a slip of the caller. */
	if (control->len > sizeof(control->data) || (control->in && control->len == 0))
		return -EINVAL;
	return host->ops->control(host, control, done, userdata);
}

int host_set_alt(struct host *host, uint8_t alt, unsigned int timeout_ms, host_done done,
		 void *userdata)
{
	return host->ops->set_alt(host, alt, timeout_ms, done, userdata);
}

int host_stream(struct host *host, bool on)
{
	return host->ops->stream(host, on);
}

int host_stop(struct host *host, uint16_t reason, host_done done, void *userdata)
{
	return host->ops->stop(host, reason, done, userdata);
}

int host_reset(struct host *host)
{
	return host->ops->reset(host);
}

struct host *host_free(struct host *host)
{
	if (host)
		host->ops->free(host);
	return NULL;
}

const char *host_transport_name(const struct host *host)
{
	return host->ops->name;
}

const char *host_guard_reason(uint8_t reason)
{
	switch (0xf000 | reason) {
	case MNPEN_GUARD_STOP_DEPTH:
		return "depth";
	case MNPEN_GUARD_STOP_SPEED:
		return "speed";
	case MNPEN_GUARD_STOP_SLOW:
		return "slow";
	case MNPEN_GUARD_STOP_RUN_LIMIT:
		return "run-limit";
	case MNPEN_GUARD_STOP_UNARMED:
		return "unarmed";
	case MNPEN_GUARD_STOP_BAD_SAMPLE:
		return "bad-sample";
	case MNPEN_GUARD_STOP_CEILING:
		return "ceiling";
	}
	return "unknown";
}
