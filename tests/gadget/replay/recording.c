// SPDX-License-Identifier: GPL-2.0-only
/* From packets to a conversation: each request with its outcome, and what only the pen said. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/replay/pcapng.h"
#include "tests/gadget/replay/recording.h"
#include "tests/gadget/replay/recording_parts.h"

#define TYPE_INTERRUPT 1
#define TYPE_CONTROL 2
#define GROWTH 4096
#define IN_FLIGHT 64 /* requests of one device: hosts make them one by one, but for a STOP */

DEFINE_CLEANUP(struct recording *, recording_free)

/* The way of its data: whatever has the same number and goes the other way is no request. */
uint8_t recorded_type(enum mnpen_request request)
{
	switch (request) {
	case MNPEN_REQ_GET_INFO:
	case MNPEN_REQ_GET_STATUS:
	case MNPEN_REQ_GET_CARTRIDGE:
	case MNPEN_REQ_GET_ERROR:
		return MNPEN_REQTYPE_IN;
	case MNPEN_REQ_NONE:
	case MNPEN_REQ_ARM:
	case MNPEN_REQ_SET_TARGET:
	case MNPEN_REQ_LEASE:
	case MNPEN_REQ_STOP:
	case MNPEN_REQ_CLEAR_FAULT:
	case MNPEN_REQ_SET_STREAM:
	case MNPEN_REQ_CLAIM_CARTRIDGE:
		break;
	}
	return MNPEN_REQTYPE_OUT;
}

bool recorded_is(const struct recorded *entry, enum mnpen_request request)
{
	return entry->request && entry->setup.type == recorded_type(request) &&
	       entry->setup.index == MNPEN_IF_CONTROL && entry->setup.request == request;
}

bool recorded_sample(const struct recorded *entry, struct mnpen_sample *ret)
{
	return !entry->request && mnpen_sample_decode(ret, entry->data, entry->len) == 0;
}

static struct usb_setup unpack_setup(const uint8_t *p)
{
	return (struct usb_setup){
		.type = p[0],
		.request = p[1],
		.value = (uint16_t)(p[2] | p[3] << 8),
		.index = (uint16_t)(p[4] | p[5] << 8),
		.length = (uint16_t)(p[6] | p[7] << 8),
	};
}

/* ---- which device is the pen ---- */

/** struct search - the last GET_INFO that waits for its answer */
struct search {
	bool asked;
	uint64_t id;
	uint32_t device;
};

static bool shows_pen(struct search *search, const struct pcapng_packet *p)
{
	static const uint8_t get_info[] = {MNPEN_REQTYPE_IN, MNPEN_REQ_GET_INFO};
	struct mnpen_info info;

	if (p->type != TYPE_CONTROL)
		return false;
	if (p->event == 'S' && p->has_setup && memcmp(p->setup, get_info, 2) == 0)
		*search = (struct search){true, p->id, p->device};
	return p->event == 'C' && search->asked && p->id == search->id &&
	       p->device == search->device && mnpen_info_decode(&info, p->data, p->len) == 0;
}

static int find_pen(const uint8_t *bytes, size_t len, uint32_t *ret_device, char *error,
		    size_t size)
{
	struct search search = {0};
	struct pcapng_packet packet;
	struct pcapng reader;
	int r;

	pcapng_begin(&reader, bytes, len);
	while ((r = pcapng_next(&reader, &packet)) > 0) {
		if (!shows_pen(&search, &packet))
			continue;
		*ret_device = packet.device;
		return 0;
	}
	if (r < 0)
		snprintf(error, size, "%s", reader.error);
	else if (reader.other_linktype && !search.asked)
		snprintf(error, size,
			 "its packets are of link type %u, and not of usbmon with its long header "
			 "(220); record with mnpenctl record, or Wireshark on Linux",
			 reader.other_linktype);
	else
		snprintf(error, size, "no pen has answered GET_INFO in it");
	return -EBADMSG;
}

/* ---- its packets ---- */

/** struct flight - a request that waits for its end */
struct flight {
	bool open;
	uint64_t id;
	size_t entry;
};

/** struct builder - a recording that is being made */
struct builder {
	struct recording *recording;
	size_t room;
	uint32_t device;
	uint64_t first_usec;
	bool begun;
	struct flight flights[IN_FLIGHT]; /* a ring: what is pushed out was never answered */
	unsigned int n_flights;
};

