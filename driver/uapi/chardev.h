/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * /dev/mnpenN: the ABI of the kernel guard, driver/kmod. One node a pen, one owner a node.
 *
 * Wire records (arm, target, lease, ...) are the bytes of docs/protocol.md, little-endian, and are
 * sent as they are: the guard reads of them what it needs to judge. Everything of its own is in the
 * byte order of the machine, of fixed width, and the same for 32- and 64-bit programs.
 *
 * open(): -EBUSY while somebody has it; -ENODEV gone. Open with O_CLOEXEC: a copy of the descriptor
 * in a child keeps the pen from being stopped when its owner dies. The pen is left in alt 0,
 * stopped, by the last close.
 *
 * read(): as many whole struct mnpen_guard_sample as fit and are there, never a part of one.
 * -EAGAIN none is there (O_NONBLOCK); -EINVAL the buffer is shorter than one; -ENODEV gone, after
 * those that were there have been read; -ERESTARTSYS.
 * poll(): EPOLLIN something to read, EPOLLHUP | EPOLLERR gone.
 *
 * ioctl(): one request at a time, each with the GET_ERROR that tells why it was refused; a second
 * caller waits. STOP waits for nobody, and the request that is in flight ends with -ECANCELED.
 *   0 · -EPIPE the pen refused it: the head says why · -ETIMEDOUT no answer in time ·
 *   -ECANCELED a stop came first, perhaps one of the guard's, and nobody knows whether the pen has
 *   carried it out; or an ARM while the machine goes to sleep or down: nothing was sent ·
 *   -ERANGE an ARM above a ceiling: nothing was sent · -EINVAL a field of the request, or a flag
 *   that there is not: nothing was sent · -EPROTO an answer of the wrong length, or a transfer
 *   that failed · -EFAULT · -EINTR the caller is being killed · -ENOTTY no such request, or one
 *   of another size · -ENODEV gone
 *
 * A STOP that was not answered in time stays on its way; a refused one has no GET_ERROR.
 */
#ifndef MNPEN_UAPI_CHARDEV_H
#define MNPEN_UAPI_CHARDEV_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define MNPEN_GUARD_ABI 1

/* From docs/protocol.md, "Records": bytes on the wire. */
#define MNPEN_GUARD_INFO_SIZE 64
#define MNPEN_GUARD_SAMPLE_SIZE 48
#define MNPEN_GUARD_CARTRIDGE_SIZE 48
#define MNPEN_GUARD_ARM_SIZE 32
#define MNPEN_GUARD_TARGET_SIZE 16
#define MNPEN_GUARD_LEASE_SIZE 24
#define MNPEN_GUARD_CLAIM_SIZE 16

/**
 * struct mnpen_guard_sample - what read() gives, 64 bytes each
 * @boottime_ns: CLOCK_BOOTTIME at which the packet was there
 * @lost: packets that this reader lost before this one, because it was slow
 * @length: bytes of the packet as received: MNPEN_GUARD_SAMPLE_SIZE of a sound one. What is longer
 *	is cut, what is missing reads as 0.
 * @flags: MNPEN_GUARD_*
 * @data: the packet, docs/protocol.md "sample"
 */
struct mnpen_guard_sample {
	__u64 boottime_ns;
	__u32 lost;
	__u16 length;
	__u16 flags;
	__u8 data[MNPEN_GUARD_SAMPLE_SIZE];
};

#define MNPEN_GUARD_VIOLATION (1 << 0) /* the guard has sent a STOP because of it */
/* Then bits 8 to 15 say why: MNPEN_GUARD_STOP_DEPTH to _BAD_SAMPLE, without their 0xf000. */
#define MNPEN_GUARD_REASON_SHIFT 8

/**
 * struct mnpen_guard_head - first in the argument of every request
 * @timeout_ms: in: how long the pen may take, 1 to 1000; 0 = 50
 * @epoch: out: the stop epoch, which each STOP raises, the guard's own too. In: 0, or the epoch
 *	of the request: in another one it is not carried out, -ECANCELED. So what has not reached
 *	the guard yet when its caller sends a STOP does not come behind it.
 * @request: out: with the next three GET_ERROR's record when the request ended with -EPIPE; all 0
 *	otherwise
 * @code: out
 * @detail: out
 * @cmd: out
 */
struct mnpen_guard_head {
	__u32 timeout_ms;
	__u32 epoch;
	__u8 request;
	__u8 code;
	__u16 detail;
	__u32 cmd;
};

/* In requests: @data is what the pen answered. */
struct mnpen_guard_info {
	struct mnpen_guard_head head;
	__u8 data[MNPEN_GUARD_INFO_SIZE];
};

struct mnpen_guard_status {
	struct mnpen_guard_head head;
	__u8 data[MNPEN_GUARD_SAMPLE_SIZE];
};

struct mnpen_guard_cartridge {
	struct mnpen_guard_head head;
	__u8 data[MNPEN_GUARD_CARTRIDGE_SIZE];
};

