// SPDX-License-Identifier: GPL-2.0-only
/* The panel's rows of words: title, state, warnings, how to stop. */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/live_rows.h"
#include "driver/base/cleanup.h"
#include "driver/proto/names.h"

#define WORDS 60 /* columns from which there is room for whole sentences */
#define SHORT 18 /* and for a second word */
#define WARNINGS_MAX 5
#define WARNING_SIZE 300

static void put(struct live_row *row, enum live_style style, unsigned int width, const char *format,
		...) __attribute__((format(printf, 4, 5)));

/* From the first column but one, where there is room for that. */
static void put(struct live_row *row, enum live_style style, unsigned int width, const char *format,
		...)
{
	size_t margin = width >= LIVE_MEDIUM;
	va_list ap;

	row->text[0] = ' ';
	va_start(ap, format);
	vsnprintf(row->text + margin, sizeof(row->text) - margin, format, ap);
	va_end(ap);
	columns_cut(row->text, width);
	row->style = style;
}

void live_row_title(const struct live_view *view, unsigned int width, struct live_row *ret)
{
	bool words = width >= WORDS;

	put(ret, LIVE_PLAIN, width, "%s%s%s%s%s%s%s", view->serial, *view->profile ? "  " : "",
	    view->profile, *view->area ? " / " : "", view->area,
	    *view->session ? (words ? "   session " : "  ") : "   no session", view->session);
}

/* ---- state ---- */

enum live_style live_state_style(const struct live_view *view)
{
	if (!view->have_row)
		return view->armed ? LIVE_ALERT : LIVE_BAND;
	if (!live_have_sample(view) || view->row.sample.state == MNPEN_STATE_FAULT)
		return LIVE_ALERT;
	return LIVE_BAND;
}

/* Said only when it does not follow from the state. */
static const char *armed_word(const struct live_view *view)
{
	unsigned int state = view->row.sample.state;
	bool shown = live_have_sample(view) &&
		     (state == MNPEN_STATE_ARMED || state == MNPEN_STATE_RUNNING);

	if (shown == view->armed)
		return shown ? "" : "not armed";
	return view->armed ? "ARMED" : "but not by mnpend";
}

static void put_blind(const struct live_view *view, unsigned int width, struct live_row *ret)
{
	const char *armed = view->armed ? "ARMED" : "not armed";
	uint64_t age_ds = view->age_ms / 100; /* tenths of a second */

	if (!view->have_row)
		put(ret, live_state_style(view), width, "NO SAMPLE, %s", armed);
	else if (view->fresh)
		put(ret, LIVE_ALERT, width, "UNREADABLE%s, %s",
		    width < LIVE_MEDIUM ? "" : " SAMPLE", armed);
	else
		put(ret, LIVE_ALERT, width, "%s%" PRIu64 ".%" PRIu64 " s%s, %s",
		    width < WORDS ? "STALE " : "STALE: the last sample is ", age_ds / 10,
		    age_ds % 10, width < WORDS ? "" : " old", armed);
}

/* The pen wants to see the trigger released after it was armed, before it runs. */
static const char *trigger_word(const struct mnpen_sample *s, unsigned int width)
{
	if (!(s->flags & MNPEN_FLAG_TRIGGER))
		return "released";
	if (s->state != MNPEN_STATE_ARMED)
		return "PRESSED";
	return width >= WORDS ? "PRESSED: release it first" : "PRESSED: let go";
}

