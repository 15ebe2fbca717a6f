// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/usbip_tx.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

static void insert(struct usbip_tx *tx, size_t at, const struct usbip_pdu *pdu)
{
	memmove(&tx->pdus[at + 1], &tx->pdus[at], (tx->n - at) * sizeof(tx->pdus[0]));
	tx->pdus[at] = *pdu;
	tx->n++;
}

static void take_out(struct usbip_tx *tx, size_t at, size_t count)
{
	tx->n -= count;
	memmove(&tx->pdus[at], &tx->pdus[at + count], (tx->n - at) * sizeof(tx->pdus[0]));
}

int usbip_tx_put(struct usbip_tx *tx, const struct usbip_pdu *pdu)
{
	if (tx->n >= USBIP_TX_PDUS - USBIP_TX_RESERVED)
		return -ENOBUFS;
	insert(tx, tx->n, pdu);
	return 0;
}

/* The first of which no byte is sent. */
static size_t first_unsent(const struct usbip_tx *tx)
{
	return tx->sent > 0 ? 1 : 0;
}

int usbip_tx_put_first(struct usbip_tx *tx, const struct usbip_pdu *pdu)
{
	if (tx->n >= USBIP_TX_PDUS)
		return -ENOBUFS;
	insert(tx, first_unsent(tx), pdu);
	return 0;
}

void usbip_tx_advance(struct usbip_tx *tx, uint32_t seqnum)
{
	struct usbip_pdu pdu;

	for (size_t i = first_unsent(tx); i < tx->n; i++)
		if (tx->pdus[i].seqnum == seqnum) {
			pdu = tx->pdus[i];
			take_out(tx, i, 1);
			insert(tx, first_unsent(tx), &pdu);
			return;
		}
}

bool usbip_tx_holds(const struct usbip_tx *tx, uint32_t seqnum)
{
	for (size_t i = 0; i < tx->n; i++)
		if (tx->pdus[i].seqnum == seqnum)
			return true;
	return false;
}

bool usbip_tx_drop(struct usbip_tx *tx, uint32_t seqnum)
{
	for (size_t i = first_unsent(tx); i < tx->n; i++)
		if (tx->pdus[i].seqnum == seqnum) {
			take_out(tx, i, 1);
			return true;
		}
	return false;
}

int usbip_tx_flush(struct usbip_tx *tx, int fd)
{
	struct iovec iov[USBIP_TX_PDUS];
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = tx->n};
	size_t whole = 0;
	ssize_t r;

	if (tx->n == 0)
		return 0;
	for (size_t i = 0; i < tx->n; i++)
		iov[i] = (struct iovec){.iov_base = tx->pdus[i].bytes, .iov_len = tx->pdus[i].len};
	iov[0].iov_base = tx->pdus[0].bytes + tx->sent;
	iov[0].iov_len -= tx->sent;

	r = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (r < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	tx->sent += (size_t)r;
	while (whole < tx->n && tx->sent >= tx->pdus[whole].len)
		tx->sent -= tx->pdus[whole++].len;
	take_out(tx, 0, whole);
	return 0;
}
