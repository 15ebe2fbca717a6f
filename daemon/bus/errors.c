// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>

#include "daemon/bus/parts.h"

const char *refusal_error_name(enum refusal_code code)
{
	switch (code) {
	case REFUSAL_NOT_AUTHORIZED:
		return API_ERROR("NotAuthorized");
	case REFUSAL_NO_SUCH_PEN:
		return API_ERROR("NoSuchPen");
	case REFUSAL_NO_SUCH_PROFILE:
		return API_ERROR("NoSuchProfile");
	case REFUSAL_NO_SUCH_SESSION:
		return API_ERROR("NoSuchSession");
	case REFUSAL_BUSY:
		return API_ERROR("Busy");
	case REFUSAL_LIMIT:
		return API_ERROR("Limit");
	case REFUSAL_INTERLOCK:
		return API_ERROR("Interlock");
	case REFUSAL_FAULT:
		return API_ERROR("Fault");
	case REFUSAL_INVALID_ARGUMENT:
		return API_ERROR("InvalidArgument");
	case REFUSAL_CARTRIDGE_USED:
		return API_ERROR("CartridgeUsed");
	case REFUSAL_SCREENING:
		return API_ERROR("Screening");
	case REFUSAL_TOO_SOON:
		return API_ERROR("TooSoon");
	case REFUSAL_STORE:
		return API_ERROR("Store");
	case REFUSAL_UNCONFIRMED:
		return API_ERROR("Unconfirmed");
	case REFUSAL_DISCONNECTED:
		return API_ERROR("Disconnected");
	case REFUSAL_NONE:
		break;
	}
	return SD_BUS_ERROR_FAILED;
}

void text_plain(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			*text = '?';
}

/* A message that quotes what a caller sent may have cut it within a character, and D-Bus takes
 * UTF-8 only: an answer there must be, or the caller waits for nothing. */
int refusal_reply(sd_bus_message *call, const struct refusal *refusal)
{
	struct refusal plain = *refusal;
	sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(refusal_error_name(plain.code), plain.message);
	int r = sd_bus_reply_method_error(call, &error);

	if (r == -EINVAL) {
		text_plain(plain.message);
		r = sd_bus_reply_method_error(call, &error);
	}
	return r < 0 ? r : 1;
}
