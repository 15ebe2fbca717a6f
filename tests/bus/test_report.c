// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reports, cards and exports of real sessions: what stands in them, what is left when they fail,
 * and what they take of the memory.
 */
#include "tests/bus/harness_cli.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/base/cleanup.h"

#define STEP_MS 5000
#define NOTE "slight <redness> & swelling"

static void run(struct rig *rig, int code, const char *command, const char *id, const char *path)
{
	char line[512];

	snprintf(line, sizeof(line), "%s %s%s%s", command, id, path ? " -o " : "",
		 path ? path : "");
	json_object_put(cli_json(rig, code, line));
}

/* The file's text, to be freed; @ret_len may be NULL. */
static char *slurp(const char *path, size_t *ret_len)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	char *text = NULL;
	struct stat st;

	if (!file || stat(path, &st) < 0)
		fail_msg("%s is not there", path);
	else
		text = calloc(1, (size_t)st.st_size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)st.st_size, file), st.st_size);
	assert_int_equal(st.st_mode & 0777, 0600); /* a client's id stands in it */
	if (ret_len)
		*ret_len = (size_t)st.st_size;
	return text;
}

static void assert_holds(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is missing", part);
}

/* Nothing half-written is left in the rig's folder. */
static void assert_nothing_left(const struct rig *rig, const char *name)
{
	DIR *dir = opendir(rig->dir);
	const struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (strstr(entry->d_name, name))
			fail_msg("%s was left", entry->d_name);
	closedir(dir);
}

/* Runs at its target, then drifts beyond the limit, and is stopped. */
static void work(struct rig *rig)
{
	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	sleep_ms(700);
	gadget_do(rig->control_fd, "ignore limits on");
	gadget_do(rig->control_fd, "drift depth 1000");
	rig_await_motor(rig, false, STEP_MS);
	gadget_do(rig->control_fd, "trigger release");
	assert_done(rig, session_call(rig, "AddNote", "ss", "reaction", NOTE));
}

static void end_session(struct rig *rig)
{
	assert_done(rig, session_call(rig, "End", "s", "completed"));
}

/* ---- what stands in them ---- */

static void assert_svg(struct rig *rig, const char *svg)
{
	const char *const labels[] = {
		">Session report<",
		rig->id,
		">client-1<",
		">VPEN0001 (usbip)<",
		">Measured depth of the needles, mm<",
		">Measured speed, strokes a minute (rpm)<",
		">Time since the session began, ",
		">A  face<",
		">trip ",
		">limit ",
		">target ",
		">max ",
		">min ",
		">Totals<",
		">Stops, faults and alarms<",
		">stop<",
		"depth-limit; last sample ",
		"reaction: slight &lt;redness> &amp; swelling",
		">After your treatment of ",
		"ask your prescriber",
		">page 1 of 2<",
	};

	for (size_t i = 0; i < ELEMENTSOF(labels); i++)
		assert_holds(svg, labels[i]);
	/* drawn, and not only written: lines of many points */
	assert_holds(svg, "<path");
	assert_true(strlen(svg) > 100000);
}

/* Whether pdftotext(1) is there; what it makes of the file, to be freed. */
static char *pdf_text(struct rig *rig, const char *path)
{
	const char *const argv[] = {"pdftotext", "-layout", path, rig_path(rig, "pdf.txt"), NULL};
	struct process process = {0};

	if (access("/usr/bin/pdftotext", X_OK) < 0)
		return NULL;
	process_start(&process, rig->dir, "pdftotext", argv, &(struct process_options){0});
	assert_int_equal(process_wait(&process, STEP_MS), 0);
	assert_int_equal(chmod(rig_path(rig, "pdf.txt"), 0600), 0);
	return slurp(rig_path(rig, "pdf.txt"), NULL);
}

static void assert_pdf(struct rig *rig, const char *path)
{
	_cleanup_free_ char *pdf = slurp(path, NULL), *text = pdf_text(rig, path);

	assert_memory_equal(pdf, "%PDF-1.", 7);
	if (!text)
		return;
	assert_holds(text, "Session report");
	assert_holds(text, rig->id);
	assert_holds(text, "depth-limit; last sample");
	assert_holds(text, "After your treatment of");
}

