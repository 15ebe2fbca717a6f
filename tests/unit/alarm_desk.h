/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A station without pens on a real store, at which alarms are raised and acknowledged. Tests that
 * use it wrap store_event (tests/unit/NAME.wrap).
 */
#ifndef MNPEN_TEST_ALARM_DESK_H
#define MNPEN_TEST_ALARM_DESK_H

#include "daemon/session/parts.h"
#include "tests/unit/store_fixture.h"

struct desk {
	struct fixture f;
	struct conf *conf;
	struct station *station;
	unsigned int answers;
	struct refusal refusal; /* of the last answer; code REFUSAL_NONE = done */
};

extern int desk_event_error; /* of store_event(), instead of doing it; 0 = do it */

/** desk_new(), desk_free() - set-up and teardown of a test, whose state is a struct desk */
int desk_new(void **state);
int desk_free(void **state);

/** desk_open(), desk_close() - start and end of the daemon, as far as alarms are concerned */
void desk_open(struct desk *d);
void desk_close(struct desk *d);

/** acknowledge() - as station_acknowledge(), whose refusal is in @d then */
int acknowledge(struct desk *d, const char *id);
enum refusal_code wait_answer(struct desk *d);
void wait_recorded(struct desk *d, const struct alarm *alarm);

/** raise_recorded() - an alarm "drive-on" that is on record when this returns */
const struct alarm *raise_recorded(struct desk *d, const char *pen);

#endif
