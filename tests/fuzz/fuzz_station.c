// SPDX-License-Identifier: GPL-2.0-only
/*
 * mnpend.conf and devices.d. What passes without an error lies within the ranges of the man page;
 * a file with an error is never used, so nothing is asked of it.
 */
#include <string.h>

#include "driver/proto/records.h"
#include "tests/fuzz/conf_text.h"
#include "tests/fuzz/fuzz.h"

static void check_station(const struct conf_station *s)
{
	CHECK(s->max_depth_um >= 50 && s->max_depth_um <= 3000, "%u um", s->max_depth_um);
	CHECK(s->max_speed_rpm >= 300 && s->max_speed_rpm <= 15000, "%u rpm", s->max_speed_rpm);
	CHECK(s->max_run_ms >= 100 && s->max_run_ms <= 4 * 3600000u, "%u ms", s->max_run_ms);
	CHECK(s->max_session_ms >= 1000 && s->max_session_ms <= 12 * 3600000u, "%u ms",
	      s->max_session_ms);
	CHECK(s->max_sample_age_ms >= 20 && s->max_sample_age_ms <= 200, "%u ms",
	      s->max_sample_age_ms);
	CHECK(s->max_tolerance_um >= 10 && s->max_tolerance_um <= 150, "%u um",
	      s->max_tolerance_um);
	CHECK(s->arm_timeout_ms >= 100 && s->arm_timeout_ms <= 600000, "%u ms", s->arm_timeout_ms);
	CHECK(s->lease_ms >= 100 && s->lease_ms <= 1000, "%u ms", s->lease_ms);
	CHECK(s->stream_period_us >= 1000 && s->stream_period_us <= 4000, "%u us",
	      s->stream_period_us);
	for (char **serial = s->allow_serials; serial && *serial; serial++)
		CHECK(mnpen_serial_valid(*serial), "serial %s", *serial);
}

static void fuzz_station(const char *text, size_t size)
{
	struct conf_station station = {0};
	struct conf_report report = {0};
	int r;

	conf_station_defaults(&station);
	r = conf_station_parse(&station, "fuzz.conf", text, size, &report);
	conf_text_check(&report, r);
	if (r == 0)
		check_station(&station);
	conf_station_clear(&station);
	conf_report_free(&report);
}

static void fuzz_device(const char *text, size_t size)
{
	struct conf_device *device = NULL;
	struct conf_report report = {0};
	int r = conf_device_parse(&device, "fuzz.conf", text, size, &report);

	conf_text_check(&report, r);
	if (r == 0) {
		CHECK(device->model[0] && strlen(device->model) <= MNPEN_MODEL_SIZE, "model");
		conf_text_plain(device->model);
		CHECK(device->max_depth_um >= 50 && device->max_depth_um <= 3000, "%u um",
		      device->max_depth_um);
		CHECK(device->n_needle_lengths <= CONF_NEEDLE_LENGTHS_MAX, "%zu lengths",
		      device->n_needle_lengths);
	}
	conf_device_free(device);
	conf_report_free(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size ? (const char *)data : "";

	fuzz_station(text, size);
	fuzz_device(text, size);
	return 0;
}
