// SPDX-License-Identifier: GPL-2.0-only
/* Sessions and their records on the command line, against a stand-in for mnpend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "cli/cli.h"
#include "driver/base/cleanup.h"
#include "tests/shared/cli_fake.h"

static struct run run;
static char folder[] = "/tmp/mnpen-cli-XXXXXX";

static int reset(void **state)
{
	fake_reset();
	return 0;
}

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	return rmdir(folder); /* fails when a test left a file behind */
}

static void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void test_begin(void **state)
{
	fake_run(&run, "session begin --client C1", NULL);
	assert_int_equal(run.code, CLI_DONE);
	assert_string_equal(run.out, "S-1\n");
	assert_string_equal(fake.calls, "BeginSession(/org/mnpen1/pens/PEN_2d1,,C1,) ");
	fake_run(&run,
		 "session begin --pen PEN-2 --profile p --client - --area a --area-size-cm2 20"
		 " --operator o --consent c --sign-off s --cartridge L/S --json",
		 "C 77\nmore\n");
	assert_string_equal(run.out,
			    "{\"schema\":1,\"session\":{\"id\":\"S-1\",\"pen\":\"PEN-2\"}}\n");
	assert_string_equal(fake.calls,
			    "BeginSession(/org/mnpen1/pens/PEN_2d2,p,C 77,area,a,area-size-cm2,20,"
			    "operator,o,consent,c,sign-off,s,cartridge,L/S) ");
	fake_run(&run, "session begin --client -", "\n");
	assert_int_equal(run.code, CLI_USAGE);
	fake_run(&run, "session begin --client -", "\xff\n");
	assert_int_equal(run.code, CLI_USAGE);
}

static void test_begin_sends_the_screening(void **state)
{
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/screening", folder);
	file = fopen(path, "we");
	fputs("q1: no", file);
	fclose(file);
	snprintf(line, sizeof(line), "session begin --client C --screening %s", path);
	fake_run(&run, line, NULL);
	assert_contains(fake.calls, "screening,q1: no");
	unlink(path);
	fake_run(&run, line, NULL);
	assert_int_equal(run.code, CLI_FAILED);
	assert_string_equal(fake.calls, "");
}

static void test_the_open_session(void **state)
{
	fake_run(&run, "session area cheek --area-size-cm2 9", NULL);
	assert_string_equal(fake.calls, "SetArea(cheek,area-size-cm2,9) ");
	fake_run(&run, "session note endpoint redness", NULL);
	assert_string_equal(fake.calls, "AddNote(endpoint,redness) ");
	fake_run(&run, "session end", NULL);
	assert_string_equal(fake.calls, "End(completed) ");
	fake.n_sessions = 2;
	fake_run(&run, "session end", NULL);
	assert_int_equal(run.code, CLI_USAGE);
	assert_contains(run.err, "S-1 of pen PEN-1, S-2 of pen PEN-1");
	fake_run(&run, "session end --session S-9", NULL);
	assert_int_equal(run.code, CLI_NOT_FOUND);
	assert_contains(run.err, "no session S-9 is open\n  did you mean S-1?");
	fake_run(&run, "session end --session S-2 --outcome stopped", NULL);
	assert_string_equal(fake.calls, "End(stopped) ");
	fake.n_sessions = 0;
	fake_run(&run, "session end", NULL);
	assert_int_equal(run.code, CLI_NOT_FOUND);
}

static void test_list_reads_every_page(void **state)
{
	fake.n_pages = 3;
	fake_run(&run, "session list --client C --lot L --serial P --since 2026-01-01T09:00:00Z",
		 NULL);
	assert_int_equal(run.code, CLI_DONE);
	assert_contains(fake.calls,
			"ListSessions(client,C,lot,L,pen,P,since_usec,1767258000000000,,200) ");
	assert_contains(fake.calls, ",2,200) ");
	assert_contains(run.out, "S-0 ");
	assert_contains(run.out, "S-5 ");
	fake_run(&run, "session list --json", NULL);
	assert_contains(run.out, "\"started\":\"2026-01-01T09:00:00.000000Z\",\"ended\":null");
	assert_contains(run.out, "\"id\":\"S-5\"");
}

static void test_show(void **state)
{
	fake_run(&run, "session show S-1", NULL);
	assert_contains(run.out, "1 min 1 s");
	assert_contains(run.out, "depth 1.20 mm");
	fake_run(&run, "session show S-1 --json", NULL);
	assert_memory_equal(run.out, "{\"schema\":1,\"session\":{\"id\":\"S-1\",", 34);
	fake.half_summary = true;
	fake_run(&run, "session show S-1", NULL);
	assert_int_equal(run.code, CLI_FAILED);
	assert_contains(run.err, "did not arrive whole");
	fake.fail_member = "OpenRecord";
	fake.fail_name = "org.mnpen1.Error.NoSuchSession";
	fake.fail_message = "there is no session S-1";
	fake_run(&run, "session show S-1", NULL);
	assert_int_equal(run.code, CLI_NOT_FOUND);
}

static void test_export_to_stdout(void **state)
{
	fake_run(&run, "session export S-1 --format csv", NULL);
	assert_int_equal(run.code, CLI_DONE);
	assert_memory_equal(run.out, "seq,host_usec,time_us,state,", 28);
	assert_contains(run.out, "\n3,0,0,running,none,,0,");
	fake_run(&run, "session export S-1 --format json", NULL);
	assert_contains(run.out, "{\"schema\":1,\"session\":{\"id\":\"S-1\"");
	assert_contains(run.out, "},\n{\"seq\":3,");
	assert_string_equal(run.out + strlen(run.out) - 5, "}\n]}\n");
}

static void test_export_keeps_whole_files_only(void **state)
{
	char path[64], line[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/out.csv", folder);
	snprintf(line, sizeof(line), "session export S-1 --format csv -o %s", path);
	fake.streamed = 2; /* the daemon died after two of three */
	fake_run(&run, line, NULL);
	assert_int_equal(run.code, CLI_FAILED);
	assert_contains(run.err, "2 of 3 samples");
	assert_int_equal(stat(path, &st), -1);
	fake.streamed = 3;
	fake.tail = 10;
	fake_run(&run, line, NULL);
	assert_int_equal(run.code, CLI_FAILED);
	assert_int_equal(stat(path, &st), -1);
	fake.tail = 0;
	fake_run(&run, line, NULL);
	assert_int_equal(run.code, CLI_DONE);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	fake.streamed = 2; /* what was there before stays as it was */
	fake_run(&run, line, NULL);
	assert_int_equal(run.code, CLI_FAILED);
	assert_int_equal(stat(path, &st), 0);
	unlink(path);
}

static void test_export_says_that_the_disk_is_full(void **state)
{
	fake_run(&run, "session export S-1 --format csv -o /dev/full", NULL);
	assert_int_equal(run.code, CLI_FAILED);
	assert_contains(run.err, "cannot write /dev/full");
	fake_run(&run, "session export S-1 --format csv -o /nonexistent/file", NULL);
	assert_int_equal(run.code, CLI_FAILED);
	assert_string_equal(fake.calls, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_begin, reset),
		cmocka_unit_test_setup(test_begin_sends_the_screening, reset),
		cmocka_unit_test_setup(test_the_open_session, reset),
		cmocka_unit_test_setup(test_list_reads_every_page, reset),
		cmocka_unit_test_setup(test_show, reset),
		cmocka_unit_test_setup(test_export_to_stdout, reset),
		cmocka_unit_test_setup(test_export_keeps_whole_files_only, reset),
		cmocka_unit_test_setup(test_export_says_that_the_disk_is_full, reset),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
