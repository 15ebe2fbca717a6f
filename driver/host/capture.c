// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/capture.h"

#include <sodium.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/host/pcapng.h"
#include "driver/proto/wire.h"

#define SETUP_LENGTH_OFFSET 6
#define KNOWN_ID (UINT64_C(1) << 63) /* ids of transfers that were made before: nobody's else */

_Static_assert(CAPTURE_READERS_MAX <= READERS_MAX, "places");

static const char scrubbed[] = "Serial, cartridge uid, lot and tokens are pseudonyms.";
static const char plain[] =
	"NOT SCRUBBED: serial, cartridge uid, lot and tokens are the real ones.";

static void push(struct capture *capture, unsigned int place, const uint8_t *block, size_t len)
{
	readers_send(&capture->readers, place, block, len);
}

static void push_event(struct capture *capture, unsigned int place, char type,
		       const struct host_transfer *transfer)
{
	/* More than a block holds: what the cut goes through has to be recognised as well. */
	uint8_t data[PCAPNG_DATA_MAX + SCRUB_BYTES];
	uint8_t block[MNPEN_CAPTURE_BLOCK_MAX];
	struct capture_view *view = &capture->views[place];
	struct host_transfer seen = *transfer;
	struct pcapng_event event = {.transfer = &seen, .type = type};
	size_t len = MIN(seen.data_len, sizeof(data));

	/* Packets that came together bear one time, before what was sent in between. */
	view->last_usec = MAX(view->last_usec, seen.usec + view->wall_offset_usec);
	event.wall_usec = view->last_usec;
	event.lost = capture->readers.places[place].lost;
	if (view->scrubs && len > 0) {
		memcpy(data, seen.data, len);
		scrub_data(&view->scrub, transfer, data, len);
		seen.data = data;
	}
	push(capture, place, block, pcapng_packet(block, &event));
}

static void untap_unheard(struct capture *capture)
{
	if (capture->readers.n == 0)
		host_set_tap(capture->host, NULL);
}

static void push_to_all(struct capture *capture, char type, const struct host_transfer *transfer)
{
	for (unsigned int i = 0; i < CAPTURE_READERS_MAX; i++)
		if (capture->readers.places[i].open)
			push_event(capture, i, type, transfer);
	untap_unheard(capture);
}

static void on_submitted(struct host_tap *tap, const struct host_transfer *transfer)
{
	push_to_all((struct capture *)tap, 'S', transfer);
}

static void on_completed(struct host_tap *tap, const struct host_transfer *transfer)
{
	push_to_all((struct capture *)tap, 'C', transfer);
}

static void push_known(struct capture *capture, unsigned int place,
		       const struct capture_known *known, uint64_t id)
{
	struct host_transfer t = {
		.id = KNOWN_ID | id,
		.usec = now_usec(),
		.control = true,
		.endpoint = 0x80,
		.setup = known->setup,
		.len = wire_get16(known->setup + SETUP_LENGTH_OFFSET),
	};

	push_event(capture, place, 'S', &t);
	t.data = known->data;
	t.data_len = known->len;
	t.len = (uint32_t)known->len;
	push_event(capture, place, 'C', &t);
}

/* So that a file that begins in the middle is whole: who the pen is, and how it is. */
static void push_beginning(struct capture *capture, unsigned int place,
			   const struct capture_options *options)
{
	const struct host *host = capture->host;
	uint8_t block[MNPEN_CAPTURE_BLOCK_MAX] = {0};
	struct capture_known known;
	const uint8_t *setup;
	uint64_t id = 1;
	size_t at = 0;

	push(capture, place, block, pcapng_section(block, options->scrub ? scrubbed : plain));
	push(capture, place, block, pcapng_interface(block, host->speed_mbit));
	while (host_next_descriptor(host, &at, &setup, &known.data, &known.len)) {
		memcpy(known.setup, setup, sizeof(known.setup));
		push_known(capture, place, &known, id++);
	}
	for (size_t i = 0; i < options->n_known; i++)
		push_known(capture, place, &options->known[i], id++);
}

static void begin_view(struct capture_view *view, const struct capture_options *options)
{
	uint8_t key[SCRUB_KEY_SIZE];

	*view = (struct capture_view){
		.scrubs = options->scrub,
		.wall_offset_usec = wall_usec() - now_usec(),
	};
	randombytes_buf(key, sizeof(key));
	scrub_begin(&view->scrub, key, options->serial);
}

int capture_open(struct capture *capture, struct host *host, const struct capture_options *options)
{
	unsigned int place;
	int fd = readers_open(&capture->readers, CAPTURE_READERS_MAX, CAPTURE_SOCKET_BYTES, &place);

	capture->host = host;
	if (fd < 0) {
		untap_unheard(capture); /* who hung up was dropped */
		return fd;
	}
	begin_view(&capture->views[place], options);
	push_beginning(capture, place, options);
	capture->tap = (struct host_tap){.submitted = on_submitted, .completed = on_completed};
	host_set_tap(host, &capture->tap);
	return fd;
}

void capture_close(struct capture *capture)
{
	if (capture->readers.n == 0)
		return; /* the host may be gone already */
	readers_close(&capture->readers);
	untap_unheard(capture);
}
