// SPDX-License-Identifier: GPL-2.0-only
/* One cell after the other: cause, what follows, what is on record of it. */
#include "tests/bus/misbehave.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bus/misbehave_parts.h"

#define STOP_MEDIAN_MS 15   /* a request is waited for up to 50: STOP must not wait with it */
#define TRIES 3		    /* of a cell on a machine that is late */
#define LATE_NS 30000000ull /* EP0 is waited for 50 ms, and a sample for 200 */
#define BREATH_MS 500	    /* room for events in flood.h, which the rows before have used up */

static const char *const state_names[] = MIS_STATE_NAMES;

void mis_complain(struct mis *mis, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_message("# WRONG %s: %s\n", mis->name, text);
	mis->problems++;
	mis->cell_problems++;
}

bool mis_one_of(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (strncmp(at, word, len) == 0 && (at[len] == '\0' || at[len] == '|'))
			return true;
	return false;
}

static void run_cell(struct mis *mis)
{
	struct stat log;

	mis->cell_problems = 0;
	mis->ms = -1;
	mis->reaction[0] = '\0';
	if (!mis_enter(mis))
		return;
	if (mis->cell->also || mis->cell->end == MIS_FAULT)
		sleep_ms(BREATH_MS);
	if (mis->cell->first)
		mis_commands(mis, mis->cell->first, NULL);
	client_forget(mis->rig->client);
	assert_int_equal(stat(mis->rig->daemon.log, &log), 0);
	mis->log_at = (long)log.st_size;
	mis->cause_usec = now_usec();
	mis_commands(mis, mis->row->cause, &mis->cause_ns);
	mis_expect(mis);
	if (mis->cell_problems)
		mis_show_log(mis);
	if (mis->ms >= 0)
		print_message("# %s | %s | %.1f ms%s\n", mis->name, mis->reaction, mis->ms,
			      mis->cell_problems ? " | WRONG" : "");
	else
		print_message("# %s | %s | -%s\n", mis->name, mis->reaction,
			      mis->cell_problems ? " | WRONG" : "");
}

/* A machine that lets nobody run for longer than the daemon waits makes it stop the pen, and
 * rightly. What fails without such a delay has failed. */
static void run_cell_in_time(struct mis *mis)
{
	for (unsigned int tries = 1;; tries++) {
		uint64_t from_ns = now_monotonic_ns(), late_ns;
		unsigned int problems = mis->problems;
		size_t n_records = mis->n_records, n_stops = mis->stops.n;

		run_cell(mis);
		late_ns = canary_late_ns(mis->canary, from_ns, now_monotonic_ns());
		if (!mis->cell_problems || late_ns < LATE_NS || tries == TRIES)
			return;
		print_message("# the machine was late by %.0f ms: once more\n",
			      (double)late_ns / 1e6);
		mis->problems = problems;
		mis->n_records = n_records;
		mis->stops.n = n_stops;
		mis_recover(mis);
	}
}

void mis_run(void **state, const struct mis_row *rows, size_t n_rows,
	     const struct rig_options *options)
{
	struct mis *mis = calloc(1, sizeof(*mis));
	const char *only = getenv("MNPEN_MISBEHAVE"); /* of one row, for who looks into it */
	unsigned int problems;

	assert_non_null(mis);
	mis->stops.what = "Stop called, a request under way -> STOP at the pen";
	mis->rig = rig_start(state, options);
	mis->canary = canary_new(mis->rig->daemon.pid, mis->rig->gadget.pid);
	snprintf(mis->name, sizeof(mis->name), "at first");
	mis_recover(mis);
	for (size_t i = 0; i < n_rows; i++) {
		for (unsigned int s = 0; s < MIS_STATES; s++) {
			if (rows[i].cell[s].end == MIS_NONE ||
			    (only && !strstr(rows[i].cause, only)))
				continue;
			mis->row = &rows[i];
			mis->cell = &rows[i].cell[s];
			mis->state = (enum mis_state)s;
			snprintf(mis->name, sizeof(mis->name), "%s | %s", rows[i].cause,
				 state_names[s]);
			run_cell_in_time(mis);
			mis->cells++;
			mis_recover(mis);
		}
	}
	mis_check_records(mis);
	if (mis->stops.n)
		measure_check(&mis->stops, STOP_MEDIAN_MS * time_scale(),
			      2 * MIS_AT_ONCE_MS * time_scale());
	problems = mis->problems;
	print_message("# %u cells, %u wrong\n", mis->cells, problems);
	mis->canary = canary_free(mis->canary);
	rig_stop(mis->rig);
	free(mis);
	assert_int_equal(problems, 0);
}
