// SPDX-License-Identifier: GPL-2.0-only
/* Whatever takes the pen away from its owner for a while, or for good: STOP goes out first. */
#include <linux/reboot.h>
#include <linux/suspend.h>

#include "driver/kmod/mnpen.h"

static bool leaves; /* the machine is on its way to sleep or down */

static void stop_first(struct pen *pen, u16 reason)
{
	pen_stop_wait(pen, pen_guard_stop(pen, reason), PEN_STOP_TIMEOUT_MS);
}

int pen_suspend(struct usb_interface *intf, pm_message_t message)
{
	struct pen *pen = usb_get_intfdata(intf);

	stop_first(pen, MNPEN_GUARD_STOP_SUSPEND);
	pen_stream_stop(pen);
	usb_kill_urb(pen->request.urb);
	usb_kill_urb(pen->stop.urb);
	return 0;
}

/* Also after a reset: the core has put the interface back into its alternate setting. */
int pen_resume(struct usb_interface *intf)
{
	struct pen *pen = usb_get_intfdata(intf);

	if (pen->working)
		pen_stream_start(pen);
	return 0;
}

/* No request between this and pen_post_reset(). */
int pen_pre_reset(struct usb_interface *intf)
{
	struct pen *pen = usb_get_intfdata(intf);

	stop_first(pen, MNPEN_GUARD_STOP_RESET);
	mutex_lock(&pen->request_lock);
	pen_stream_stop(pen);
	usb_kill_urb(pen->stop.urb);
	return 0;
}

int pen_post_reset(struct usb_interface *intf)
{
	struct pen *pen = usb_get_intfdata(intf);

	pen->info_known = false;
	pen_resume(intf);
	mutex_unlock(&pen->request_lock);
	return 0;
}

static int machine_goes_down(struct notifier_block *block, unsigned long event, void *unused)
{
	WRITE_ONCE(leaves, true);
	pens_stop(MNPEN_GUARD_STOP_REBOOT);
	return NOTIFY_DONE;
}

/*
 * Before processes are frozen, of which a pen's owner is one, and long before pen_suspend(): other
 * devices may take seconds to go to sleep.
 */
static int machine_sleeps(struct notifier_block *block, unsigned long event, void *unused)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		/* First, so that an ARM finds it, or is of those that the STOP ends. */
		WRITE_ONCE(leaves, true);
		pens_stop(MNPEN_GUARD_STOP_SUSPEND);
		break;
	default:
		WRITE_ONCE(leaves, false);
	}
	return NOTIFY_DONE;
}

static struct notifier_block reboot = {.notifier_call = machine_goes_down};
static struct notifier_block sleep = {.notifier_call = machine_sleeps};

/**
 * pen_machine_leaves() - whether the machine goes to sleep or down, and pens have had their STOP
 *
 * Who asks with the lock of a pen held, and is told no, is in a stop epoch that ends with that
 * STOP.
 */
bool pen_machine_leaves(void)
{
	return READ_ONCE(leaves);
}

/* Before there is a pen. */
int pen_watch_machine(void)
{
	int r = register_reboot_notifier(&reboot);

	if (r)
		return r;
	r = register_pm_notifier(&sleep);
	if (r)
		unregister_reboot_notifier(&reboot);
	return r;
}

/* When there is none any more. */
void pen_unwatch_machine(void)
{
	unregister_pm_notifier(&sleep);
	unregister_reboot_notifier(&reboot);
}
