// SPDX-License-Identifier: GPL-2.0-only
/* mnpend.conf: defaults, every key at its limits, what is refused; likewise devices.d. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/conf/conf.h"
#include "daemon/conf/parts.h"
#include "driver/base/cleanup.h"

#define S "[Station]\n"
#define SIZE(member)                                                                               \
	offsetof(struct conf_station, member), sizeof(((struct conf_station *)0)->member)

/* A line that is taken, and what it sets. */
static const struct good {
	const char *line;
	size_t offset;
	size_t size;
	uint64_t value;
} good[] = {
	{"MaxDepth=0.05mm", SIZE(max_depth_um), 50},
	{"MaxDepth=3mm", SIZE(max_depth_um), 3000},
	{"MaxSpeed=5Hz", SIZE(max_speed_rpm), 300},
	{"MaxSpeed=15000rpm", SIZE(max_speed_rpm), 15000},
	{"MaxRunTime=100ms", SIZE(max_run_ms), 100},
	{"MaxRunTime=4h", SIZE(max_run_ms), 4 * 3600000},
	{"MaxSessionTime=1s", SIZE(max_session_ms), 1000},
	{"MaxSessionTime=12h", SIZE(max_session_ms), 12 * 3600000},
	{"MaxSampleAge=20ms", SIZE(max_sample_age_ms), 20},
	{"MaxSampleAge=0.2s", SIZE(max_sample_age_ms), 200},
	{"MaxTolerance=10um", SIZE(max_tolerance_um), 10},
	{"MaxTolerance=0.15mm", SIZE(max_tolerance_um), 150},
	{"ArmTimeout=100ms", SIZE(arm_timeout_ms), 100},
	{"ArmTimeout=10min", SIZE(arm_timeout_ms), 600000},
	{"Lease=100ms", SIZE(lease_ms), 100},
	{"Lease=1s", SIZE(lease_ms), 1000},
	{"StreamPeriod=1ms", SIZE(stream_period_us), 1000},
	{"StreamPeriod=4ms", SIZE(stream_period_us), 4000},
	{"StreamPeriod=1000us", SIZE(stream_period_us), 1000},
	{"StreamPeriod=1001 us", SIZE(stream_period_us), 1001},
	{"StreamPeriod=4000us", SIZE(stream_period_us), 4000},
	{"Pedal=required", SIZE(pedal), CONF_PEDAL_REQUIRED},
	{"Pedal=optional", SIZE(pedal), CONF_PEDAL_OPTIONAL},
	{"Pedal=off", SIZE(pedal), CONF_PEDAL_OFF},
	{"KeepSamples=1d", SIZE(keep_samples_days), 1},
	{"KeepSamples=90d", SIZE(keep_samples_days), 90},
	{"KeepSamples=36500d", SIZE(keep_samples_days), 36500},
	{"KeepSamples=forever", SIZE(keep_samples_days), 0},
	{"Quota=64KiB", SIZE(quota_bytes), 65536},
	{"Quota=2GiB", SIZE(quota_bytes), 2ull << 30},
	{"Quota=16384GiB", SIZE(quota_bytes), 16ull << 40},
	{"Quota=none", SIZE(quota_bytes), 0},
	{"AllowSerials=any", SIZE(allow_serials), 0},
	{"AllowRemotePens=yes", SIZE(allow_remote_pens), 1},
	{"AllowRemotePens=no", SIZE(allow_remote_pens), 0},
};

