// SPDX-License-Identifier: GPL-2.0-only
/*
 * mnpen.ko, the kernel guard: stops a microneedling pen when the program that drives it dies, hangs
 * or is wrong. This file: which devices are pens, and their life in two phases. disconnect() ends
 * all that goes on with the pen; the memory is there until the last file is closed.
 */
#include <linux/cdev.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "driver/kmod/mnpen.h"
#include "driver/uapi/ids.h"

#define PENS_MAX 64
#define NO_CEILING U16_MAX

#define PEN_CLASS USB_CLASS_VENDOR_SPEC
#define PEN_SUBCLASS 0x4d
#define PEN_PROTOCOL 0x01

#define PEN_ID(vendor, product)                                                                    \
	{                                                                                          \
		USB_DEVICE_AND_INTERFACE_INFO(vendor, product, PEN_CLASS, PEN_SUBCLASS,            \
					      PEN_PROTOCOL)                                        \
	}

static const struct usb_device_id pen_ids[] = {
	MNPEN_USB_IDS(PEN_ID),
	{},
};
MODULE_DEVICE_TABLE(usb, pen_ids);

static dev_t pen_devt;
static struct cdev pen_cdev;
static struct class pen_class = {.name = "mnpen"};
static DEFINE_IDR(pens);
static DEFINE_MUTEX(pens_lock); /* over pens; the innermost mutex */

static void pen_free(struct kref *kref)
{
	struct pen *pen = container_of(kref, struct pen, kref);

	pen_stream_free(pen);
	pen_request_free(pen);
	pen_stop_free(pen);
	pen_ring_free(&pen->ring);
	usb_put_intf(pen->intf);
	usb_put_dev(pen->udev);
	kfree(pen);
}

void pen_put(struct pen *pen)
{
	kref_put(&pen->kref, pen_free);
}

/**
 * pen_get() - the pen behind a node
 * @minor: of the node
 *
 * Return: with a reference of the caller's; NULL if it is gone.
 */
struct pen *pen_get(int minor)
{
	struct pen *pen;

	mutex_lock(&pens_lock);
	pen = idr_find(&pens, minor);
	if (pen)
		kref_get(&pen->kref);
	mutex_unlock(&pens_lock);
	return pen;
}

static int stop_one(int minor, void *pen, void *reason)
{
	pen_guard_stop(pen, *(u16 *)reason);
	return 0;
}

static int await_one(int minor, void *pen, void *end)
{
	long left = *(unsigned long *)end - jiffies;

	if (left > 0)
		pen_stop_wait(pen, pen_epoch(pen), jiffies_to_msecs(left));
	return 0;
}

/**
 * pens_stop() - STOP to all pens, and wait for their answers
 * @reason: MNPEN_GUARD_STOP_*
 *
 * To all of them first: one that does not answer holds up no other, and all wait the same time.
 */
void pens_stop(u16 reason)
{
	unsigned long end = jiffies + msecs_to_jiffies(PEN_STOP_TIMEOUT_MS);

	mutex_lock(&pens_lock);
	idr_for_each(&pens, stop_one, &reason);
	idr_for_each(&pens, await_one, &end);
	mutex_unlock(&pens_lock);
}

/**
 * pen_errno() - what the end of a transfer means to a caller of driver/uapi/chardev.h
 * @status: of a URB, or of its submission
 *
 * Return: 0, -EPIPE, -ECANCELED, -ETIMEDOUT, -ENODEV, -ENOMEM or -EPROTO.
 */
int pen_errno(int status)
{
	switch (status) {
	case 0:
	case -EPIPE:
	case -ETIMEDOUT:
	case -ENOMEM:
		return status;
	case -ECONNRESET:
		return -ECANCELED;
	case -ENOENT:
	case -EPERM:
	case -ENODEV:
	case -ESHUTDOWN:
	case -EHOSTUNREACH:
		return -ENODEV;
	default:
		return -EPROTO;
	}
}

/* Where its samples come from, by its descriptors. */
static struct usb_endpoint_descriptor *sample_endpoint(struct usb_interface *intf)
{
	struct usb_host_interface *work = usb_altnum_to_altsetting(intf, PEN_ALT_WORK);
	struct usb_endpoint_descriptor *ep;

	if (!work || usb_find_int_in_endpoint(work, &ep))
		return NULL;
	return usb_endpoint_maxp(ep) < MNPEN_GUARD_SAMPLE_SIZE ? NULL : ep;
}

static int pen_fill(struct pen *pen, const struct usb_endpoint_descriptor *ep)
{
	int r = pen_stop_init(pen);

	if (!r)
		r = pen_request_init(pen);
	if (!r)
		r = pen_stream_init(pen, ep);
	if (!r)
		r = pen_ring_init(&pen->ring);
	return r;
}

static struct pen *pen_new(struct usb_interface *intf, const struct usb_endpoint_descriptor *ep)
{
	struct pen *pen = kzalloc(sizeof(*pen), GFP_KERNEL);
	int r;