/* Out requests: @data goes to the pen. */
struct mnpen_guard_arm {
	struct mnpen_guard_head head;
	__u8 data[MNPEN_GUARD_ARM_SIZE];
};

struct mnpen_guard_target {
	struct mnpen_guard_head head;
	__u8 data[MNPEN_GUARD_TARGET_SIZE];
};

struct mnpen_guard_lease {
	struct mnpen_guard_head head;
	__u8 data[MNPEN_GUARD_LEASE_SIZE];
};

struct mnpen_guard_claim {
	struct mnpen_guard_head head;
	__u8 data[MNPEN_GUARD_CLAIM_SIZE];
};

/**
 * struct mnpen_guard_value - a request with one number
 * @head: as of every request
 * @value: STREAM: period in microseconds, 0 = off. ALT: alternate setting of interface 0, 0 or 1
 *	(both end ARMED and RUNNING; samples are collected while it is 1). STOP: the host's own
 *	reason number, 0 to 0xffff
 * @flags: of STOP, MNPEN_GUARD_STOP_*; else 0
 */
struct mnpen_guard_value {
	struct mnpen_guard_head head;
	__u32 value;
	__u32 flags;
};

/*
 * STOP in two halves, for an owner that waits for nothing: the first is with the host controller
 * when it returns, the second may sleep in a thread of its own. Without a flag it is both.
 */
/* Send it and return; behind one that is on its way already. */
#define MNPEN_GUARD_STOP_SUBMIT (1 << 0)
/* Send nothing; how the last one of this owner ended, at most @timeout_ms from now. */
#define MNPEN_GUARD_STOP_WAIT (1 << 1)

#define MNPEN_GUARD_IOC 'M'
#define MNPEN_GUARD_IOC_INFO _IOWR(MNPEN_GUARD_IOC, 0x01, struct mnpen_guard_info)
#define MNPEN_GUARD_IOC_STATUS _IOWR(MNPEN_GUARD_IOC, 0x02, struct mnpen_guard_status)
#define MNPEN_GUARD_IOC_ARM _IOWR(MNPEN_GUARD_IOC, 0x03, struct mnpen_guard_arm)
#define MNPEN_GUARD_IOC_TARGET _IOWR(MNPEN_GUARD_IOC, 0x04, struct mnpen_guard_target)
#define MNPEN_GUARD_IOC_LEASE _IOWR(MNPEN_GUARD_IOC, 0x05, struct mnpen_guard_lease)
#define MNPEN_GUARD_IOC_STOP _IOWR(MNPEN_GUARD_IOC, 0x06, struct mnpen_guard_value)
#define MNPEN_GUARD_IOC_CLEAR _IOWR(MNPEN_GUARD_IOC, 0x07, struct mnpen_guard_head)
#define MNPEN_GUARD_IOC_STREAM _IOWR(MNPEN_GUARD_IOC, 0x08, struct mnpen_guard_value)
#define MNPEN_GUARD_IOC_CARTRIDGE _IOWR(MNPEN_GUARD_IOC, 0x09, struct mnpen_guard_cartridge)
#define MNPEN_GUARD_IOC_CLAIM _IOWR(MNPEN_GUARD_IOC, 0x0a, struct mnpen_guard_claim)
/* Beyond the protocol's requests: SET_INTERFACE, and a reset of the device's port. */
#define MNPEN_GUARD_IOC_ALT _IOWR(MNPEN_GUARD_IOC, 0x10, struct mnpen_guard_value)
#define MNPEN_GUARD_IOC_RESET _IOWR(MNPEN_GUARD_IOC, 0x11, struct mnpen_guard_head)

/* wValue of the STOPs that the guard sends by itself; a daemon's own are below 0xf000. */
#define MNPEN_GUARD_STOP_CLOSE 0xf001	/* the last close, so also the end of the owner */
#define MNPEN_GUARD_STOP_SUSPEND 0xf002 /* the machine, or the port, goes to sleep */
#define MNPEN_GUARD_STOP_RESET 0xf003	/* the port is about to be reset */
#define MNPEN_GUARD_STOP_REBOOT 0xf004	/* the machine goes down */
#define MNPEN_GUARD_STOP_UNBIND 0xf005	/* the driver is taken away */
#define MNPEN_GUARD_STOP_DEPTH 0xf010	/* a stroke deeper than the armed limit and the tolerance */
#define MNPEN_GUARD_STOP_SPEED 0xf011	/* faster than armed, for too long */
#define MNPEN_GUARD_STOP_SLOW 0xf012	/* slower than armed, for too long */
#define MNPEN_GUARD_STOP_RUN_LIMIT 0xf013  /* the armed run time is over */
#define MNPEN_GUARD_STOP_UNARMED 0xf014	   /* the drive is on, and nothing was armed through here */
#define MNPEN_GUARD_STOP_BAD_SAMPLE 0xf015 /* armed, and a packet is no sample */
#define MNPEN_GUARD_STOP_CEILING 0xf016	   /* a ceiling was lowered below what is armed */

#endif
