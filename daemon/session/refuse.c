// SPDX-License-Identifier: GPL-2.0-only
/* What is said when a pen did not do what was asked. */
#include <errno.h>
#include <string.h>

#include "daemon/session/parts.h"
#include "driver/proto/names.h"

static enum refusal_code code_of(enum mnpen_error error)
{
	switch (error) {
	case MNPEN_ERR_LIMIT:
	case MNPEN_ERR_BAD_VALUE:
		return REFUSAL_LIMIT;
	case MNPEN_ERR_CARTRIDGE:
		return REFUSAL_CARTRIDGE_USED;
	case MNPEN_ERR_FAULT:
		return REFUSAL_FAULT;
	case MNPEN_ERR_NONE:
	case MNPEN_ERR_BAD_LENGTH:
	case MNPEN_ERR_BAD_STATE:
	case MNPEN_ERR_BAD_TOKEN:
	case MNPEN_ERR_STALE:
	case MNPEN_ERR_CRC:
	case MNPEN_ERR_UNSUPPORTED:
		return REFUSAL_INTERLOCK;
	}
	return REFUSAL_INTERLOCK;
}

static void refuse_by_pen(struct refusal *refusal, const char *what,
			  const struct mnpen_error_record *why)
{
	enum refusal_code code = code_of((enum mnpen_error)why->code);

	if (why->code == MNPEN_ERR_NONE)
		refuse(refusal, code, "the pen refused %s, and did not say why; plug it in again",
		       what);
	else if (why->code == MNPEN_ERR_FAULT)
		refuse(refusal, code,
		       "the pen refused %s: the cause of its fault is still there, or gone for "
		       "less "
		       "than %d ms; mend it, wait, then ask again",
		       what, MNPEN_FAULT_CLEAR_MS);
	else
		refuse(refusal, code, "the pen refused %s: %s (field at offset %u)", what,
		       mnpen_error_name(why->code), why->detail);
}

void refuse_result(struct refusal *refusal, const char *what, const struct pen_result *result)
{
	switch (result->outcome) {
	case PEN_CONFIRMED:
		return;
	case PEN_REFUSED:
		refuse_by_pen(refusal, what, &result->refusal);
		return;
	case PEN_UNCONFIRMED:
		refuse(refusal, REFUSAL_UNCONFIRMED,
		       "%s was sent, and the pen did not confirm it in time; it was stopped: look "
		       "at "
		       "the pen before going on",
		       what);
		return;
	case PEN_STOPPED:
		refuse(refusal, REFUSAL_INTERLOCK, "stopped while %s was under way: %s", what,
		       policy_reason_name(result->reason));
		return;
	case PEN_LOST:
		refuse(refusal, REFUSAL_DISCONNECTED, "the pen went away while %s was under way",
		       what);
		return;
	case PEN_CEILING:
		refuse(refusal, REFUSAL_LIMIT,
		       "%s was refused by the kernel guard: its ceiling (depth_ceiling_um or "
		       "speed_ceiling_rpm in /sys/class/mnpen) is lower; choose an area or a "
		       "profile below it, or plug the pen in again, which lifts it",
		       what);
		return;
	}
}

int refuse_command(struct refusal *refusal, const char *what, int error)
{
	if (error == -ESTALE)
		return refuse_epoch(refusal, what);
	if (error == -EBUSY)
		return refuse(refusal, REFUSAL_BUSY, "another command is under way; ask again");
	if (error == -ENODEV || error == -ENOTCONN)
		return refuse(refusal, REFUSAL_DISCONNECTED, "the pen is gone; plug it in again");
	if (error == -EAGAIN)
		return refuse(
			refusal, REFUSAL_BUSY,
			"the pen's samples do not come at a session's rate yet; ask again, and "
			"if that does not help, plug the pen in again");
	if (error == -EALREADY)
		return refuse(refusal, REFUSAL_INTERLOCK, "the pen is armed already");
	if (error == -EOVERFLOW)
		return refuse(refusal, REFUSAL_INTERLOCK,
			      "the pen's command numbers are used up; switch it off and on");
	if (error == -EPERM)
		return refuse(refusal, REFUSAL_INTERLOCK,
			      "the pen's state does not allow %s now; 'mnpenctl status' explains",
			      what);
	return refuse(refusal, REFUSAL_UNCONFIRMED, "%s could not be sent: %s", what,
		      strerrordesc_np(-error));
}