	if (!pen)
		return ERR_PTR(-ENOMEM);
	kref_init(&pen->kref);
	pen->udev = usb_get_dev(interface_to_usbdev(intf));
	pen->intf = usb_get_intf(intf);
	mutex_init(&pen->open_lock);
	mutex_init(&pen->request_lock);
	spin_lock_init(&pen->lock);
	init_waitqueue_head(&pen->readers);
	pen_rest_init(pen);
	pen->depth_ceiling_um = NO_CEILING;
	pen->speed_ceiling_rpm = NO_CEILING;
	r = pen_fill(pen, ep);
	if (r) {
		pen_put(pen);
		return ERR_PTR(r);
	}
	return pen;
}

static void forget(struct pen *pen)
{
	mutex_lock(&pens_lock);
	idr_remove(&pens, pen->minor);
	mutex_unlock(&pens_lock);
}

static int pen_show(struct pen *pen)
{
	mutex_lock(&pens_lock);
	pen->minor = idr_alloc(&pens, pen, 0, PENS_MAX, GFP_KERNEL);
	mutex_unlock(&pens_lock);
	if (pen->minor < 0)
		return pen->minor;
	pen->dev = device_create_with_groups(&pen_class, &pen->intf->dev,
					     MKDEV(MAJOR(pen_devt), pen->minor), pen, pen_groups,
					     "mnpen%d", pen->minor);
	if (IS_ERR(pen->dev)) {
		forget(pen);
		return PTR_ERR(pen->dev);
	}
	return 0;
}

/* The first phase of its end: nothing of it moves any more. */
static void pen_die(struct pen *pen)
{
	unsigned long flags;

	mutex_lock(&pen->open_lock);
	spin_lock_irqsave(&pen->lock, flags);
	pen->dead = true;
	spin_unlock_irqrestore(&pen->lock, flags);
	mutex_unlock(&pen->open_lock);
	usb_poison_urb(pen->request.urb);
	usb_poison_urb(pen->stop.urb);
	if (cancel_delayed_work_sync(&pen->rest))
		usb_autopm_put_interface_no_suspend(pen->intf);
	/* A request that had begun is over when this lock is free; none begins any more. */
	mutex_lock(&pen->request_lock);
	pen_stream_stop(pen);
	mutex_unlock(&pen->request_lock);
	wake_up_all(&pen->readers);
}

static int pen_probe(struct usb_interface *intf, const struct usb_device_id *id)
{
	struct usb_endpoint_descriptor *ep = sample_endpoint(intf);
	struct pen *pen;
	int r;

	if (intf->cur_altsetting->desc.bInterfaceNumber != 0 || !ep)
		return -ENODEV;
	pen = pen_new(intf, ep);
	if (IS_ERR(pen))
		return PTR_ERR(pen);
	usb_set_intfdata(intf, pen);
	r = pen_show(pen);
	if (r) {
		usb_set_intfdata(intf, NULL);
		pen_die(pen);
		pen_put(pen);
	}
	return r;
}

static void pen_disconnect(struct usb_interface *intf)
{
	struct pen *pen = usb_get_intfdata(intf);
	unsigned long flags;
	u32 ticket;

	/* No request behind this STOP. */
	spin_lock_irqsave(&pen->lock, flags);
	pen->dead = true;
	spin_unlock_irqrestore(&pen->lock, flags);
	ticket = pen_guard_stop(pen, MNPEN_GUARD_STOP_UNBIND);
	device_unregister(pen->dev);
	forget(pen);
	pen_stop_wait(pen, ticket, PEN_STOP_TIMEOUT_MS);
	pen_die(pen);
	usb_set_intfdata(intf, NULL);
	pen_put(pen);
}

static struct usb_driver pen_driver = {
	.name = "mnpen",
	.id_table = pen_ids,
	.probe = pen_probe,
	.disconnect = pen_disconnect,
	.suspend = pen_suspend,
	.resume = pen_resume,
	.reset_resume = pen_resume,
	.pre_reset = pen_pre_reset,
	.post_reset = pen_post_reset,
	.supports_autosuspend = 1,
	.soft_unbind = 1,
};

static int __init pen_init(void)
{
	int r = alloc_chrdev_region(&pen_devt, 0, PENS_MAX, "mnpen");

	if (r)
		return r;
	cdev_init(&pen_cdev, &pen_fops);
	pen_cdev.owner = THIS_MODULE;
	r = cdev_add(&pen_cdev, pen_devt, PENS_MAX);
	if (r)
		goto err_region;
	r = class_register(&pen_class);
	if (r)
		goto err_cdev;
	r = pen_watch_machine();
	if (r)
		goto err_class;
	r = usb_register(&pen_driver);
	if (r)
		goto err_machine;
	return 0;

err_machine:
	pen_unwatch_machine();
err_class:
	class_unregister(&pen_class);
err_cdev:
	cdev_del(&pen_cdev);
err_region:
	unregister_chrdev_region(pen_devt, PENS_MAX);
	return r;
}

static void __exit pen_exit(void)
{
	usb_deregister(&pen_driver);
	pen_unwatch_machine();
	class_unregister(&pen_class);
	cdev_del(&pen_cdev);
	unregister_chrdev_region(pen_devt, PENS_MAX);
	idr_destroy(&pens);
}

module_init(pen_init);
module_exit(pen_exit);

MODULE_AUTHOR("mnpen maintainers");
MODULE_DESCRIPTION("Guard of USB microneedling pens: stops them when their driver fails");
MODULE_LICENSE("GPL");
