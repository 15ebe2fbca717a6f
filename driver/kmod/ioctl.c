// SPDX-License-Identifier: GPL-2.0-only
/* The requests of driver/uapi/chardev.h. */
#include <linux/string.h>
#include <linux/uaccess.h>

#include "driver/kmod/mnpen.h"

#define TIMEOUT_MS 50
#define TIMEOUT_MAX_MS 1000
#define CLASS_OUT (USB_DIR_OUT | USB_TYPE_CLASS | USB_RECIP_INTERFACE)
#define CLASS_IN (USB_DIR_IN | USB_TYPE_CLASS | USB_RECIP_INTERFACE)

/* docs/protocol.md, "error" */
struct error {
	u8 request;
	u8 code;
	__le16 detail;
	__le32 cmd;
};

union argument {
	struct mnpen_guard_head head;
	struct mnpen_guard_value value;
	struct {
		struct mnpen_guard_head head;
		u8 data[PEN_RECORD_MAX];
	} record;
};

/**
 * struct call - an ioctl that is being carried out
 * @pen: whose
 * @row: which
 * @arg: its argument
 * @epoch: the stop epoch in which it came
 * @timeout_ms: for each answer of the pen
 */
struct call {
	struct pen *pen;
	const struct row *row;
	union argument *arg;
	u32 epoch;
	u32 timeout_ms;
};

/**
 * struct row - what an ioctl does
 * @cmd: its number
 * @request: of the protocol, if it is one
 * @type: bmRequestType of that
 * @len: of its data
 * @carry_out: with request_lock held
 * @unlocked: without
 * @locks_device: also with the lock of the USB device
 */
struct row {
	unsigned int cmd;
	u8 request;
	u8 type;
	u8 len;
	int (*carry_out)(struct call *call);
	bool unlocked;
	bool locks_device;
};

static int send(struct call *call, u8 type, u8 request, void *data, u16 len)
{
	struct pen_order order = {
		.type = type,
		.request = request,
		.len = len,
		.timeout_ms = call->timeout_ms,
		.epoch = call->epoch,
	};

	return pen_request(call->pen, &order, data);
}

/* Why it was refused; without an answer to that, it was refused all the same. */
static void ask_why(struct call *call)
{
	struct mnpen_guard_head *head = &call->arg->head;
	struct error error;

	if (send(call, CLASS_IN, REQ_GET_ERROR, &error, sizeof(error)))
		return;
	head->request = error.request;
	head->code = error.code;
	head->detail = le16_to_cpu(error.detail);
	head->cmd = le32_to_cpu(error.cmd);
}

static int simple(struct call *call)
{
	return send(call, call->row->type, call->row->request, call->arg->record.data,
		    call->row->len);
}

static int learn(struct call *call, u8 *info)
{
	int r = send(call, CLASS_IN, REQ_GET_INFO, info, MNPEN_GUARD_INFO_SIZE);

	if (!r) {
		call->pen->tolerance_um = guard_read_tolerance(info);
		call->pen->info_known = true;
	}
	return r;
}

static int do_info(struct call *call)
{
	return learn(call, call->arg->record.data);
}

/* With the pen's lock held. */
static bool is_above(const struct pen *pen, const struct guard_limits *limits)
{
	return limits->depth_um > pen->depth_ceiling_um ||
	       limits->speed_max_rpm > pen->speed_ceiling_rpm;
}

/* The pen has accepted; whether that still is what is wanted, is known under the lock only. */
static int begin_to_guard(struct call *call, const struct guard_limits *limits)
{
	struct pen *pen = call->pen;
	unsigned long flags;
	bool renew = false;
	int r = 0;

	spin_lock_irqsave(&pen->lock, flags);
	if (pen->stop.asked != call->epoch) {
		r = -ECANCELED;
	} else if (is_above(pen, limits)) {
		renew = pen_guard_stop_locked(pen, MNPEN_GUARD_STOP_CEILING);
		r = -ECANCELED;
	} else {
		guard_arm(&pen->guard, limits, pen->tolerance_um, ktime_get_boottime_ns());
	}
	spin_unlock_irqrestore(&pen->lock, flags);
	pen_stop_renew(pen, renew);
	return r;
}

static int do_arm(struct call *call)
{
	struct guard_limits limits = guard_read_limits(call->arg->record.data);
	struct pen *pen = call->pen;
	u8 info[MNPEN_GUARD_INFO_SIZE];
	unsigned long flags;
	bool above, leaves;
	int r;

	spin_lock_irqsave(&pen->lock, flags);
	above = is_above(pen, &limits);
	leaves = pen_machine_leaves();
	spin_unlock_irqrestore(&pen->lock, flags);
	if (above)
		return -ERANGE;
	/* Who arms now is about to be frozen. */
	if (leaves)
		return -ECANCELED;
	/* Nothing would be seen of what it does then. */
	if (pen->unsure && !pen->working)
		return -EPROTO;
	r = pen->info_known ? 0 : learn(call, info);
	if (r)
		return r;
	r = simple(call);
	return r ? r : begin_to_guard(call, &limits);
}

static int do_stream(struct call *call)
{
	__le32 period_us = cpu_to_le32(call->arg->value.value);

	if (call->arg->value.flags)
		return -EINVAL;
	return send(call, CLASS_OUT, REQ_SET_STREAM, &period_us, sizeof(period_us));
}

static int do_alt(struct call *call)
{
	struct pen_order base = {
		.timeout_ms = call->timeout_ms,
		.epoch = call->epoch,
	};
	u32 alt = call->arg->value.value;

	if (call->arg->value.flags || alt > PEN_ALT_WORK)
		return -EINVAL;
	return pen_set_alt(call->pen, alt, &base);
}

