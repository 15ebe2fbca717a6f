// SPDX-License-Identifier: GPL-2.0-only
/* backup and client hold on the command line, against a stand-in for mnpend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cli.h"
#include "driver/base/cleanup.h"
#include "tests/shared/cli_fake.h"

static struct run run;
static char folder[] = "/tmp/mnpen-cli-XXXXXX";
static char file[64], backup[96]; /* "FOLDER/a.db", and the command that writes it */

static int reset(void **state)
{
	fake_reset();
	return 0;
}

static int make_folder(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/a.db", folder);
	snprintf(backup, sizeof(backup), "backup %s", file);
	return 0;
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

static off_t file_size(void)
{
	struct stat st;

	return stat(file, &st) < 0 ? -1 : st.st_size;
}

/* ---- backup ---- */

static void test_backup(void **state)
{
	char line[128], document[256];
	struct stat st;

	fake_run(&run, backup, NULL);
	assert_int_equal(run.code, CLI_DONE);
	assert_string_equal(fake.calls, "Backup() ");
	assert_contains(run.out, "2048 bytes");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_size, 2048);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(unlink(file), 0);

	snprintf(line, sizeof(line), "--json %s", backup);
	snprintf(document, sizeof(document),
		 "{\"schema\":1,\"done\":true,\"file\":\"%s\",\"bytes\":2048}\n", file);
	fake_run(&run, line, NULL);
	assert_int_equal(run.code, CLI_DONE);
	assert_string_equal(run.out, document);
	assert_int_equal(unlink(file), 0);
}

static void test_backup_to_a_pipe(void **state)
{
	fake_run(&run, "backup -", NULL);
	assert_int_equal(run.code, CLI_DONE);
	assert_string_equal(run.out, "SQLite format 3");
	assert_string_equal(run.err, "");
	fake.backup_bytes = 1536;
	fake_run(&run, "backup -", NULL);
	assert_int_equal(run.code, CLI_FAILED); /* what came is there, and is not good */
	assert_contains(run.err, "1536 of 2048");
}

static void test_usage(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{"--json backup -", "no backup on standard output"},
		{"-H there backup a.db", "not -H"},
		{"backup", "needs FILE"},
		{"client", "hold"},
		{"client hold C-17 on", "needs --reason TEXT"},
		{"client hold C-17 --reason x", "needs ID on|off"},
		{"client hold C-17 maybe --reason x", "not \"maybe\""},
		{"client hold - on --reason x", "client hold - found nothing on standard input"},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		fake_run(&run, cases[i].line, NULL);
		assert_int_equal(run.code, CLI_USAGE);
		assert_contains(strncmp(cases[i].line, "--json", 6) == 0 ? run.out : run.err,
				cases[i].says);
		assert_string_equal(fake.calls, "");
	}
}

/* What is there stays there, and nothing is made for nothing. */
static void test_nothing_is_written_over(void **state)
{
	FILE *theirs = fopen(file, "we");

	fputs("theirs", theirs);
	fclose(theirs);
	fake_run(&run, backup, NULL);
	assert_int_equal(run.code, CLI_FAILED);
	assert_contains(run.err, "is there already");
	assert_string_equal(fake.calls, "");
	assert_int_equal(file_size(), 6);
	assert_int_equal(unlink(file), 0);

	fake.backup_meanwhile = file;
	fake_run(&run, backup, NULL);
	assert_int_equal(run.code, CLI_FAILED);
	assert_contains(run.err, "is there already");
	assert_int_equal(file_size(), 0);
	assert_int_equal(unlink(file), 0);
}

static void fails(const char *says)
{
	fake_run(&run, backup, NULL);
	assert_int_equal(run.code, CLI_FAILED);
	assert_contains(run.err, says);
	assert_int_equal(file_size(), -1);
}