void live_row_state(const struct live_view *view, unsigned int width, struct live_row *ret)
{
	const struct mnpen_sample *s = &view->row.sample;
	bool pressed = s->flags & MNPEN_FLAG_TRIGGER;
	const char *armed = armed_word(view);
	char state[32];

	if (!live_have_sample(view)) {
		put_blind(view, width, ret);
		return;
	}
	snprintf(state, sizeof(state), "%s", mnpen_state_name(s->state));
	for (char *c = state; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	if (width >= WORDS)
		put(ret, live_state_style(view), width, "%s%s%s     trigger %s%s%s", state,
		    *armed ? ", " : "", armed, trigger_word(s, width),
		    *view->pedal ? "     pedal " : "", view->pedal);
	else if (width >= LIVE_MEDIUM)
		put(ret, live_state_style(view), width, "%s%s%s  trigger %s", state,
		    *armed ? ", " : "", armed, trigger_word(s, width));
	else if (strlen(state) + strlen(armed) + strlen("  trigger off") <= width)
		put(ret, live_state_style(view), width, "%s%s%s trigger %s", state,
		    *armed ? " " : "", armed, pressed ? "ON" : "off");
	else
		put(ret, live_state_style(view), width, "%s%s%s%s", state, *armed ? " " : "", armed,
		    pressed ? " trig" : "");
}

/* ---- warnings ---- */

static void put_faults(const struct live_view *view, char *buf, size_t size)
{
	size_t used = (size_t)snprintf(buf, size, "FAULT:");

	for (unsigned int bit = 0; bit < MNPEN_FAULT_COUNT && used < size; bit++)
		if (view->row.sample.faults & (1u << bit))
			used += (size_t)snprintf(buf + used, size - used, " %s",
						 mnpen_fault_name(bit));
}

/* @list may be NULL. */
static unsigned int collect(const struct live_view *view, char (*list)[WARNING_SIZE])
{
	char none[WARNING_SIZE];
	unsigned int n = 0;

#define NEXT (list ? list[n++] : (n++, none))
	if (*view->urgent)
		snprintf(NEXT, WARNING_SIZE, "%s", view->urgent);
	if (view->n_alarms > 0)
		snprintf(NEXT, WARNING_SIZE, "ALARM: %s", view->alarm);
	if (view->n_alarms > 1)
		snprintf(NEXT, WARNING_SIZE, "%u ALARMS stand: mnpenctl alarm list",
			 view->n_alarms);
	if (live_have_sample(view) && view->row.sample.faults)
		put_faults(view, NEXT, WARNING_SIZE);
	if (view->store_failing)
		snprintf(NEXT, WARNING_SIZE, "THE RECORD CANNOT BE KEPT: no pen runs");
#undef NEXT
	return n;
}

unsigned int live_rows_warnings(const struct live_view *view)
{
	return collect(view, NULL);
}

void live_row_warning(const struct live_view *view, unsigned int i, unsigned int shown,
		      unsigned int width, struct live_row *ret)
{
	char list[WARNINGS_MAX][WARNING_SIZE];
	unsigned int n = collect(view, list);

	if (i + 1 == shown && n > shown)
		put(ret, LIVE_ALERT, width, "(+%u) %s", n - shown, list[i]);
	else if (i < n)
		put(ret, LIVE_ALERT, width, "%s", list[i]);
}

/* ---- how to stop ---- */

static void put_no_keys(const struct live_view *view, unsigned int width, struct live_row *ret)
{
	put(ret, LIVE_BAND, width, "%s%s",
	    width >= WORDS ? "Keys are not read here.   Ctrl-C: " : "Ctrl-C: ",
	    view->ours ? "disarm, leave" : "leave");
}

void live_row_hint(const struct live_view *view, unsigned int width, struct live_row *ret)
{
	if (!view->keys)
		put_no_keys(view, width, ret);
	else if (width >= WORDS)
		put(ret, LIVE_BAND, width, "SPACE or ENTER: STOP     q: %s",
		    view->ours ? "disarm and leave" : "leave, and the pen as it is");
	else if (width >= LIVE_MEDIUM)
		put(ret, LIVE_BAND, width, "SPACE/ENTER: STOP   q: leave");
	else if (width >= SHORT)
		put(ret, LIVE_BAND, width, "SPACE:STOP q:leave");
	else
		put(ret, LIVE_BAND, width, "SPACE:STOP");
}