static int grow(struct builder *b)
{
	struct recording *rec = b->recording;
	size_t room = b->room + GROWTH + b->room / 2;
	struct recorded *entries = realloc(rec->entries, room * sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	rec->entries = entries;
	b->room = room;
	return 0;
}

static int add(struct builder *b, const struct pcapng_packet *p, struct recorded **ret)
{
	struct recording *rec = b->recording;

	if (rec->n == b->room && grow(b) < 0)
		return -ENOMEM;
	if (!b->begun)
		b->first_usec = p->usec;
	b->begun = true;
	*ret = &rec->entries[rec->n++];
	**ret = (struct recorded){
		/* Whoever sorted it wrongly: time does not run back. */
		.usec = p->usec > b->first_usec ? p->usec - b->first_usec : 0,
		.data = p->data,
		.len = p->len,
	};
	if (rec->n > 1)
		(*ret)->usec = MAX((*ret)->usec, rec->entries[rec->n - 2].usec);
	return 0;
}

static int begin_request(struct builder *b, const struct pcapng_packet *p)
{
	struct recorded *entry;

	if (add(b, p, &entry) < 0)
		return -ENOMEM;
	entry->request = true;
	entry->setup = unpack_setup(p->setup);
	b->flights[b->n_flights++ % IN_FLIGHT] = (struct flight){
		.open = true,
		.id = p->id,
		.entry = b->recording->n - 1,
	};
	return 0;
}

/* The newest one of this id, or NULL: the file may begin in the middle of it. */
static struct flight *find_flight(struct builder *b, uint64_t id)
{
	for (unsigned int i = 1; i <= IN_FLIGHT; i++) {
		struct flight *flight = &b->flights[(b->n_flights - i) % IN_FLIGHT];

		if (flight->open && flight->id == id)
			return flight;
	}
	return NULL;
}

static void end_request(struct builder *b, const struct pcapng_packet *p)
{
	struct flight *flight = find_flight(b, p->id);
	struct recorded *entry;

	if (!flight)
		return;
	flight->open = false;
	entry = &b->recording->entries[flight->entry];
	/* What the host took back (-ENOENT, -ECONNRESET) the pen had not answered. */
	entry->answered = p->status == 0 || p->status == -EPIPE;
	entry->status = p->status;
	if (entry->setup.type & USB_DIR_IN) {
		entry->data = p->data;
		entry->len = p->len;
	}
}

static int take(struct builder *b, const struct pcapng_packet *p)
{
	struct recorded *entry;

	if (p->device != b->device)
		return 0;
	if (p->type == TYPE_CONTROL && p->event == 'S' && p->has_setup)
		return begin_request(b, p);
	if (p->type == TYPE_CONTROL && p->event == 'C')
		end_request(b, p);
	else if (p->type == TYPE_INTERRUPT && p->event == 'C' && p->status == 0 &&
		 p->endpoint == b->recording->endpoint)
		return add(b, p, &entry);
	return 0;
}

static int read_packets(struct builder *b, size_t len)
{
	struct recording *rec = b->recording;
	struct pcapng_packet packet;
	struct pcapng reader;

	pcapng_begin(&reader, rec->bytes, len);
	while (pcapng_next(&reader, &packet) > 0) {
		/* Half a record would be played as if the pen had sent no more. */
		if (packet.cut && packet.device == b->device) {
			pcapng_damaged(&reader, "only a part of the packet was captured");
			break;
		}
		if (take(b, &packet) < 0)
			return -ENOMEM;
	}
	snprintf(rec->cut, sizeof(rec->cut), "%s", reader.error);
	rec->speed_mbit = reader.speed_mbit;
	return 0;
}

/* ARM begins disabled. */
static void mark_turns(struct recording *rec)
{
	bool enabled = false;

	for (size_t i = 0; i < rec->n; i++) {
		struct recorded *entry = &rec->entries[i];
		struct mnpen_lease lease;

		if (recorded_is(entry, MNPEN_REQ_ARM))
			enabled = false;
		if (!recorded_is(entry, MNPEN_REQ_LEASE) ||
		    mnpen_lease_decode(&lease, entry->data, entry->len) < 0)
			continue;
		entry->turns = lease.enable != enabled;
		enabled = lease.enable;
	}
}

static int build(struct recording *rec, size_t len, char *error, size_t size)
{
	struct builder b = {.recording = rec};
	int r = find_pen(rec->bytes, len, &b.device, error, size);

	/* The sample endpoint is known when the descriptors are, so the packets are read twice. */
	for (int pass = 0; r >= 0 && pass < 2; pass++) {
		rec->n = 0;
		b = (struct builder){.recording = rec, .room = b.room, .device = b.device};
		r = read_packets(&b, len);
		if (r < 0)
			snprintf(error, size, "out of memory");
		else if (pass == 0)
			r = recording_descriptors(rec, error, size);
	}
	mark_turns(rec);
	return r;
}

int recording_parse(struct recording **ret, uint8_t *bytes, size_t len, char *error, size_t size)
{
	_cleanup_(recording_free_cleanup) struct recording *rec = calloc(1, sizeof(*rec));
	int r;

	if (!rec) {
		free(bytes);
		snprintf(error, size, "out of memory");
		return -ENOMEM;
	}
	rec->bytes = bytes;
	r = build(rec, len, error, size);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(rec);
	return 0;
}

/* ---- the file ---- */

int recording_load(struct recording **ret, const char *path, char *error, size_t size)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	_cleanup_free_ uint8_t *bytes = NULL;
	struct stat st;
	size_t len;

	if (!file || fstat(fileno(file), &st) < 0) {
		int r = -errno;

		snprintf(error, size, "%s", strerror(errno));
		return r;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > RECORDING_BYTES_MAX) {
		snprintf(error, size, "it is no regular file of at most %d MiB",
			 RECORDING_BYTES_MAX >> 20);
		return -EFBIG;
	}
	len = (size_t)st.st_size;
	bytes = malloc(len + 1);
	if (!bytes) {
		snprintf(error, size, "out of memory");
		return -ENOMEM;
	}
	if (fread(bytes, 1, len, file) != len) {
		snprintf(error, size, "cannot read all of it");
		return -EIO;
	}
	return recording_parse(ret, TAKE_PTR(bytes), len, error, size);
}

struct recording *recording_free(struct recording *recording)
{
	if (recording) {
		free(recording->entries);
		free(recording->bytes);
	}
	free(recording);
	return NULL;
}
