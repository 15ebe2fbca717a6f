// SPDX-License-Identifier: GPL-2.0-only
/* Whatever takes the pen away from its owner for a while, or for good: STOP goes out first. */
#include <linux/reboot.h>
#include <linux/suspend.h>

#include "driver/kmod/mnpen.h"

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

int pen_reboot(struct notifier_block *block, unsigned long event, void *unused)
{
	stop_first(container_of(block, struct pen, reboot), MNPEN_GUARD_STOP_REBOOT);
	return NOTIFY_DONE;
}

/*
 * Before processes are frozen, of which the pen's owner is one, and long before pen_suspend():
 * other devices may take seconds to go to sleep.
 */
int pen_sleep(struct notifier_block *block, unsigned long event, void *unused)
{
	if (event == PM_SUSPEND_PREPARE || event == PM_HIBERNATION_PREPARE)
		stop_first(container_of(block, struct pen, sleep), MNPEN_GUARD_STOP_SUSPEND);
	return NOTIFY_DONE;
}
