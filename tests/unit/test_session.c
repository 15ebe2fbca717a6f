/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions on a real store, over a transport that does what the test says. */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/session/parts.h"
#include "driver/base/clock.h"
#include "tests/unit/fake_host.h"

#define WAIT_USEC (20 * USEC_PER_SEC) /* a loaded machine is slow, not wrong */

static const char profile_text[] = "[Profile]\nTitle = Thin\nEnabled = yes\n"
				   "[Area brow]\nMaxDepth = 0.5mm\nMaxSpeed = 6000rpm\n"
				   "[Area cheek]\nMaxDepth = 1.0mm\nMaxSpeed = 6000rpm\n";
static const char device_text[] = "[Device]\nModel = fake\nMaxDepth = 2.0mm\n";

struct fixture {
	char dir[64];
	sd_event *event;
	struct conf *conf;
	struct store *store;
	struct station *station;
	struct station_pen *pen;
	struct fake_host *host;
	struct mnpen_sample sample;
	uint64_t sample_usec;
	unsigned int answers;
	struct refusal refusal; /* of the last answer; code REFUSAL_NONE = done */
};

/* ---- an end that the store takes, or not ---- */

static int end_error;

int __real_store_session_end(struct store *store, const char *id, const char *outcome,
			     uint64_t now_usec, store_done done, void *userdata);
int __wrap_store_session_end(struct store *store, const char *id, const char *outcome,
			     uint64_t now_usec, store_done done, void *userdata);
int __wrap_store_session_end(struct store *store, const char *id, const char *outcome,
			     uint64_t now_usec, store_done done, void *userdata)
{
	if (end_error)
		return end_error;
	return __real_store_session_end(store, id, outcome, now_usec, done, userdata);
}

static int event_error;

int __real_store_event(struct store *store, const char *id, const char *pen, const char *kind,
		       uint64_t now_usec, const struct field *fields, size_t n_fields,
		       store_done done, void *userdata);
int __wrap_store_event(struct store *store, const char *id, const char *pen, const char *kind,
		       uint64_t now_usec, const struct field *fields, size_t n_fields,
		       store_done done, void *userdata);
int __wrap_store_event(struct store *store, const char *id, const char *pen, const char *kind,
		       uint64_t now_usec, const struct field *fields, size_t n_fields,
		       store_done done, void *userdata)
{
	if (event_error)
		return event_error;
	return __real_store_event(store, id, pen, kind, now_usec, fields, n_fields, done, userdata);
}

int __real_store_segment(struct store *store, const char *id, const char *pen, const char *kind,
			 const struct store_segment *segment, uint64_t now_usec,
			 const struct field *fields, size_t n_fields, store_done done,
			 void *userdata);
int __wrap_store_segment(struct store *store, const char *id, const char *pen, const char *kind,
			 const struct store_segment *segment, uint64_t now_usec,
			 const struct field *fields, size_t n_fields, store_done done,
			 void *userdata);
int __wrap_store_segment(struct store *store, const char *id, const char *pen, const char *kind,
			 const struct store_segment *segment, uint64_t now_usec,
			 const struct field *fields, size_t n_fields, store_done done,
			 void *userdata)
{
	if (event_error)
		return event_error;
	return __real_store_segment(store, id, pen, kind, segment, now_usec, fields, n_fields, done,
				    userdata);
}

/* ---- fixture ---- */

