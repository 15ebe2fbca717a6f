/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A station with a session on a real store and a pen over a transport that does what the test says.
 * What the station tells stands in a log. Tests that use it wrap host_usbip_new
 * (tests/unit/NAME.wrap).
 */
#ifndef MNPEN_TEST_SESSION_FIXTURE_H
#define MNPEN_TEST_SESSION_FIXTURE_H

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

struct fixture {
	char dir[64];
	sd_event *event;
	struct conf *conf;
	struct store *store;
	struct station *station;
	struct station_pen *pen;
	struct fake_host *host;
	struct mnpen_sample sample;
	uint64_t sample_usec, lease_end_us;
	unsigned int answers;
	struct refusal refusal; /* of the last answer; code REFUSAL_NONE = done */
	char told[4096];	/* "kind:first second:... " of each event */
	unsigned int changed;	/* bits, since they were cleared */
};

/* ---- what the station tells ---- */

static inline void on_told(void *userdata, struct station_pen *pen, uint64_t seq, uint64_t usec,
			   const char *kind, const struct field *fields, size_t n_fields)
{
	struct fixture *f = userdata;
	size_t used = strlen(f->told);

	used += (size_t)snprintf(f->told + used, sizeof(f->told) - used, "%s", kind);
	for (size_t i = 0; i < n_fields && i < 4; i++) {
		if (fields[i].type == FIELD_STRING)
			used += (size_t)snprintf(f->told + used, sizeof(f->told) - used, ":%s",
						 fields[i].string);
		else
			used += (size_t)snprintf(f->told + used, sizeof(f->told) - used, ":%llu",
						 (unsigned long long)fields[i].uint);
	}
	snprintf(f->told + used, sizeof(f->told) - used, " ");
}

static inline void on_pen_changed(void *userdata, struct station_pen *pen, unsigned int what)
{
	((struct fixture *)userdata)->changed |= what;
}

static inline void on_pen(void *userdata, struct station_pen *pen)
{
}

static inline void on_session(void *userdata, struct station_pen *pen, struct session *session)
{
}

static inline void on_alarms(void *userdata)
{
}

static inline void on_health(void *userdata, bool healthy)
{
}

static const struct station_listener fixture_listener = {
	.pen_added = on_pen,
	.pen_removed = on_pen,
	.pen_changed = on_pen_changed,
	.pen_event = on_told,
	.session_added = on_session,
	.session_removed = on_session,
	.session_changed = on_session,
	.alarms_changed = on_alarms,
	.store_health_changed = on_health,
};

/* ---- set-up ---- */

static inline void put_file(const struct fixture *f, const char *dir, const char *name,
			    const char *text)
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

static inline void load(struct fixture *f, const char *station, const char *profile)
{
	char config[96], state[96], text[512];
	struct conf_report report = {0};
	struct conf_paths paths = {.config = config, .data_dir = f->dir};
	struct store_options options = {.directory = state};
	bool quarantined;
	char *note;

	snprintf(config, sizeof(config), "%s/etc/mnpend.conf", f->dir);
	snprintf(state, sizeof(state), "%s/state", f->dir);
	snprintf(text, sizeof(text), "[Station]\n%s", station);
	put_file(f, "etc", "mnpend.conf", text);
	snprintf(text, sizeof(text),
		 "[Profile]\nTitle = Thin\nEnabled = yes\n%s[Area brow]\nMaxDepth = 0.7mm\n"
		 "MaxSpeed = 6000rpm\n",
		 profile);
	put_file(f, "profiles.d", "thin.conf", text);
	put_file(f, "devices.d", "fake.conf", "[Device]\nModel = fake\nMaxDepth = 2.0mm\n");
	assert_int_equal(conf_load(&f->conf, &paths, &report), 0);
	assert_int_equal(report.n_lines, 0);
	assert_int_equal(store_new(&f->store, f->event, &options, &note, &quarantined), 0);
	assert_null(note);
}