static int do_stop(struct call *call)
{
	u32 reason = call->arg->value.value;
	u32 half = call->arg->value.flags;
	u32 ticket;

	if (half & ~(MNPEN_GUARD_STOP_SUBMIT | MNPEN_GUARD_STOP_WAIT) || reason > U16_MAX ||
	    half == (MNPEN_GUARD_STOP_SUBMIT | MNPEN_GUARD_STOP_WAIT))
		return -EINVAL;
	if (half == MNPEN_GUARD_STOP_WAIT)
		ticket = pen_epoch(call->pen);
	else
		ticket = pen_stop(call->pen, reason);
	if (half == MNPEN_GUARD_STOP_SUBMIT)
		return READ_ONCE(call->pen->dead) ? -ENODEV : 0;
	return pen_stop_wait(call->pen, ticket, call->timeout_ms);
}

/* pen_pre_reset() takes request_lock, so it must not be held here. */
static int do_reset(struct call *call)
{
	struct pen *pen = call->pen;
	int r;

	if (READ_ONCE(pen->dead))
		return -ENODEV;
	r = pen_lock_device(pen, false);
	if (r)
		return r;
	r = usb_reset_device(pen->udev);
	usb_unlock_device(pen->udev);
	return pen_errno(r);
}

static const struct row rows[] = {
	{
		.cmd = MNPEN_GUARD_IOC_INFO,
		.request = REQ_GET_INFO,
		.type = CLASS_IN,
		.len = MNPEN_GUARD_INFO_SIZE,
		.carry_out = do_info,
	},
	{
		.cmd = MNPEN_GUARD_IOC_STATUS,
		.request = REQ_GET_STATUS,
		.type = CLASS_IN,
		.len = MNPEN_GUARD_SAMPLE_SIZE,
		.carry_out = simple,
	},
	{
		.cmd = MNPEN_GUARD_IOC_ARM,
		.request = REQ_ARM,
		.type = CLASS_OUT,
		.len = MNPEN_GUARD_ARM_SIZE,
		.carry_out = do_arm,
	},
	{
		.cmd = MNPEN_GUARD_IOC_TARGET,
		.request = REQ_SET_TARGET,
		.type = CLASS_OUT,
		.len = MNPEN_GUARD_TARGET_SIZE,
		.carry_out = simple,
	},
	{
		.cmd = MNPEN_GUARD_IOC_LEASE,
		.request = REQ_LEASE,
		.type = CLASS_OUT,
		.len = MNPEN_GUARD_LEASE_SIZE,
		.carry_out = simple,
	},
	{
		.cmd = MNPEN_GUARD_IOC_CLEAR,
		.request = REQ_CLEAR_FAULT,
		.type = CLASS_OUT,
		.carry_out = simple,
	},
	{
		.cmd = MNPEN_GUARD_IOC_CARTRIDGE,
		.request = REQ_GET_CARTRIDGE,
		.type = CLASS_IN,
		.len = MNPEN_GUARD_CARTRIDGE_SIZE,
		.carry_out = simple,
	},
	{
		.cmd = MNPEN_GUARD_IOC_CLAIM,
		.request = REQ_CLAIM_CARTRIDGE,
		.type = CLASS_OUT,
		.len = MNPEN_GUARD_CLAIM_SIZE,
		.carry_out = simple,
	},
	{.cmd = MNPEN_GUARD_IOC_STREAM, .carry_out = do_stream},
	{.cmd = MNPEN_GUARD_IOC_ALT, .carry_out = do_alt, .locks_device = true},
	{.cmd = MNPEN_GUARD_IOC_STOP, .carry_out = do_stop, .unlocked = true},
	{.cmd = MNPEN_GUARD_IOC_RESET, .carry_out = do_reset, .unlocked = true},
};

static int carry_out(struct call *call)
{
	struct pen *pen = call->pen;
	int r;

	if (call->row->unlocked)
		return call->row->carry_out(call);
	if (call->row->locks_device) {
		r = pen_lock_device(pen, false);
		if (r)
			return r;
	}
	r = -EINTR;
	if (!mutex_lock_killable(&pen->request_lock)) {
		r = call->row->carry_out(call);
		if (r == -EPIPE)
			ask_why(call);
		mutex_unlock(&pen->request_lock);
	}
	if (call->row->locks_device)
		usb_unlock_device(pen->udev);
	return r;
}

static int begin(struct call *call)
{
	struct mnpen_guard_head *head = &call->arg->head;
	int r;

	if (head->timeout_ms > TIMEOUT_MAX_MS)
		return -EINVAL;
	if (head->epoch)
		call->epoch = head->epoch;
	call->timeout_ms = head->timeout_ms ? head->timeout_ms : TIMEOUT_MS;
	head->request = 0;
	head->code = 0;
	head->detail = 0;
	head->cmd = 0;
	r = carry_out(call);
	head->epoch = pen_epoch(call->pen);
	return r;
}

long pen_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pen *pen = file->private_data;
	void __user *user = (void __user *)arg;
	union argument argument = {};
	struct call call = {
		.pen = pen,
		.arg = &argument,
		.epoch = pen_epoch(pen),
	};
	int i, r;

	for (i = 0; i < ARRAY_SIZE(rows) && rows[i].cmd != cmd; i++)
		;
	if (i == ARRAY_SIZE(rows))
		return -ENOTTY;
	call.row = &rows[i];
	if (copy_from_user(&argument, user, _IOC_SIZE(cmd)))
		return -EFAULT;
	r = begin(&call);
	return copy_to_user(user, &argument, _IOC_SIZE(cmd)) ? -EFAULT : r;
}