static void test_a_session(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	_cleanup_free_ char *svg = NULL, *png = NULL;
	char path[3][128];
	size_t len;

	for (size_t i = 0; i < 3; i++)
		snprintf(path[i], sizeof(path[i]), "%s.%s", rig_path(rig, "report"),
			 (const char *const[]){"svg", "pdf", "PNG"}[i]);
	work(rig);
	end_session(rig);
	for (size_t i = 0; i < 3; i++)
		run(rig, 0, "session report", rig->id, path[i]);
	svg = slurp(path[0], NULL);
	assert_svg(rig, svg);
	assert_pdf(rig, path[1]);
	png = slurp(path[2], &len);
	assert_true(len > 10000);
	assert_memory_equal(png, "\211PNG", 4);
	assert_nothing_left(rig, ".report.");
	rig_stop(rig);
}

/* ---- while it runs, without samples, without anything ---- */

static char *report_text_of(struct rig *rig, const char *id)
{
	char path[128];
	char *svg;

	snprintf(path, sizeof(path), "%s.svg", rig_path(rig, "some"));
	run(rig, 0, "session report", id, path);
	svg = slurp(path, NULL);
	assert_int_equal(unlink(path), 0);
	return svg;
}

static void test_while_it_is_open(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	_cleanup_free_ char *svg = NULL;

	work(rig);
	svg = report_text_of(rig, rig->id);
	assert_holds(svg, "not yet: the session is open");
	assert_holds(svg, ">page 1 of 1<"); /* no card */
	run(rig, 1, "session aftercare", rig->id, NULL);
	rig_stop(rig);
}

static void test_without_samples(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	_cleanup_free_ char *trend = NULL, *gaps = NULL, *empty = NULL;
	struct cli_result result;
	char line[128];

	work(rig);
	end_session(rig);
	db_exec(rig->db, "DELETE FROM block");
	trend = report_text_of(rig, rig->id);
	assert_holds(trend, "Drawn from the smallest and largest value of each 100 ms");
	assert_null(strstr(trend, "no samples are on record"));
	snprintf(line, sizeof(line), "session export %s --format csv", rig->id);
	result = cli_run(rig, NULL, line);
	assert_int_equal(result.code, 1);
	assert_holds(result.err, "were deleted");
	assert_string_equal(result.out, "");
	cli_free(&result);

	db_exec(rig->db,
		"DELETE FROM trend; UPDATE session SET samples = 0;"
		"INSERT INTO gap (session, missing, reason, usec, wall_usec) SELECT n, 1000,"
		" 'queue-full', started_usec + 900000, started_wall_usec + 900000"
		" FROM session");
	gaps = report_text_of(rig, rig->id);
	assert_holds(gaps, "no samples are on record");
	db_exec(rig->db, "DELETE FROM gap; DELETE FROM event");
	empty = report_text_of(rig, rig->id);
	assert_holds(empty, "no samples are on record");
	rig_stop(rig);
}

/* ---- errors ---- */

static void test_errors(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	char path[128], full[128];
	_cleanup_free_ char *kept = NULL;

	snprintf(path, sizeof(path), "%s.pdf", rig_path(rig, "report"));
	snprintf(full, sizeof(full), "%s.pdf", rig_path(rig, "full"));
	rig_begin(rig);
	end_session(rig);
	run(rig, 2, "session report", rig->id, NULL);
	run(rig, 2, "session report", rig->id, "report.jpg");
	run(rig, 2, "session report", rig->id, "report");
	run(rig, 2, "session report", rig->id, "a.pdf/report");
	run(rig, 2, "session report", rig->id, "-");
	run(rig, 2, "session aftercare", rig->id, "card.svg");
	run(rig, 1, "session report", rig->id, "/nowhere/report.pdf");
	run(rig, 1, "session report", rig->id, "/proc/report.pdf");
	run(rig, 4, "session report", "nope", path);
	run(rig, 4, "session aftercare", "nope", path);
	assert_nothing_left(rig, "report");

	/* A disk that is full. */
	assert_int_equal(symlink("/dev/full", full), 0);
	run(rig, 1, "session report", rig->id, full);
	run(rig, 1, "session aftercare", rig->id, full);

	/* A file that is there stays as it is. */
	rig_write(rig, "report.pdf", "mine");
	assert_int_equal(chmod(path, 0600), 0);
	run(rig, 1, "session report", rig->id, path);
	run(rig, 1, "session aftercare", rig->id, path);
	kept = slurp(path, NULL);
	assert_string_equal(kept, "mine");
	assert_int_equal(unlink(path), 0);

	polkit_say(rig->polkit, false, 0);
	run(rig, 5, "session report", rig->id, path);
	polkit_say(rig->polkit, true, 0);
	process_kill(&rig->daemon, SIGTERM);
	assert_int_equal(process_wait(&rig->daemon, STEP_MS), 0);
	run(rig, 3, "session report", rig->id, path);
	assert_nothing_left(rig, "report");
	rig_stop(rig);
}

