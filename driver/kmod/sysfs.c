// SPDX-License-Identifier: GPL-2.0-only
/* The files in /sys/class/mnpen/mnpenN, which docs/abi-sysfs-mnpen describes. */
#include <linux/kstrtox.h>
#include <linux/sysfs.h>

#include "driver/kmod/mnpen.h"

static const struct reason {
	u16 reason;
	const char *name;
} reasons[] = {
	{0, "none"},
	{MNPEN_GUARD_STOP_CLOSE, "close"},
	{MNPEN_GUARD_STOP_SUSPEND, "suspend"},
	{MNPEN_GUARD_STOP_RESET, "reset"},
	{MNPEN_GUARD_STOP_REBOOT, "reboot"},
	{MNPEN_GUARD_STOP_UNBIND, "unbind"},
	{MNPEN_GUARD_STOP_DEPTH, "depth"},
	{MNPEN_GUARD_STOP_SPEED, "speed"},
	{MNPEN_GUARD_STOP_SLOW, "slow"},
	{MNPEN_GUARD_STOP_RUN_LIMIT, "run-limit"},
	{MNPEN_GUARD_STOP_UNARMED, "unarmed"},
	{MNPEN_GUARD_STOP_BAD_SAMPLE, "bad-sample"},
	{MNPEN_GUARD_STOP_CEILING, "ceiling"},
};

/**
 * pen_reason_name() - the word for a STOP of the guard
 * @reason: MNPEN_GUARD_STOP_*, or 0
 *
 * Return: static text.
 */
const char *pen_reason_name(u16 reason)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].reason == reason)
			return reasons[i].name;
	return "unknown";
}

/* A ceiling may be lowered only. What is armed above it ends. */
static ssize_t lower(struct pen *pen, u16 *ceiling, const char *buf, size_t count)
{
	unsigned long flags;
	bool renew = false;
	u16 value;
	int r = kstrtou16(buf, 10, &value);

	if (r)
		return r;
	spin_lock_irqsave(&pen->lock, flags);
	if (value > *ceiling)
		r = -EPERM;
	else
		*ceiling = value;
	if (!r && pen->guard.armed &&
	    (pen->guard.limits.depth_um > pen->depth_ceiling_um ||
	     pen->guard.limits.speed_max_rpm > pen->speed_ceiling_rpm))
		renew = pen_guard_stop_locked(pen, MNPEN_GUARD_STOP_CEILING);
	spin_unlock_irqrestore(&pen->lock, flags);
	pen_stop_renew(pen, renew);
	return r ? r : count;
}

static ssize_t depth_ceiling_um_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pen *pen = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(pen->depth_ceiling_um));
}

static ssize_t depth_ceiling_um_store(struct device *dev, struct device_attribute *attr,
				      const char *buf, size_t count)
{
	struct pen *pen = dev_get_drvdata(dev);

	return lower(pen, &pen->depth_ceiling_um, buf, count);
}
static DEVICE_ATTR_RW(depth_ceiling_um);

static ssize_t speed_ceiling_rpm_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pen *pen = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(pen->speed_ceiling_rpm));
}

static ssize_t speed_ceiling_rpm_store(struct device *dev, struct device_attribute *attr,
				       const char *buf, size_t count)
{
	struct pen *pen = dev_get_drvdata(dev);

	return lower(pen, &pen->speed_ceiling_rpm, buf, count);
}
static DEVICE_ATTR_RW(speed_ceiling_rpm);

static ssize_t show_count(struct pen *pen, const u64 *counter, char *buf)
{
	unsigned long flags;
	u64 value;

	spin_lock_irqsave(&pen->lock, flags);
	value = *counter;
	spin_unlock_irqrestore(&pen->lock, flags);
	return sysfs_emit(buf, "%llu\n", value);
}

static ssize_t samples_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pen *pen = dev_get_drvdata(dev);

	return show_count(pen, &pen->samples, buf);
}
static DEVICE_ATTR_RO(samples);

static ssize_t overruns_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pen *pen = dev_get_drvdata(dev);

	return show_count(pen, &pen->overruns, buf);
}
static DEVICE_ATTR_RO(overruns);

static ssize_t guard_stops_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pen *pen = dev_get_drvdata(dev);

	return show_count(pen, &pen->guard_stops, buf);
}
static DEVICE_ATTR_RO(guard_stops);

static ssize_t last_reason_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pen *pen = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", pen_reason_name(READ_ONCE(pen->last_reason)));
}
static DEVICE_ATTR_RO(last_reason);

static struct attribute *pen_attrs[] = {
	&dev_attr_depth_ceiling_um.attr,
	&dev_attr_speed_ceiling_rpm.attr,
	&dev_attr_samples.attr,
	&dev_attr_overruns.attr,
	&dev_attr_guard_stops.attr,
	&dev_attr_last_reason.attr,
	NULL,
};

static const struct attribute_group pen_group = {
	.attrs = pen_attrs,
};

const struct attribute_group *pen_groups[] = {
	&pen_group,
	NULL,
};