static const struct wrong {
	const char *text;
	unsigned int line;
	const char *message;
} wrong[] = {
	{S "MaxDepth=1.5", 2, "value '1.5' of MaxDepth: the unit is missing"},
	{S "MaxDepth=49um", 2, "below the smallest"},
	{S "MaxDepth=3001um", 2, "above the largest"},
	{S "MaxSpeed=299rpm", 2, "below the smallest"},
	{S "MaxSpeed=15001rpm", 2, "above the largest"},
	{S "MaxRunTime=99ms", 2, "below the smallest"},
	{S "MaxRunTime=241min", 2, "above the largest"},
	{S "MaxRunTime=30mm", 2, ": ms, s, min"},
	{S "MaxSessionTime=999ms", 2, "below the smallest"},
	{S "MaxSessionTime=721min", 2, "above the largest"},
	{S "MaxSampleAge=19ms", 2, "below the smallest allowed; allowed: 20ms to 200ms"},
	{S "MaxSampleAge=201ms", 2, "above the largest"},
	{S "MaxTolerance=9um", 2, "below the smallest"},
	{S "MaxTolerance=151um", 2, "above the largest"},
	{S "ArmTimeout=99ms", 2, "below the smallest"},
	{S "ArmTimeout=601s", 2, "above the largest"},
	{S "Lease=99ms", 2, "below the smallest"},
	{S "Lease=1001ms", 2, "above the largest allowed; allowed: 100ms to 1000ms"},
	{S "StreamPeriod=0ms", 2, "below the smallest"},
	{S "StreamPeriod=5ms", 2, "above the largest"},
	{S "StreamPeriod=999us", 2, "below the smallest"},
	{S "StreamPeriod=4001us", 2, "above the largest"},
	{S "StreamPeriod=1000", 2, "unit is missing"},
	{S "StreamPeriod=us", 2, "of StreamPeriod: "},
	{S "StreamPeriod=1000 5us", 2, "not a whole number"},
	{S "StreamPeriod=1.5ms", 2, "value '1.5ms' of StreamPeriod: "},
	{S "Pedal=yes", 2, "allowed: required, optional, off"},
	{S "KeepSamples=90", 2, "unit is missing"},
	{S "KeepSamples=0d", 2, "below the smallest"},
	{S "KeepSamples=36501d", 2, "above the largest"},
	{S "KeepSamples=25h", 2, "not a whole number of days"},
	{S "Quota=2GB", 2, ": B, KiB"},
	{S "Quota=65535B", 2, "below the smallest"},
	{S "Quota=16385GiB", 2, "above the largest"},
	{S "AllowSerials=VPEN0001, abc", 2, "'abc' is no pen's serial number"},
	{S "AllowSerials=VPEN_0001", 2, "'VPEN_0001' is no pen's serial number"},
	{S "AllowSerials=,", 2, "the list is empty"},
	{S "AllowSerials=", 2, "it is empty"},
	{S "AllowRemotePens=1", 2, "allowed: yes, no"},
	{S "Lease=300ms\nLease=300ms", 3, "a second time, first in line 2"},
	{S "Leash=300ms", 2, "unknown key 'Leash'; allowed: MaxDepth, MaxSpeed"},
	{S S, 2, "[Station] stands here a second time"},
	{"[station]\n", 1, "unknown section [station]; allowed: [Station]"},
	{"Lease=300ms", 1, "Lease stands before any section; allowed: after [Station]"},
};

/* The padding too: both began as a copy of one another. */
static bool same_bytes(const void *a, const void *b, size_t size)
{
	return !memcmp(a, b, size);
}

static void test_good(void **state)
{
	for (size_t i = 0; i < ELEMENTSOF(good); i++) {
		struct conf_station station = {0};
		struct conf_station expected;
		struct conf_report report = {0};
		char text[128];

		conf_station_defaults(&station);
		memcpy(&expected, &station, sizeof(expected));
		switch (good[i].size) {
		case 1:
			*((uint8_t *)&expected + good[i].offset) = (uint8_t)good[i].value;
			break;
		case 2:
			memcpy((char *)&expected + good[i].offset,
			       &(uint16_t){(uint16_t)good[i].value}, 2);
			break;
		case 4:
			memcpy((char *)&expected + good[i].offset,
			       &(uint32_t){(uint32_t)good[i].value}, 4);
			break;
		case 8:
			memcpy((char *)&expected + good[i].offset, &good[i].value, 8);
			break;
		}
		snprintf(text, sizeof(text), S "%s", good[i].line);
		if (conf_station_parse(&station, "f", text, strlen(text), &report))
			fail_msg("%s", report.lines[0]);
		if (!same_bytes(&station, &expected, sizeof(station)))
			fail_msg("%s set something else", good[i].line);
	}
}

static void expect_one(const struct wrong *w, int n_errors, struct conf_report *report)
{
	char place[32];

	snprintf(place, sizeof(place), "f:%u: ", w->line);
	if (n_errors != 1 || report->n_lines != 1 ||
	    strncmp(report->lines[0], place, strlen(place)) ||
	    !strstr(report->lines[0], w->message))
		fail_msg("wanted one error %s%s, got %d: %s", place, w->message, n_errors,
			 report->n_lines ? report->lines[0] : "");
	conf_report_free(report);
}

static void test_wrong(void **state)
{
	for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
		struct conf_station station = {0};
		struct conf_report report = {0};
		int n;

		conf_station_defaults(&station);
		n = conf_station_parse(&station, "f", wrong[i].text, strlen(wrong[i].text),
				       &report);
		expect_one(&wrong[i], n, &report);
		conf_station_clear(&station);
	}
}