/* A daemon that dies ends the pipe like one that is ready. */
static void test_whole_or_not_at_all(void **state)
{
	static const unsigned int too_few[] = {1, 99, 100, 1536, 2047};

	for (size_t i = 0; i < ELEMENTSOF(too_few); i++) {
		fake.backup_bytes = too_few[i];
		fails("did not arrive whole");
	}
	fake.backup_bytes = 2049;
	fails("2049 of 2048");
	fake.backup_bytes = 0;
	fake.backup_pages = 0;
	fails("0 bytes that are no database");
	fake.backup_pages = 4;
	fake.backup_scrambled = true;
	fails("2048 bytes that are no database");
}

static void test_backup_refused(void **state)
{
	fake.fail_member = "Backup";
	fake.fail_name = "org.mnpen1.Error.Store";
	fake.fail_message = "no room for a backup";
	fails("no room for a backup");
	fake.fail_name = "org.mnpen1.Error.Busy";
	fails("no room");
	fake.fail_name = "org.mnpen1.Error.NotAuthorized";
	fake_run(&run, backup, NULL);
	assert_int_equal(run.code, CLI_DENIED);
	assert_int_equal(file_size(), -1);
	fake_run(&run, "backup /nonexistent/a.db", NULL);
	assert_int_equal(run.code, CLI_FAILED);
	assert_contains(run.err, "No such file");
}

/* ---- client hold ---- */

static void test_hold(void **state)
{
	fake_run(&run, "client hold C-17 on --reason letter", NULL);
	assert_int_equal(run.code, CLI_DONE);
	assert_string_equal(fake.calls, "SetLegalHold(C-17,1,letter) ");
	assert_contains(run.out, "are held");
	assert_null(strstr(run.out, "C-17"));
	fake_run(&run, "client hold --reason settled - off", "C-18\n");
	assert_int_equal(run.code, CLI_DONE);
	assert_string_equal(fake.calls, "SetLegalHold(C-18,0,settled) ");
	assert_contains(run.out, "no longer");
	assert_null(strstr(run.out, "C-18"));
	fake_run(&run, "--json client hold C on --reason x", NULL);
	assert_string_equal(run.out, "{\"schema\":1,\"done\":true}\n");
	fake.fail_member = "SetLegalHold";
	fake.fail_name = "org.mnpen1.Error.Store";
	fake.fail_message = "it could not be recorded";
	fake_run(&run, "client hold C on --reason x", NULL);
	assert_int_equal(run.code, CLI_FAILED);
}

/* ---- client erase ---- */

static void test_erase(void **state)
{
	fake_run(&run, "client erase - --reason letter", "C-17\n");
	assert_int_equal(run.code, CLI_DONE);
	assert_string_equal(fake.calls, "EraseClient(C-17,letter) ");
	assert_contains(run.out, "are erased");
	assert_null(strstr(run.out, "C-17"));
	fake_run(&run, "--json client erase C --reason x", NULL);
	assert_string_equal(run.out, "{\"schema\":1,\"done\":true}\n");
	fake.fail_member = "EraseClient";
	fake.fail_name = "org.mnpen1.Error.Interlock";
	fake.fail_message = "under a legal hold";
	fake_run(&run, "client erase C --reason x", NULL);
	assert_int_equal(run.code, CLI_FAILED);
	fake.fail_name = "org.mnpen1.Error.NoSuchSession";
	fake_run(&run, "client erase C --reason x", NULL);
	assert_int_equal(run.code, CLI_NOT_FOUND);
	fake_run(&run, "client erase C", NULL);
	assert_int_equal(run.code, CLI_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_backup, reset),
		cmocka_unit_test_setup(test_backup_to_a_pipe, reset),
		cmocka_unit_test_setup(test_usage, reset),
		cmocka_unit_test_setup(test_nothing_is_written_over, reset),
		cmocka_unit_test_setup(test_whole_or_not_at_all, reset),
		cmocka_unit_test_setup(test_backup_refused, reset),
		cmocka_unit_test_setup(test_hold, reset),
		cmocka_unit_test_setup(test_erase, reset),
	};

	return cmocka_run_group_tests_name("cli_custody", tests, make_folder, remove_folder);
}
