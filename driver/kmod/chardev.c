// SPDX-License-Identifier: GPL-2.0-only
/* The node /dev/mnpenN: who has it, what it reads, and how the pen is left. */
#include <linux/poll.h>
#include <linux/uaccess.h>

#include "driver/kmod/mnpen.h"

#define REST_RETRY_MS 1000

/* With open_lock held. Return: 0 the pen stands and is in alternate setting 0. */
static int come_to_rest(struct pen *pen, u32 ticket)
{
	struct pen_order order = {
		.timeout_ms = PEN_STOP_TIMEOUT_MS,
		.epoch = ticket,
		.exiting = true,
	};
	int r = pen_stop_wait(pen, ticket, PEN_STOP_TIMEOUT_MS);

	if (r)
		return r;
	r = pen_lock_device(pen, true);
	if (r)
		return r;
	mutex_lock(&pen->request_lock);
	r = pen->working || pen->unsure ? pen_set_alt(pen, PEN_ALT_REST, &order) : 0;
	mutex_unlock(&pen->request_lock);
	usb_unlock_device(pen->udev);
	return r;
}

/* Return: whether it was not to happen anyway; then it keeps the caller's reference. */
static bool rest_later(struct pen *pen)
{
	return queue_delayed_work(system_freezable_wq, &pen->rest, msecs_to_jiffies(REST_RETRY_MS));
}

/* Goes on trying with a pen that did not answer; it keeps the pen awake for that. */
static void rest(struct work_struct *work)
{
	struct pen *pen = container_of(work, struct pen, rest.work);

	mutex_lock(&pen->open_lock);
	if (pen->dead)
		usb_autopm_put_interface_no_suspend(pen->intf);
	else if (pen->open || !come_to_rest(pen, pen_stop(pen, MNPEN_GUARD_STOP_CLOSE)) ||
		 !rest_later(pen))
		usb_autopm_put_interface(pen->intf);
	mutex_unlock(&pen->open_lock);
}

void pen_rest_init(struct pen *pen)
{
	INIT_DELAYED_WORK(&pen->rest, rest);
}

static void set_open(struct pen *pen, bool open)
{
	unsigned long flags;

	spin_lock_irqsave(&pen->lock, flags);
	pen->open = open;
	pen_ring_clear(&pen->ring);
	spin_unlock_irqrestore(&pen->lock, flags);
}

static int open_locked(struct pen *pen)
{
	int r;

	if (pen->dead)
		return -ENODEV;
	if (pen->open)
		return -EBUSY;
	r = usb_autopm_get_interface(pen->intf);
	if (r)
		return r == -EACCES || r == -EINVAL ? -ENODEV : r;
	set_open(pen, true);
	return 0;
}

static int pen_open(struct inode *inode, struct file *file)
{
	struct pen *pen = pen_get(iminor(inode));
	int r;

	if (!pen)
		return -ENODEV;
	r = mutex_lock_killable(&pen->open_lock);
	if (!r) {
		r = open_locked(pen);
		mutex_unlock(&pen->open_lock);
	}
	if (r) {
		pen_put(pen);
		return r;
	}
	file->private_data = pen;
	return stream_open(inode, file);
}

/* The last close, so also the end of an owner that was killed: nothing in here heeds a signal. */
static int pen_release(struct inode *inode, struct file *file)
{
	struct pen *pen = file->private_data;
	u32 ticket = pen_guard_stop(pen, MNPEN_GUARD_STOP_CLOSE);

	mutex_lock(&pen->open_lock);
	set_open(pen, false);
	if (pen->dead)
		usb_autopm_put_interface_no_suspend(pen->intf);
	else if (!come_to_rest(pen, ticket) || !rest_later(pen))
		usb_autopm_put_interface(pen->intf);
	mutex_unlock(&pen->open_lock);
	pen_put(pen);
	return 0;
}

static bool take(struct pen *pen, struct mnpen_guard_sample *ret)
{
	unsigned long flags;
	bool taken;

	spin_lock_irqsave(&pen->lock, flags);
	taken = pen_ring_take(&pen->ring, ret);
	spin_unlock_irqrestore(&pen->lock, flags);
	return taken;
}

static void count_as_lost(struct pen *pen, const struct mnpen_guard_sample *sample)
{
	unsigned long flags;

	spin_lock_irqsave(&pen->lock, flags);
	pen->ring.lost += sample->lost + 1;
	pen->overruns++;
	spin_unlock_irqrestore(&pen->lock, flags);
}

static bool readable(struct pen *pen)
{
	return !pen_ring_empty(&pen->ring) || READ_ONCE(pen->dead);
}

/* Return: bytes; 0 if there is nothing. */
static ssize_t read_some(struct pen *pen, char __user *buf, size_t count)
{
	struct mnpen_guard_sample sample;
	size_t done = 0;

	while (count - done >= sizeof(sample) && take(pen, &sample)) {
		if (copy_to_user(buf + done, &sample, sizeof(sample))) {
			count_as_lost(pen, &sample);
			return done ? done : -EFAULT;
		}
		done += sizeof(sample);
	}
	return done;
}

static ssize_t pen_read(struct file *file, char __user *buf, size_t count, loff_t *offset)
{
	struct pen *pen = file->private_data;
	ssize_t r;

	if (count < sizeof(struct mnpen_guard_sample))
		return -EINVAL;
	for (;;) {
		/* Asked first: nothing is put in any more once it is dead. */
		bool dead = READ_ONCE(pen->dead);

		r = read_some(pen, buf, count);
		if (r)
			return r;
		if (dead)
			return -ENODEV;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		r = wait_event_interruptible(pen->readers, readable(pen));
		if (r)
			return r;
	}
}

static __poll_t pen_poll(struct file *file, poll_table *table)
{
	struct pen *pen = file->private_data;
	__poll_t events = 0;

	poll_wait(file, &pen->readers, table);
	if (!pen_ring_empty(&pen->ring))
		events |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(pen->dead))
		events |= EPOLLHUP | EPOLLERR;
	return events;
}

const struct file_operations pen_fops = {
	.owner = THIS_MODULE,
	.open = pen_open,
	.release = pen_release,
	.read = pen_read,
	.poll = pen_poll,
	.unlocked_ioctl = pen_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
