/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * usbfs as its programs see it: open files, their claims and their URBs.
 *   usbfs.c   open files and the table of ioctls
 *   claim.c   claims of interfaces
 *   request.c ioctls that wait for one transfer: control, bulk, settings, halts
 *   urb.c     ioctls that do not: submit, reap, discard
 */
#ifndef MNPEN_BRIDGE_USBFS_H
#define MNPEN_BRIDGE_USBFS_H

#include <glib.h>
#include <umockdev.h>

#include "tests/bridge/device.h"
#include "tests/bridge/node.h"

/* An ioctl returns this when somebody else calls usbfs_complete(). */
#define USBFS_LATER G_MAXINT

struct usbfs {
	struct device device;
	struct node node;
	GHashTable *files; /* by their UMockdevIoctlClient */
	unsigned int reapable;
	uint64_t urbs; /* that were submitted */
};

/** struct file - one open file */
struct file {
	struct usbfs *usbfs;
	unsigned int device_number; /* of the device when it was opened */
	GQueue pending;		    /* of struct urb */
	GQueue completed;
	UMockdevIoctlClient *reaper; /* waits in REAPURB; with a reference */
	size_t position;	     /* of read() */
};

/** usbfs_connect() - serve the ioctls of the node's handler from the main loop */
void usbfs_connect(struct usbfs *usbfs, UMockdevIoctlBase *handler);
void usbfs_free(struct usbfs *usbfs);

/** usbfs_quiet() - whether no file is open and nothing is in flight */
bool usbfs_quiet(const struct usbfs *usbfs);

/** usbfs_gone() - the device is unplugged: wake whoever waits for it */
void usbfs_gone(struct usbfs *usbfs);

/* ---- shared by its files ---- */

bool usbfs_connected(const struct file *file);

/** usbfs_complete() - end the ioctl of @client with @result >= 0 or a negative errno */
void usbfs_complete(UMockdevIoctlClient *client, int result);

/** usbfs_argument() - the memory of @client's program that the ioctl points to; NULL: none */
void *usbfs_argument(UMockdevIoctlClient *client, size_t size);

/** usbfs_memory() - what the pointer at @offset of @data points to, @size bytes */
UMockdevIoctlData *usbfs_memory(UMockdevIoctlData *data, size_t offset, size_t size);

/* ---- claim.c ---- */

/** usbfs_check_interface() - 0 when @file has claimed it, and claims what nobody has */
int usbfs_check_interface(struct file *file, unsigned int interface);

/** usbfs_check_endpoint() - the same by an endpoint's address, of whatever alternate setting */
int usbfs_check_endpoint(struct file *file, uint8_t address);

/** usbfs_check_recipient() - whether @file may send this control request */
int usbfs_check_recipient(struct file *file, const struct usb_setup *setup);

/** claim_drop() - the interface has no owner any more. What is left in another setting than 0 is
 * put back, whether its owner closes, dies or gives it up: that is what stops a pen. */
void claim_drop(struct usbfs *usbfs, unsigned int number);
int claim_get_driver(struct file *file, UMockdevIoctlClient *client, void *argument);
int claim_take(struct file *file, UMockdevIoctlClient *client, void *argument);
int claim_release(struct file *file, UMockdevIoctlClient *client, void *argument);
int claim_disconnect(struct file *file, UMockdevIoctlClient *client, void *argument);
/** claim_pass_ioctl() - there are no drivers to talk to; only a claim can be taken away */
int claim_pass_ioctl(struct file *file, UMockdevIoctlClient *client, void *argument);

/* ---- request.c ---- */
int request_control(struct file *file, UMockdevIoctlClient *client, void *argument);
int request_bulk(struct file *file, UMockdevIoctlClient *client, void *argument);
int request_set_interface(struct file *file, UMockdevIoctlClient *client, void *argument);
int request_set_configuration(struct file *file, UMockdevIoctlClient *client, void *argument);
int request_clear_halt(struct file *file, UMockdevIoctlClient *client, void *argument);
/** request_rest() - put @interface back to alternate setting 0, as the kernel does when its owner
 * goes; nobody waits for it */
void request_rest(struct usbfs *usbfs, uint8_t interface);

/* ---- urb.c ---- */
int urb_submit(struct file *file, UMockdevIoctlClient *client, void *argument);
int urb_reap(struct file *file, UMockdevIoctlClient *client, void *argument);
int urb_reap_nodelay(struct file *file, UMockdevIoctlClient *client, void *argument);
int urb_discard(struct file *file, UMockdevIoctlClient *client, void *argument);
/** urb_kill() - end all URBs in flight; of one @interface only when that is not negative */
void urb_kill(struct file *file, int interface);
/** urb_forget() - the file is closed: nobody will reap */
void urb_forget(struct file *file);

#endif
