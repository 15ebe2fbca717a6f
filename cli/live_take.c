// SPDX-License-Identifier: GPL-2.0-only
/* What the daemon says of the pen, its session and itself, into what the live view shows. */
#include <stdio.h>
#include <string.h>

#include "cli/live.h"
#include "cli/text.h"
#include "daemon/api/names.h"

static void take_limits(struct live_view *view, json_object *limits)
{
	view->depth_limit_um = json_u32(limits, "depth_um");
	view->tolerance_um = json_u32(limits, "tolerance_um");
	view->speed_min_rpm = json_u32(limits, "speed_min_rpm");
	view->speed_max_rpm = json_u32(limits, "speed_max_rpm");
}

/* A name as it is shown; a key that is not there leaves what is known. */
static void take_word(json_object *p, const char *key, char *ret, size_t size)
{
	if (!json_get(p, key))
		return;
	snprintf(ret, size, "%s", json_string(p, key));
	text_clean(ret);
}

static void take_session_path(struct live *live, const char *path)
{
	_cleanup_free_ char *id = NULL;
	char *copy;

	if (!*path || strcmp(path, live->session_path) == 0)
		return;
	copy = strdup(path);
	if (!copy)
		return; /* the session's times are not shown */
	free(live->session_path);
	live->session_path = copy;
	live->view.have_run = live->view.have_session = false;
	if (sd_bus_path_decode(path, API_SESSIONS, &id) <= 0)
		id = NULL;
	snprintf(live->view.session, sizeof(live->view.session), "%s", id ? id : "");
	text_clean(live->view.session);
}

void live_take_properties(struct live *live, json_object *p)
{
	struct live_view *view = &live->view;

	take_word(p, "DisarmReason", live->disarm_reason, sizeof(live->disarm_reason));
	take_word(p, "Profile", view->profile, sizeof(view->profile));
	take_word(p, "Area", view->area, sizeof(view->area));
	take_word(p, "Pedal", view->pedal, sizeof(view->pedal));
	if (json_get(p, "Armed"))
		view->armed = json_flag(p, "Armed");
	if (json_get(p, "TargetDepthUm"))
		view->target_depth_um = json_u32(p, "TargetDepthUm");
	if (json_get(p, "TargetSpeedRpm"))
		view->target_speed_rpm = json_u32(p, "TargetSpeedRpm");
	if (json_get(p, "Limits")) {
		take_limits(view, json_get(p, "Limits"));
		live->session_limit_ms = json_u32(json_get(p, "Limits"), "session_ms");
	}
	take_session_path(live, json_string(p, "Session"));
}

void live_take_pen(struct live *live, const struct pen *pen)
{
	struct live_view *view = &live->view;

	snprintf(view->profile, sizeof(view->profile), "%s", pen->profile);
	snprintf(view->area, sizeof(view->area), "%s", pen->area);
	snprintf(view->pedal, sizeof(view->pedal), "%s", pen->pedal);
	snprintf(view->session, sizeof(view->session), "%s", pen->session_id);
	view->armed = pen->armed;
	view->target_depth_um = pen->target_depth_um;
	view->target_speed_rpm = pen->target_speed_rpm;
	take_limits(view, pen->limits);
	live->session_limit_ms = json_u32(pen->limits, "session_ms");
}

void live_take_session(struct live *live, json_object *p)
{
	struct live_view *view = &live->view;
	uint64_t all_ms = live->session_limit_ms;

	view->have_run = true;
	live->run_polled_ms = json_u64(p, "RunMs");
	live->run_base_ms = view->have_row ? view->row.sample.run_ms : UINT64_MAX;
	view->run_left_ms = json_u64(p, "RunLeftMs");
	view->run_used_ms = live->run_polled_ms;
	view->have_session = all_ms > 0 && json_get(p, "SessionLeftMs");
	view->session_left_ms = MIN(json_u64(p, "SessionLeftMs"), all_ms);
	view->session_used_ms = all_ms - view->session_left_ms;
}

/* Of all alarms those of this pen, and those of none: both forbid arming. */
void live_take_manager(struct live *live, json_object *p)
{
	json_object *alarms = json_get(p, "Alarms");
	struct live_view *view = &live->view;
	size_t n =
		json_object_is_type(alarms, json_type_array) ? json_object_array_length(alarms) : 0;

	if (json_get(p, "StoreHealthy"))
		view->store_failing = !json_flag(p, "StoreHealthy");
	view->n_alarms = 0;
	for (size_t i = 0; i < n; i++) {
		json_object *alarm = json_object_array_get_idx(alarms, i);
		const char *pen = json_string(alarm, "pen");

		if (*pen && strcmp(pen, live->serial) != 0)
			continue;
		if (view->n_alarms++ == 0)
			take_word(alarm, "text", view->alarm, sizeof(view->alarm));
	}
}