/* @station, @profile: lines of their configuration */
static inline struct fixture *fixture_new(const char *station, const char *profile)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	fake_features = 0;
	strcpy(f->dir, "/tmp/test_session_XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_true(sd_event_new(&f->event) >= 0);
	load(f, station, profile);
	assert_int_equal(station_new(&f->station, f->event, f->conf, f->store), 0);
	station_set_listener(f->station, &fixture_listener, f);
	assert_int_equal(station_add_usbip(f->station, "usbip://127.0.0.1:1/1-1", &f->refusal), 0);
	f->host = fake_last;
	fake_bring_up(f->host, &f->sample);
	f->sample_usec = now_usec();
	f->pen = station_pen_at(f->station, 0);
	assert_non_null(f->pen);
	fake_host_clear(f->host);
	return f;
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

static inline void fixture_free(struct fixture *f)
{
	station_free(f->station);
	store_free(f->store);
	conf_unref(f->conf);
	sd_event_unref(f->event);
	assert_int_equal(nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(f);
}

/* ---- going on ---- */

static inline void on_answer(void *userdata, const struct refusal *refusal)
{
	struct fixture *f = userdata;

	f->answers++;
	f->refusal = refusal ? *refusal : (struct refusal){.code = REFUSAL_NONE};
}

static inline enum refusal_code wait_answer(struct fixture *f)
{
	uint64_t until = now_usec() + WAIT_USEC;

	while (f->answers == 0 && now_usec() < until)
		assert_true(sd_event_run(f->event, 100 * USEC_PER_MSEC) >= 0);
	assert_int_equal(f->answers, 1);
	f->answers = 0;
	return f->refusal.code;
}

/* The pen's clock goes on as ours does, or its sample would be an old one. */
static inline void next(struct fixture *f)
{
	bool armed = f->sample.state == MNPEN_STATE_ARMED || f->sample.state == MNPEN_STATE_RUNNING;
	uint64_t now = now_usec();

	fake_next_sample(&f->sample);
	f->sample.time_us += now - f->sample_usec;
	f->sample_usec = now;
	if (!armed || f->lease_end_us == 0)
		f->lease_end_us = f->sample.time_us + 300000;
	f->sample.lease_left_ms =
		armed ? (uint16_t)((f->lease_end_us - f->sample.time_us) / 1000) : 0;
	fake_host_sample(f->host, &f->sample);
}

/* GET_CARTRIDGE and GET_INFO. */
static inline void answer_refresh(struct fixture *f)
{
	static const uint8_t none[MNPEN_CARTRIDGE_SIZE];
	uint8_t info[MNPEN_INFO_SIZE];

	fake_host_answer(f->host, 0, none, sizeof(none));
	mnpen_info_encode(info, pen_info(f->pen->pen));
	fake_host_answer(f->host, 0, info, sizeof(info));
}

/* As far as the session's SET_STREAM, which is in flight. */
static inline void begin_until_stream(struct fixture *f)
{
	/* A pen that reads no tag; each session has its own. */
	static unsigned int serial;
	char cartridge[16];
	const struct begin_options options = {.area = "brow", .cartridge = cartridge};

	snprintf(cartridge, sizeof(cartridge), "L/%u", ++serial);

	assert_int_equal(station_begin(f->pen, pen_epoch(f->pen->pen), "thin", "C-17", &options,
				       on_answer, f, &f->refusal),
			 0);
	answer_refresh(f);
	assert_int_equal(wait_answer(f), REFUSAL_NONE);
}

static inline void begin(struct fixture *f)
{
	begin_until_stream(f);
	fake_host_answer(f->host, 0, NULL, 0);
	next(f);
}

static inline void set_target(struct fixture *f, uint32_t depth_um)
{
	assert_int_equal(station_set_target(f->pen, pen_epoch(f->pen->pen), depth_um, 6000,
					    on_answer, f, &f->refusal),
			 0);
	assert_int_equal(wait_answer(f), REFUSAL_NONE);
}

static inline void confirm_target(struct fixture *f, uint16_t depth_um)
{
	fake_host_answer(f->host, 0, NULL, 0);
	f->sample.last_cmd++;
	f->sample.target_depth_um = depth_um;
	f->sample.target_speed_rpm = 6000;
	next(f);
}

/* Arm() down to the target in force; a lease is in flight. */
static inline void arm(struct fixture *f, uint16_t depth_um)
{
	uint64_t until = now_usec() + WAIT_USEC;

	fake_host_clear(f->host);
	assert_int_equal(station_arm(f->pen, pen_epoch(f->pen->pen), on_answer, f, &f->refusal), 0);
	answer_refresh(f);
	/* The ledger first, at the first arm of the session. */
	while (!f->host->pending && now_usec() < until) {
		next(f);
		assert_true(sd_event_run(f->event, 10 * USEC_PER_MSEC) >= 0);
	}
	assert_string_equal(f->host->log, "get-cartridge get-info arm ");
	fake_host_answer(f->host, 0, NULL, 0);
	f->sample.state = MNPEN_STATE_ARMED;
	f->sample.last_cmd++;
	next(f);
	confirm_target(f, depth_um);
	assert_string_equal(f->host->log, "get-cartridge get-info arm set-target lease ");
}

static inline void expect_told(struct fixture *f, const char *told)
{
	assert_string_equal(f->told, told);
	f->told[0] = '\0';
}

static inline void run_until(struct fixture *f, const char *told)
{
	uint64_t until = now_usec() + WAIT_USEC;

	while (!strstr(f->told, told) && now_usec() < until)
		assert_true(sd_event_run(f->event, 10 * USEC_PER_MSEC) >= 0);
	assert_non_null(strstr(f->told, told));
}

#endif
