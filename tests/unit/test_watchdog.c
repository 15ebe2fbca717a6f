// SPDX-License-Identifier: GPL-2.0-only
/* The watchdog is fed while the armed pens are guarded, and then only. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include <cmocka.h>

#include "daemon/watchdog.h"
#include "driver/base/clock.h"

#define TIME_USEC (40 * USEC_PER_MSEC)

static int enabled;
static bool guarded;
static unsigned int fed, extended;

int __wrap_sd_watchdog_enabled(int unset, uint64_t *usec);
int __wrap_sd_notify(int unset, const char *state);
int __wrap_sd_notifyf(int unset, const char *format, ...);
bool __wrap_station_guarded(struct station *station);

int __wrap_sd_watchdog_enabled(int unset, uint64_t *usec)
{
	if (enabled > 0)
		*usec = TIME_USEC;
	return enabled;
}

int __wrap_sd_notify(int unset, const char *state)
{
	assert_string_equal(state, "WATCHDOG=1");
	fed++;
	return 1;
}

int __wrap_sd_notifyf(int unset, const char *format, ...)
{
	assert_non_null(strstr(format, "WATCHDOG_USEC="));
	extended++;
	return 1;
}

bool __wrap_station_guarded(struct station *station)
{
	return guarded;
}

static void turn(sd_event *event, uint64_t usec)
{
	uint64_t until = now_usec() + usec;

	while (now_usec() < until)
		assert_true(sd_event_run(event, 1000) >= 0);
}

static void fed_while_guarded(void **state)
{
	struct watchdog watchdog = {0};
	sd_event *event;

	enabled = 1;
	guarded = true;
	fed = extended = 0;
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(watchdog_start(&watchdog, event, NULL, 0), 0);
	turn(event, 5 * TIME_USEC);
	assert_in_range(fed, 5, 25); /* more often than it asks for */
	guarded = false;
	fed = 0;
	turn(event, 2 * TIME_USEC);
	assert_int_equal(fed, 0);
	guarded = true;
	turn(event, 2 * TIME_USEC);
	assert_true(fed > 0);
	watchdog_end(&watchdog);
	assert_int_equal(extended, 1);
	sd_event_unref(event);
}

static void none_asked_for(void **state)
{
	struct watchdog watchdog = {0};
	sd_event *event;

	enabled = 0;
	guarded = true;
	fed = extended = 0;
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(watchdog_start(&watchdog, event, NULL, 0), 0);
	turn(event, TIME_USEC);
	watchdog_end(&watchdog);
	assert_int_equal(fed + extended, 0);
	enabled = -EINVAL;
	assert_int_equal(watchdog_start(&watchdog, event, NULL, 0), -EINVAL);
	sd_event_unref(event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fed_while_guarded),
		cmocka_unit_test(none_asked_for),
	};

	return cmocka_run_group_tests_name("watchdog", tests, NULL, NULL);
}
