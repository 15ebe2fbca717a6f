// SPDX-License-Identifier: GPL-2.0-only
/* /org/mnpen1/sessions/ID: an open session. Neither client nor operator is shown. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bus/parts.h"
#include "driver/base/clock.h"

/* A property that is one value of the struct session. */
#define SIMPLE_GETTER(name, type, value)                                                           \
	GETTER(name)                                                                               \
	{                                                                                          \
		const struct bus_pen *pen = userdata;                                              \
		const struct session *session = pen->session;                                      \
                                                                                                   \
		return sd_bus_message_append(reply, type, value);                                  \
	}

SIMPLE_GETTER(get_id, "s", session->id)
SIMPLE_GETTER(get_profile, "s", session->profile)
SIMPLE_GETTER(get_area, "s", session->area ? session->area : "")
SIMPLE_GETTER(get_started, "t", session->started_wall_usec)
SIMPLE_GETTER(get_strokes, "t", session->strokes)
SIMPLE_GETTER(get_samples, "t", session->samples)
SIMPLE_GETTER(get_gaps, "t", session->gaps)

GETTER(get_pen)
{
	const struct bus_pen *pen = userdata;

	return sd_bus_message_append(reply, "o", pen->path);
}

GETTER(get_run)
{
	const struct bus_pen *pen = userdata;

	return sd_bus_message_append(reply, "t", session_run_used_ms(pen->pen));
}

static uint64_t left_of(uint64_t limit, uint64_t used)
{
	return limit > used ? limit - used : 0;
}

/* Without limits nothing may run, so nothing is left. */
GETTER(get_run_left)
{
	const struct bus_pen *pen = userdata;
	struct limits limits = {0};
	struct refusal ignored;

	(void)station_limits(pen->pen, &limits, &ignored);
	return sd_bus_message_append(reply, "t",
				     left_of(limits.run_ms, session_run_used_ms(pen->pen)));
}

GETTER(get_session_left)
{
	const struct bus_pen *pen = userdata;
	uint64_t used_ms = (now_usec() - pen->session->started_usec) / USEC_PER_MSEC;
	struct limits limits = {0};
	struct refusal ignored;

	(void)station_limits(pen->pen, &limits, &ignored);
	return sd_bus_message_append(reply, "t", left_of(limits.session_ms, used_ms));
}

SIMPLE_GETTER(get_screening, "s", session->screening ? session->screening : "")
SIMPLE_GETTER(get_before, "u", session->area ? session->sessions_before : 0)

GETTER(get_area_size)
{
	const struct bus_pen *pen = userdata;
	const struct area_tally *tally = clinic_tally(pen->session);

	return sd_bus_message_append(reply, "u", tally ? tally->size_cm2 : 0);
}

/* 0: not known, which is no density. */
GETTER(get_punctures)
{
	const struct bus_pen *pen = userdata;
	uint32_t per_cm2 = 0;

	(void)clinic_density(pen->pen, &per_cm2);
	return sd_bus_message_append(reply, "u", per_cm2);
}