static void put_file(const struct fixture *f, const char *dir, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->dir, dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/%s/%s", f->dir, dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void load(struct fixture *f)
{
	char config[96], state[96];
	struct conf_report report = {0};
	struct conf_paths paths = {.config = config, .data_dir = f->dir};
	struct store_options options = {.directory = state};
	bool quarantined;
	char *note;

	snprintf(config, sizeof(config), "%s/none/mnpend.conf", f->dir);
	snprintf(state, sizeof(state), "%s/state", f->dir);
	put_file(f, "profiles.d", "thin.conf", profile_text);
	put_file(f, "devices.d", "fake.conf", device_text);
	assert_int_equal(conf_load(&f->conf, &paths, &report), 0);
	assert_int_equal(report.n_lines, 0);
	assert_int_equal(store_new(&f->store, f->event, &options, &note, &quarantined), 0);
	assert_null(note);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	end_error = event_error = 0;
	fake_features = 0;
	strcpy(f->dir, "/tmp/test_session_XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_true(sd_event_new(&f->event) >= 0);
	load(f);
	assert_int_equal(station_new(&f->station, f->event, f->conf, f->store), 0);
	assert_int_equal(station_add_usbip(f->station, "usbip://127.0.0.1:1/1-1", &f->refusal), 0);
	f->host = fake_last;
	fake_bring_up(f->host, &f->sample);
	f->sample_usec = now_usec();
	f->pen = station_pen_at(f->station, 0);
	assert_non_null(f->pen);
	fake_host_clear(f->host);
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	station_free(f->station);
	store_free(f->store);
	conf_unref(f->conf);
	sd_event_unref(f->event);
	assert_int_equal(nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(f);
	return 0;
}

static void on_answer(void *userdata, const struct refusal *refusal)
{
	struct fixture *f = userdata;

	f->answers++;
	f->refusal = refusal ? *refusal : (struct refusal){.code = REFUSAL_NONE};
}

static enum refusal_code wait_for(struct fixture *f, unsigned int answers)
{
	uint64_t until = now_usec() + WAIT_USEC;

	while (f->answers < answers && now_usec() < until)
		assert_true(sd_event_run(f->event, 100 * USEC_PER_MSEC) >= 0);
	assert_int_equal(f->answers, answers);
	return f->refusal.code;
}

/* The pen's clock goes on as ours does, or its sample would be an old one. */
static void next(struct fixture *f)
{
	uint64_t now = now_usec();

	fake_next_sample(&f->sample);
	f->sample.time_us += now - f->sample_usec;
	f->sample_usec = now;
	fake_host_sample(f->host, &f->sample);
}

/* The answers to GET_CARTRIDGE and GET_INFO. */
static void answer_refresh(struct fixture *f, const struct mnpen_cartridge *cartridge)
{
	uint8_t buf[MNPEN_CARTRIDGE_SIZE], info[MNPEN_INFO_SIZE];

	mnpen_cartridge_encode(buf, cartridge);
	fake_host_answer(f->host, 0, buf, sizeof(buf));
	mnpen_info_encode(info, pen_info(f->pen->pen));
	fake_host_answer(f->host, 0, info, sizeof(info));
}

#define answer_cartridge(f) answer_refresh(f, &(struct mnpen_cartridge){0})

static void begin(struct fixture *f)
{
	static unsigned int serial;
	char cartridge[16];
	const struct begin_options options = {.area = "brow", .cartridge = cartridge};

	snprintf(cartridge, sizeof(cartridge), "L/%u", ++serial); /* each session has its own */

	assert_int_equal(station_begin(f->pen, pen_epoch(f->pen->pen), "thin", "C-17", &options,
				       on_answer, f, &f->refusal),
			 0);
	answer_cartridge(f);
	assert_int_equal(wait_for(f, 1), REFUSAL_NONE);
	assert_non_null(f->pen->session);
	assert_string_equal(f->host->log, "get-cartridge get-info set-stream ");
	f->answers = 0;
	next(f);
}

static int set_target(struct fixture *f, uint32_t depth_um)
{
	int r = station_set_target(f->pen, pen_epoch(f->pen->pen), depth_um, 6000, on_answer, f,
				   &f->refusal);

	if (r == 0)
		wait_for(f, 1);
	f->answers = 0;
	return r;
}

/* ---- tests ---- */

static void strokes_before_the_session_are_not_its(void **state)
{
	struct fixture *f = *state;

	f->sample.strokes = 500;
	next(f);
	begin(f);
	next(f);
	assert_int_equal(f->pen->session->strokes, 0);
	f->sample.strokes = 3; /* an ARM set it back */
	next(f);
	assert_int_equal(f->pen->session->strokes, 3);
}

static void area_is_changed_when_it_is_on_record(void **state)
{
	struct fixture *f = *state;

	begin(f);
	assert_int_equal(station_set_area(f->pen, "cheek", "9 cm2", NULL, on_answer, f,
					  &f->refusal),
			 -EACCES);
	assert_int_equal(f->refusal.code, REFUSAL_INVALID_ARGUMENT);
	event_error = -EAGAIN;
	assert_int_equal(station_set_area(f->pen, "cheek", "9", NULL, on_answer, f, &f->refusal),
			 0);
	assert_int_equal(wait_for(f, 1), REFUSAL_STORE);
	assert_string_equal(f->pen->session->area, "brow");
	event_error = 0;
	f->answers = 0;
	assert_int_equal(station_set_area(f->pen, "cheek", "9", NULL, on_answer, f, &f->refusal),
			 0);
	assert_int_equal(wait_for(f, 1), REFUSAL_NONE);
	assert_string_equal(f->pen->session->area, "cheek");
}

/* Skin on which less is allowed does not begin with what was right for the one before. */
static void a_lower_limit_drops_the_target(void **state)
{
	struct fixture *f = *state;

	begin(f);
	assert_int_equal(set_target(f, 600), -EACCES);
	assert_int_equal(f->refusal.code, REFUSAL_LIMIT);
	assert_int_equal(station_set_area(f->pen, "cheek", NULL, NULL, on_answer, f, &f->refusal),
			 0);
	wait_for(f, 1);
	f->answers = 0;
	assert_int_equal(set_target(f, 400), 0);
	assert_int_equal(f->pen->target_depth_um, 400);
	assert_int_equal(station_set_area(f->pen, "brow", NULL, NULL, on_answer, f, &f->refusal),
			 0);
	wait_for(f, 1);
	assert_int_equal(f->pen->target_depth_um, 0);
}

static void an_end_without_room_can_be_asked_for_again(void **state)
{
	struct fixture *f = *state;

	begin(f);
	end_error = -EAGAIN;
	assert_int_equal(station_end(f->pen, "done", on_answer, f, &f->refusal), -EACCES);
	assert_int_equal(f->refusal.code, REFUSAL_STORE);
	assert_int_equal(f->answers, 0);
	assert_non_null(f->pen->session);
	assert_false(station_idle(f->station));
	end_error = 0;
	assert_int_equal(station_end(f->pen, "done", on_answer, f, &f->refusal), 0);
	assert_null(f->pen->session);
	assert_false(station_idle(f->station)); /* the disk has not answered yet */
	assert_int_equal(wait_for(f, 1), REFUSAL_NONE);
	assert_true(station_idle(f->station));
}

/* The answer of the disk goes to a request of a pen that nobody sees any more. */
static void an_unplugged_pen_keeps_the_station(void **state)
{
	struct fixture *f = *state;

	begin(f);
	assert_int_equal(station_add_note(f->pen, "remark", "x", on_answer, f, &f->refusal), 0);
	f->host->pending = false;
	f->host->host.callbacks->offline(&f->host->host, f->pen->pen, -ENODEV);
	assert_null(station_pen_at(f->station, 0));
	assert_null(f->pen->session);
	assert_false(station_idle(f->station));
	assert_int_equal(wait_for(f, 1), REFUSAL_NONE);
	assert_true(station_idle(f->station));
}

static void no_room_for_an_alarm_blocks_all(void **state)
{
	struct fixture *f = *state;
	struct refusal refusal;
	char serial[16];

	begin(f);
	assert_int_equal(set_target(f, 500), 0);
	event_error = -ESHUTDOWN; /* so many at once would fill the queue, which is another gate */
	for (unsigned int i = 0; i <= STATION_ALARMS_MAX; i++) {
		next(f);
		assert_int_equal(first_gate(f->pen, true, &refusal), 0);
		snprintf(serial, sizeof(serial), "OTHER%u", i);
		assert_int_equal(station_raise_alarm(f->station, serial, "drive-on", "x"),
				 i == STATION_ALARMS_MAX);
	}
	assert_int_equal(first_gate(f->pen, true, &refusal), -EACCES);
	assert_int_equal(refusal.code, REFUSAL_INTERLOCK);
}

#define SESSION_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SESSION_TEST(strokes_before_the_session_are_not_its),
		SESSION_TEST(area_is_changed_when_it_is_on_record),
		SESSION_TEST(a_lower_limit_drops_the_target),
		SESSION_TEST(an_end_without_room_can_be_asked_for_again),
		SESSION_TEST(an_unplugged_pen_keeps_the_station),
		SESSION_TEST(no_room_for_an_alarm_blocks_all),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