static void test_serials(void **state)
{
	static const char text[] = S "AllowSerials = VPEN0001,PEN-2 , ABCD";
	static const char other[] = S "AllowSerials=XYZ1";
	static const char any[] = S "AllowSerials=any";
	struct conf_station station = {0};
	struct conf_report report = {0};

	assert_int_equal(conf_station_parse(&station, "f", text, strlen(text), &report), 0);
	assert_string_equal(station.allow_serials[0], "VPEN0001");
	assert_string_equal(station.allow_serials[1], "PEN-2");
	assert_string_equal(station.allow_serials[2], "ABCD");
	assert_null(station.allow_serials[3]);
	assert_int_equal(conf_station_parse(&station, "f", other, strlen(other), &report), 0);
	assert_string_equal(station.allow_serials[0], "XYZ1");
	assert_null(station.allow_serials[1]);
	assert_int_equal(conf_station_parse(&station, "f", any, strlen(any), &report), 0);
	assert_null(station.allow_serials);
}

#define D "[Device]\nModel=M\nMaxDepth=2mm\n"
#define LENGTHS_16 "50um 51um 52um 53um 54um 55um 56um 57um 58um 59um 60um 61um 62um 63um 64um 65um"

static const struct wrong wrong_devices[] = {
	{"[Device]\nMaxDepth=2mm\n", 1, "Model is missing"},
	{"[Device]\nModel=M\n", 1, "MaxDepth is missing"},
	{"[Device]\nModel=12345678901234567\nMaxDepth=2mm\n", 2, "of Model: too long"},
	{"[Device]\nModel=p\xc3\xa9n\nMaxDepth=2mm\n", 2, "a character that no pen can report"},
	{"[Device]\nModel=M\nMaxDepth=2\n", 3, "unit is missing"},
	{"[Device]\nModel=M\nMaxDepth=3001um\n", 3, "above the largest"},
	{D "Tolerance=0um\n", 4, "below the smallest"},
	{D "Tolerance=501um\n", 4, "above the largest"},
	{D "NeedleLengths=1\n", 4, "unit is missing"},
	{D "NeedleLengths=0.5 mm\n", 4, "unit is missing"},
	{D "NeedleLengths=0.5mm, 4mm\n", 4, "above the largest"},
	{D "NeedleLengths=0.5mm 500um\n", 4, "a length stands there twice"},
	{D "NeedleLengths=" LENGTHS_16 " 66um\n", 4, "too many lengths"},
	{D "NeedleLengths=,\n", 4, "the list is empty"},
	{"", 1, "there is no [Device] section"},
	{D "[Station]\n", 4, "unknown section [Station]; allowed: [Device]"},
};

static void test_wrong_devices(void **state)
{
	for (size_t i = 0; i < ELEMENTSOF(wrong_devices); i++) {
		const struct wrong *w = &wrong_devices[i];
		struct conf_device *device = NULL;
		struct conf_report report = {0};
		int n = conf_device_parse(&device, "f", w->text, strlen(w->text), &report);

		expect_one(w, n, &report);
		conf_device_free(device);
	}
}

static void test_device(void **state)
{
	static const char text[] = "[Device]\nModel = Virtual Pen v1.0\nMaxDepth = 2.5mm\n"
				   "Tolerance = 150um\nNeedleLengths = 0.5mm, 1mm 1500um\n";
	static const char sixteen[] = D "NeedleLengths=" LENGTHS_16;
	struct conf_device *device = NULL;
	struct conf_report report = {0};

	assert_int_equal(conf_device_parse(&device, "f", text, strlen(text), &report), 0);
	assert_string_equal(device->model, "Virtual Pen v1.0");
	assert_string_equal(device->path, "f");
	assert_int_equal(device->max_depth_um, 2500);
	assert_int_equal(device->tolerance_um, 150);
	assert_int_equal(device->n_needle_lengths, 3);
	assert_int_equal(device->needle_lengths_um[0], 500);
	assert_int_equal(device->needle_lengths_um[1], 1000);
	assert_int_equal(device->needle_lengths_um[2], 1500);
	conf_device_free(device);
	assert_int_equal(conf_device_parse(&device, "f", sixteen, strlen(sixteen), &report), 0);
	assert_int_equal(device->n_needle_lengths, 16);
	assert_int_equal(device->needle_lengths_um[15], 65);
	conf_device_free(device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_serials), cmocka_unit_test(test_wrong_devices),
		cmocka_unit_test(test_device),
	};

	return cmocka_run_group_tests_name("conf_station", tests, NULL, NULL);
}
