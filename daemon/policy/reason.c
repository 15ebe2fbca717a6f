/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/policy/reason.h"

const char *policy_reason_name(enum policy_reason reason)
{
	switch (reason) {
	case REASON_NONE:
		return "none";
	case REASON_REQUEST:
		return "request";
	case REASON_STOP_ALL:
		return "stop-all";
	case REASON_DISARM:
		return "disarm";
	case REASON_SETTINGS:
		return "settings";
	case REASON_SESSION_END:
		return "session-end";
	case REASON_CLIENT_GONE:
		return "client-gone";
	case REASON_SHUTDOWN:
		return "shutdown";
	case REASON_DEPTH_LIMIT:
		return "depth-limit";
	case REASON_DEPTH_TARGET:
		return "depth-target";
	case REASON_OVERSPEED:
		return "overspeed";
	case REASON_UNDERSPEED:
		return "underspeed";
	case REASON_STALLED:
		return "stalled";
	case REASON_STROKE_COUNT:
		return "stroke-count";
	case REASON_DRIVE_ON:
		return "drive-on";
	case REASON_TRIGGER_IGNORED:
		return "trigger-ignored";
	case REASON_TRIGGER_HELD:
		return "trigger-held";
	case REASON_UNEXPECTED_ARM:
		return "unexpected-arm";
	case REASON_RUN_LIMIT:
		return "run-limit";
	case REASON_ORDER:
		return "order";
	case REASON_UNDECODABLE:
		return "undecodable";
	case REASON_MISSING:
		return "missing";
	case REASON_CARTRIDGE:
		return "cartridge";
	case REASON_STALE:
		return "stale";
	case REASON_ARM_TIMEOUT:
		return "arm-timeout";
	case REASON_SESSION_LIMIT:
		return "session-limit";
	case REASON_UNCONFIRMED:
		return "unconfirmed";
	case REASON_REFUSED:
		return "refused";
	case REASON_TRANSFER:
		return "transfer";
	case REASON_STORE:
		return "store";
	case REASON_PEDAL:
		return "pedal";
	case REASON_PEN:
		return "pen";
	case REASON_FAULT:
		return "fault";
	case REASON_GONE:
		return "gone";
	}
	return "unknown";
}