/* What whoever treats should know: from the answers, and of this moment. */
GETTER(get_notices)
{
	const struct bus_pen *pen = userdata;
	_cleanup_free_ char *copy = NULL;
	char *rest, *line, text[STATION_NOTICE_MAX];
	int r = sd_bus_message_open_container(reply, 'a', "s");

	if (pen->session->notices && !(copy = strdup(pen->session->notices)))
		return -ENOMEM;
	rest = copy;
	while (r >= 0 && (line = strsep(&rest, "\n")))
		r = append_text(reply, line);
	if (r >= 0 && clinic_dense_text(pen->pen, text, sizeof(text)))
		r = append_text(reply, text);
	if (r >= 0 && clinic_course_text(pen->pen, text, sizeof(text)))
		r = append_text(reply, text);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* ---- methods ---- */

/* The session may have ended while the call waited, and the pen may even have another one now. */
static struct bus_pen *request_session(struct request *request, struct refusal *refusal)
{
	const char *path = sd_bus_message_get_path(request->message);
	struct bus_pen *pen = bus_pen_by_session_path(request->bus, path);

	if (!pen)
		refuse(refusal, REFUSAL_NO_SUCH_SESSION, "the session ended while %s waited",
		       sd_bus_message_get_member(request->message));
	return pen;
}

static int run_set_area(struct request *request, struct refusal *refusal)
{
	struct bus_pen *pen = request_session(request, refusal);
	const char *area, *size = NULL, *sign_off = NULL;
	const struct dict_key keys[] = {
		{"area-size-cm2", 's', &size},
		{"sign-off", 's', &sign_off},
	};
	int r;

	if (!pen)
		return -EACCES;
	r = sd_bus_message_read(request->message, "s", &area);
	if (r >= 0)
		r = dict_read(request->message, keys, ELEMENTSOF(keys), refusal);
	if (r < 0)
		return r;
	return station_set_area(pen->pen, area, size, sign_off, request_done, request, refusal);
}

static int run_add_note(struct request *request, struct refusal *refusal)
{
	struct bus_pen *pen = request_session(request, refusal);
	const char *kind, *text;
	int r;

	if (!pen)
		return -EACCES;
	r = sd_bus_message_read(request->message, "ss", &kind, &text);
	if (r < 0)
		return r;
	return station_add_note(pen->pen, kind, text, request_done, request, refusal);
}

static int run_end(struct request *request, struct refusal *refusal)
{
	struct bus_pen *pen = request_session(request, refusal);
	const char *outcome;
	int r;

	if (!pen)
		return -EACCES;
	r = sd_bus_message_read(request->message, "s", &outcome);
	if (r < 0)
		return r;
	return station_end(pen->pen, outcome, request_done, request, refusal);
}

static int on_set_area(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus_pen *pen = userdata;

	return request_start(pen->bus, m, API_ACTION_OPERATE, pen, run_set_area);
}

static int on_add_note(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus_pen *pen = userdata;

	return request_start(pen->bus, m, API_ACTION_OPERATE, pen, run_add_note);
}

static int on_end(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus_pen *pen = userdata;

	return request_start(pen->bus, m, API_ACTION_OPERATE, pen, run_end);
}

const sd_bus_vtable session_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("SetArea", SD_BUS_ARGS("s", area, "a{sv}", options),
				SD_BUS_NO_RESULT, on_set_area, FREE),
	SD_BUS_METHOD_WITH_ARGS("AddNote", SD_BUS_ARGS("s", kind, "s", text), SD_BUS_NO_RESULT,
				on_add_note, FREE),
	SD_BUS_METHOD_WITH_ARGS("End", SD_BUS_ARGS("s", outcome), SD_BUS_NO_RESULT, on_end, FREE),
	SD_BUS_PROPERTY("Id", "s", get_id, 0, CONST),
	SD_BUS_PROPERTY("Pen", "o", get_pen, 0, CONST),
	SD_BUS_PROPERTY("Profile", "s", get_profile, 0, EMITS),
	SD_BUS_PROPERTY("Area", "s", get_area, 0, EMITS),
	SD_BUS_PROPERTY("StartedUsec", "t", get_started, 0, CONST),
	SD_BUS_PROPERTY("RunMs", "t", get_run, 0, 0),
	SD_BUS_PROPERTY("RunLeftMs", "t", get_run_left, 0, 0),
	SD_BUS_PROPERTY("SessionLeftMs", "t", get_session_left, 0, 0),
	SD_BUS_PROPERTY("Strokes", "t", get_strokes, 0, 0),
	SD_BUS_PROPERTY("Samples", "t", get_samples, 0, 0),
	SD_BUS_PROPERTY("Gaps", "t", get_gaps, 0, 0),
	SD_BUS_PROPERTY("Screening", "s", get_screening, 0, CONST),
	SD_BUS_PROPERTY("SessionsBefore", "u", get_before, 0, 0),
	SD_BUS_PROPERTY("AreaSizeCm2", "u", get_area_size, 0, 0),
	SD_BUS_PROPERTY("PuncturesPerCm2", "u", get_punctures, 0, 0),
	SD_BUS_PROPERTY("Notices", "as", get_notices, 0, 0),
	SD_BUS_VTABLE_END,
};

static int find_session(sd_bus *sd_bus, const char *path, const char *interface, void *userdata,
			void **ret, sd_bus_error *error)
{
	struct bus_pen *pen = bus_pen_by_session_path(userdata, path);

	if (!pen && strcmp(path, API_SESSIONS) == 0)
		return 0;
	if (!pen)
		return sd_bus_error_setf(error, API_ERROR("NoSuchSession"),
					 "no session is open at %s; 'mnpenctl status' shows those "
					 "that are",
					 path);
	*ret = pen;
	return 1;
}

static const char *session_path(const struct bus_pen *pen)
{
	return pen->session_path;
}

static int list_sessions(sd_bus *sd_bus, const char *prefix, void *userdata, char ***ret,
			 sd_bus_error *error)
{
	return bus_list_paths(userdata, session_path, ret);
}

int sessions_export(struct bus *bus)
{
	int r = sd_bus_add_fallback_vtable(bus->bus, NULL, API_SESSIONS, API_SESSION,
					   session_vtable, find_session, bus);

	if (r >= 0)
		r = sd_bus_add_node_enumerator(bus->bus, NULL, API_SESSIONS, list_sessions, bus);
	return r;
}
