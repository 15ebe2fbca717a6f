// SPDX-License-Identifier: GPL-2.0-only
/*
 * A run can be repeated: the same seed and the same requests and commands at the same times of the
 * pen give the same bytes, on USB/IP as in the samples, whatever the machine does in between.
 */
#include "tests/gadget/server/importer.h"
#include "tests/gadget/usb/pen.h"
#include "tests/unit/gadget_host.h"

#define POWER_ON_NS 1000000000ULL
#define MS_NS 1000000ULL
#define RUN_MS 1500
#define TOKEN 0x1122334455667788ULL

/** struct take - one run and what came of it */
struct take {
	uint64_t seed;
	unsigned int number;  /* of the pen */
	unsigned int look_ms; /* how often the process has the processor */
	uint32_t wire_sum;    /* of every byte of USB/IP */
	size_t wire_len;
	uint8_t samples[RUN_MS * MNPEN_SAMPLE_SIZE];
	size_t len;
};

static struct pen subject;
static struct importer *importer;
static struct buffer out;
static uint32_t seqnum;
static uint64_t now_ns;

static void feed(uint32_t in, uint32_t endpoint, const uint8_t setup[8], const void *data,
		 uint32_t len)
{
	uint8_t buf[HEADER + 64];

	make_submit(buf, ++seqnum, in, endpoint, in ? 64 : len, setup);
	if (len)
		memcpy(buf + HEADER, data, len);
	assert_int_equal(importer_feed(importer, buf, HEADER + len, now_ns), HEADER + len);
}

static void request(uint8_t code, const void *data, uint8_t len)
{
	usb_advance(&subject.usb, now_ns);
	feed(0, 0, (uint8_t[8]){0x21, code, 0, 0, 0, 0, len, 0}, data, len);
}

static void arm(void)
{
	uint8_t buf[MNPEN_RECORD_MAX];

	mnpen_claim_encode(buf, &(struct mnpen_claim){.token = TOKEN, .cmd = 1});
	request(MNPEN_REQ_CLAIM_CARTRIDGE, buf, MNPEN_CLAIM_SIZE);
	mnpen_arm_encode(buf, &(struct mnpen_arm){.token = TOKEN,
						  .cmd = 2,
						  .depth_limit_um = 1000,
						  .speed_min_rpm = 4000,
						  .speed_max_rpm = 7000,
						  .lease_ms = 300,
						  .run_limit_ms = 60000});
	request(MNPEN_REQ_ARM, buf, MNPEN_ARM_SIZE);
	mnpen_target_encode(buf,
			    &(struct mnpen_target){
				    .token = TOKEN, .cmd = 3, .depth_um = 500, .speed_rpm = 6000});
	request(MNPEN_REQ_SET_TARGET, buf, MNPEN_TARGET_SIZE);
}

static void lease(void)
{
	uint8_t buf[MNPEN_LEASE_SIZE];

	mnpen_lease_encode(buf, &(struct mnpen_lease){.token = TOKEN,
						      .counter = subject.model.lease_counter + 1,
						      .limits_crc = subject.model.arm.crc,
						      .enable = 1});
	request(MNPEN_REQ_LEASE, buf, sizeof(buf));
}

/* What happens at @ms: the same in every run. */
static void happen(unsigned int ms)
{
	if (ms == 100) {
		feed(0, 0, set_alt_1, NULL, 0);
		request(MNPEN_REQ_SET_STREAM, (uint8_t[4]){0xe8, 0x03, 0, 0}, 4);
		for (int i = 0; i < 64; i++)
			feed(1, 1, NO_SETUP, NULL, 0);
		arm();
	}
	if (ms >= 100 && ms % 50 == 0)
		lease();
	usb_advance(&subject.usb, now_ns);
	if (ms == 200)
		pen_trigger(&subject, true);
	if (ms == 600)
		model_set_drift_depth(&subject.model, 30);
	if (ms == 700)
		model_set_load(&subject.model, 1.5);
	if (ms == 800)
		subject.misbehave.garbage = 5;
	if (ms == 900)
		pen_trigger(&subject, false);
	if (ms == 950)
		pen_trigger(&subject, true);
}

