// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/capture.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/host/pcapng.h"

#define KNOWN_ID (UINT64_C(1) << 63) /* ids of transfers that were made before: nobody's else */

static const char scrubbed[] = "Serial, cartridge uid, lot and tokens are pseudonyms.";
static const char plain[] =
	"NOT SCRUBBED: serial, cartridge uid, lot and tokens are the real ones.";

static void drop(struct capture *capture, unsigned int index)
{
	close_fd(capture->readers[index].fd);
	capture->readers[index] = capture->readers[--capture->n_readers];
	if (capture->n_readers == 0)
		host_set_tap(capture->host, NULL);
}

/* Without traffic nobody notices who hung up: their places must not count for ever. */
static void drop_hung_up(struct capture *capture)
{
	for (unsigned int i = capture->n_readers; i-- > 0;) {
		struct pollfd p = {.fd = capture->readers[i].fd};

		if (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL)))
			drop(capture, i);
	}
}

/* Returns false when the reader is gone. */
static bool push(struct capture_reader *reader, const uint8_t *block, size_t len)
{
	if (send(reader->fd, block, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
		reader->lost = 0;
		return true;
	}
	if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
		return false;
	/* Full, or the kernel is short of memory: either way this block is lost to this reader. */
	reader->lost++;
	return true;
}

static bool push_event(struct capture_reader *reader, char type, const struct host_transfer *t)
{
	uint8_t block[MNPEN_CAPTURE_BLOCK_MAX];
	struct pcapng_event event = {.transfer = t, .type = type, .lost = reader->lost};
	size_t len;

	/* Packets that came together bear one time, before what was sent in between. */
	reader->last_usec = MAX(reader->last_usec, t->usec + reader->wall_offset_usec);
	event.wall_usec = reader->last_usec;
	len = pcapng_packet(block, &event);
	if (reader->scrubs)
		scrub_data(&reader->scrub, t, block + PCAPNG_DATA_OFFSET,
			   MIN(t->data_len, (size_t)PCAPNG_DATA_MAX));
	return push(reader, block, len);
}

static void push_to_all(struct capture *capture, char type, const struct host_transfer *transfer)
{
	/* Downwards: drop() puts a reader that was served already in the free place. */
	for (unsigned int i = capture->n_readers; i-- > 0;)
		if (!push_event(&capture->readers[i], type, transfer))
			drop(capture, i);
}

static void on_submitted(struct host_tap *tap, const struct host_transfer *transfer)
{
	push_to_all((struct capture *)tap, 'S', transfer);
}

static void on_completed(struct host_tap *tap, const struct host_transfer *transfer)
{
	push_to_all((struct capture *)tap, 'C', transfer);
}

static void push_known(struct capture_reader *reader, const struct capture_known *known,
		       uint64_t id)
{
	struct host_transfer t = {
		.id = KNOWN_ID | id,
		.usec = now_usec(),
		.control = true,
		.endpoint = 0x80,
		.setup = known->setup,
		.len = (uint32_t)(known->setup[6] | known->setup[7] << 8),
	};

	/* That it hung up in between is noticed with the first event that follows. */
	(void)push_event(reader, 'S', &t);
	t.data = known->data;
	t.data_len = known->len;
	t.len = (uint32_t)known->len;
	(void)push_event(reader, 'C', &t);
}

/* So that a file that begins in the middle is whole: who the pen is, and how it is. */
static void push_beginning(struct capture_reader *reader, const struct host *host,
			   const struct capture_options *options)
{
	uint8_t block[MNPEN_CAPTURE_BLOCK_MAX] = {0};
	struct capture_known known;
	const uint8_t *setup;
	uint64_t id = 1;
	size_t at = 0;

	(void)push(reader, block, pcapng_section(block, options->scrub ? scrubbed : plain));
	(void)push(reader, block, pcapng_interface(block, host->speed_mbit));
	while (host_next_descriptor(host, &at, &setup, &known.data, &known.len)) {
		memcpy(known.setup, setup, sizeof(known.setup));
		push_known(reader, &known, id++);
	}
	for (size_t i = 0; i < options->n_known; i++)
		push_known(reader, &options->known[i], id++);
}

static void start(struct capture_reader *reader, const struct host *host,
		  const struct capture_options *options, int fd)
{
	uint8_t key[SCRUB_KEY_SIZE];

	*reader = (struct capture_reader){
		.fd = fd,
		.scrubs = options->scrub,
		.wall_offset_usec = wall_usec() - now_usec(),
	};
	randombytes_buf(key, sizeof(key));
	scrub_begin(&reader->scrub, key, options->serial);
	push_beginning(reader, host, options);
}

/* What it grants decides how long a reader may be away. Less than wanted is no failure. */
static void enlarge(int fd)
{
	const int bytes = CAPTURE_SOCKET_BYTES;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

int capture_open(struct capture *capture, struct host *host, const struct capture_options *options)
{
	_cleanup_close_ int ours = -EBADF;
	_cleanup_close_ int theirs = -EBADF;
	int pair[2];

	drop_hung_up(capture);
	if (capture->n_readers == CAPTURE_READERS_MAX)
		return -EUSERS;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	/* One way only: what a reader wrote would lie in our queue unread. */
	if (shutdown(theirs, SHUT_WR) < 0)
		return -errno;
	enlarge(ours);
	start(&capture->readers[capture->n_readers++], host, options, TAKE_FD(ours));
	capture->host = host;
	capture->tap = (struct host_tap){.submitted = on_submitted, .completed = on_completed};
	host_set_tap(host, &capture->tap);
	return TAKE_FD(theirs);
}

void capture_close(struct capture *capture)
{
	while (capture->n_readers > 0)
		drop(capture, capture->n_readers - 1);
}