/* ---- the card ---- */

static void test_card(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	_cleanup_free_ char *pdf = NULL, *svg = NULL;
	struct cli_result result;
	json_object *document;
	char line[160], path[128];

	rig_write(rig, "profiles.d/course.conf",
		  "[Profile]\nTitle=T\nSource=s\nPedal=off\nMinInterval=28d\nMaxInterval=42d\n"
		  "[Area cheek]\nMaxDepth=1mm\nMaxSpeed=9000rpm\n");
	rig_reload(rig);
	assert_done(rig, rig_begin_as(rig, "course", "client-1", "cheek"));
	end_session(rig);
	snprintf(line, sizeof(line), "session aftercare %s", rig->id);
	result = cli_run(rig, NULL, line);
	assert_int_equal(result.code, 0);
	assert_holds(result.out, "After your treatment of");
	assert_holds(result.out, "Not before");
	assert_null(strstr(result.out, "We shall agree"));
	document = cli_json(rig, 0, line);
	assert_string_equal(json_word(document, "aftercare.text"), result.out);
	assert_string_equal(json_word(document, "aftercare.session"), rig->id);
	assert_true(strcmp(json_word(document, "aftercare.next_from"),
			   json_word(document, "aftercare.next_until")) < 0);
	json_object_put(document);
	cli_free(&result);

	snprintf(path, sizeof(path), "%s.pdf", rig_path(rig, "card"));
	run(rig, 0, "session aftercare", rig->id, path);
	pdf = slurp(path, NULL);
	assert_memory_equal(pdf, "%PDF-1.", 7);

	/* The clinic's own words, and wrong ones: the card is refused, the report is made without.
	 */
	rig_write(rig, "aftercare.conf", "= Nachsorge\n- bis {T+24h}\n");
	result = cli_run(rig, NULL, line);
	assert_memory_equal(result.out, "Nachsorge\n- bis ", 16);
	cli_free(&result);
	rig_write(rig, "aftercare.conf", "= Nachsorge\n- bis {morgen}\n");
	result = cli_run(rig, NULL, line);
	assert_int_equal(result.code, 1);
	assert_string_equal(result.out, "");
	assert_holds(result.err, "aftercare.conf:2: there is no {morgen}; allowed: {T}");
	cli_free(&result);
	svg = report_text_of(rig, rig->id);
	assert_holds(svg, "There is no aftercare card");
	rig_stop(rig);
}

/* ---- memory ---- */

static long children_kib(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_CHILDREN, &usage), 0);
	return usage.ru_maxrss;
}

static void export_all(struct rig *rig)
{
	char line[160];

	snprintf(line, sizeof(line), "session export %s --format json -o /dev/null", rig->id);
	json_object_put(cli_json(rig, 0, line));
	snprintf(line, sizeof(line), "session export %s --format csv -o /dev/null", rig->id);
	json_object_put(cli_json(rig, 0, line));
	free(report_text_of(rig, rig->id));
}

/* The same blocks again and again, until they are an hour: what an export holds of them at a time
 * is what it holds of a second. */
static void test_memory(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	unsigned int samples = 3600000 / (unsigned int)time_scale();
	long before_kib;
	char sql[768];

	work(rig);
	end_session(rig);
	export_all(rig);
	before_kib = children_kib();
	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE i(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM i WHERE k < 1 + %u"
		 " / (SELECT sum(count) FROM block))"
		 " INSERT INTO block (session, first_seq, last_seq, count, first_host_usec,"
		 " last_host_usec, data) SELECT session, first_seq, last_seq, count,"
		 " first_host_usec, last_host_usec, data FROM i, block;"
		 "UPDATE session SET samples = (SELECT sum(count) FROM block)",
		 samples);
	db_exec(rig->db, sql);
	assert_true(session_number(rig, "samples") > samples);
	rig_await_healthy(rig, true, 2 * STEP_MS);
	export_all(rig);
	/* What a sanitizer keeps of what is freed is no measure. */
	if (time_scale() == 1 && children_kib() > before_kib + 4096)
		fail_msg("a second: %ld KiB, an hour: %ld KiB", before_kib, children_kib());
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_a_session),
		RIG_TEST(test_while_it_is_open),
		RIG_TEST(test_without_samples),
		RIG_TEST(test_errors),
		RIG_TEST(test_card),
		RIG_TEST(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