/* Keeps the samples, sums up the rest; a URB that is done is sent again. */
static void collect(struct take *take)
{
	while (buffer_len(&out)) {
		const uint8_t *p = buffer_data(&out);
		size_t len = HEADER + from_be32(p + 24);
		bool sample = from_be32(p + 24) == MNPEN_SAMPLE_SIZE;

		/* OUT data is counted, not sent. */
		if (!sample)
			len = HEADER;
		for (size_t i = 0; i < len; i++)
			take->wire_sum = take->wire_sum * 31 + p[i];
		take->wire_len += len;
		if (sample) {
			assert_true(take->len + MNPEN_SAMPLE_SIZE <= sizeof(take->samples));
			memcpy(take->samples + take->len, p + HEADER, MNPEN_SAMPLE_SIZE);
			take->len += MNPEN_SAMPLE_SIZE;
		}
		buffer_consume(&out, len);
		if (sample)
			feed(1, 1, NO_SETUP, NULL, 0);
	}
}

static void play(struct take *take)
{
	const struct device_options options = {.speed = USB_SPEED_FULL, .seed = take->seed};
	const struct mnpen_cartridge cartridge = {.uid = {1}, .lot = "L", .length_um = 2500};

	pen_init(&subject, &options, take->number, "VPEN0001", POWER_ON_NS);
	subject.usb.address = 2;
	model_insert_cartridge(&subject.model, &cartridge);
	importer = importer_new(&subject.usb, &out);
	seqnum = 0;
	for (unsigned int ms = 0; ms < RUN_MS; ms++) {
		now_ns = POWER_ON_NS + ms * MS_NS;
		if (ms == 100 || ms == 200 || ms == 600 || ms == 700 || ms == 800 || ms == 900 ||
		    ms == 950 || ms % 50 == 0)
			happen(ms);
		if (ms % take->look_ms)
			continue;
		usb_advance(&subject.usb, now_ns);
		assert_int_equal(importer_run(importer, now_ns), 0);
		collect(take);
	}
	assert_int_equal(subject.model.state, MNPEN_STATE_RUNNING);
	assert_true(subject.model.strokes > 50);
	assert_true(take->len > 1300 * MNPEN_SAMPLE_SIZE);
	importer = importer_free(importer);
	buffer_free(&out);
}

static struct take first, second;

/* Samples before the garbage: that is "the next packets", whichever the host fetches next. */
#define BEFORE_GARBAGE (640 * MNPEN_SAMPLE_SIZE)

static bool same_samples(uint64_t seed, unsigned int number, unsigned int look_ms)
{
	first = (struct take){.seed = 1, .number = 1, .look_ms = 1};
	second = (struct take){.seed = seed, .number = number, .look_ms = look_ms};
	play(&first);
	play(&second);
	return memcmp(first.samples, second.samples, BEFORE_GARBAGE) == 0;
}

static void same_seed_same_bytes(void **state)
{
	assert_true(same_samples(1, 1, 1));
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.samples, second.samples, first.len);
	assert_int_equal(first.wire_len, second.wire_len);
	assert_int_equal(first.wire_sum, second.wire_sum);
}

static void other_seed_or_pen_other_bytes(void **state)
{
	assert_false(same_samples(2, 1, 1));
	assert_false(same_samples(1, 2, 1));
	assert_false(same_samples(0, 1, 1));
}

static void samples_do_not_depend_on_the_machine(void **state)
{
	assert_true(same_samples(1, 1, 5));
	assert_true(same_samples(1, 1, 50));
}

/* Seed 0: two pens say the same, as long as they are treated alike. */
static void no_seed_no_noise(void **state)
{
	first = (struct take){.seed = 0, .number = 1, .look_ms = 1};
	second = (struct take){.seed = 0, .number = 2, .look_ms = 1};
	play(&first);
	play(&second);
	assert_memory_equal(first.samples, second.samples, BEFORE_GARBAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_bytes),
		cmocka_unit_test(other_seed_or_pen_other_bytes),
		cmocka_unit_test(samples_do_not_depend_on_the_machine),
		cmocka_unit_test(no_seed_no_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
