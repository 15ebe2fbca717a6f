// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wrong profiles, by every way into the station: "profile check", "profile add", and a file of the
 * administrator's. Each is told with file, line and way out, and nothing changes.
 */
#include "tests/bus/harness_cli.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "driver/base/cleanup.h"
#include "tests/shared/wrong_profiles.h"

#define STEP_MS 5000
#define GOOD "[Profile]\nTitle = T\n[Area hand]\nMaxDepth = 0.5mm\nMaxSpeed = 100Hz\n"

/* Run a program with up to five arguments, blanks in them or not; what it said in both streams. */
static int run(struct rig *rig, const char *const arguments[6], char **ret_text)
{
	const char *argv[8] = {program(arguments[0])};
	char bus[160];
	const char *const environment[] = {bus, "LC_ALL=C.UTF-8", NULL};
	static unsigned int runs;
	struct process process = {0};
	char label[24];
	int code;

	for (int i = 1; i < 6 && arguments[i]; i++)
		argv[i] = arguments[i];
	snprintf(bus, sizeof(bus), "DBUS_SYSTEM_BUS_ADDRESS=%s", rig->bus_address);
	snprintf(label, sizeof(label), "wrong-%u", runs++);
	process_start(&process, rig->dir, label, argv,
		      &(struct process_options){.environment = environment});
	code = process_wait(&process, STEP_MS);
	if (!process_sound(&process))
		fail_msg("%s: a sanitizer complains", label);
	*ret_text = process_log(&process);
	assert_int_equal(unlink(process.log), 0);
	return code;
}

/* "FILE:LINE:" of the error, what is wrong, and the way out, in one line of @text. */
static void expect(const struct wrong_profile *row, const char *text, bool ascii)
{
	const char *file = ascii && row->shown ? row->shown : row->file;
	_cleanup_free_ char *copy = strdup(text), *place = NULL;
	char *state = NULL;

	assert_non_null(copy);
	assert_true(asprintf(&place, "%s:%u: ", file, row->line) > 0);
	for (char *line = strtok_r(copy, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
		const char *at = strstr(line, place);

		if (at && strstr(at, row->wrong) && strstr(at, row->allowed))
			return;
	}
	fail_msg("%s: wanted %s%s ... %s, got: %s", row->what, place, row->wrong, row->allowed,
		 text);
}

/* ---- what must not change ---- */

/* Name, and of what is no directory size and bytes; the database, which is always at work, apart.
 */
static void note_entry(FILE *notes, const char *folder, const char *name)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;
	FILE *file;
	int c;

	if (!strncmp(name, "sessions.db", 11) || !strcmp(name, ".") || !strcmp(name, ".."))
		return;
	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	assert_int_equal(lstat(path, &st), 0);
	fprintf(notes, "%s %o\n", path, st.st_mode);
	if (!S_ISREG(st.st_mode))
		return;
	file = fopen(path, "re");
	assert_non_null(file);
	while ((c = fgetc(file)) != EOF)
		fputc(c, notes);
	fclose(file);
}

static void note_folder(FILE *notes, const char *folder)
{
	struct dirent **entries = NULL;
	int n = scandir(folder, &entries, NULL, alphasort);

	if (n < 0)
		assert_int_equal(errno, ENOENT);
	for (int i = 0; i < n; i++) {
		note_entry(notes, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

/* The profiles as the bus shows them, digests included, and all files that could make them. */
static char *station_notes(struct rig *rig)
{
	json_object *list = cli_json(rig, 0, "profile list");
	char *text = NULL;
	size_t size = 0;
	FILE *notes = open_memstream(&text, &size);

	assert_non_null(notes);
	assert_true(json_object_array_length(json_at(list, "profiles")) >= 4);
	assert_int_equal(strlen(json_word(list, "profiles.0.digest")), 64);
	fprintf(notes, "%s\n", json_object_to_json_string(list));
	json_object_put(list);
	note_folder(notes, rig_path(rig, "state"));
	note_folder(notes, rig_path(rig, "state/profiles.d"));
	note_folder(notes, rig_path(rig, "profiles.d"));
	assert_int_equal(fclose(notes), 0);
	return text;
}

static void expect_unchanged(struct rig *rig, const char *what, const char *before)
{
	_cleanup_free_ char *after = station_notes(rig);

	if (strcmp(before, after))
		fail_msg("%s: it has changed the station: %s\nbefore it was: %s", what, after,
			 before);
}

/* ---- the ways in ---- */

/* Its path, to be freed. */
static char *put(struct rig *rig, const char *folder, const struct wrong_profile *row)
{
	size_t len = 0;
	_cleanup_free_ char *bytes = wrong_profile_bytes(row, &len);
	char *path = NULL;
	FILE *file;

	assert_non_null(bytes);
	assert_true(asprintf(&path, "%s/%s/%s", rig->dir, folder, row->file) > 0);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	return path;
}

static void make_dir(struct rig *rig, const char *name)
{
	assert_int_equal(mkdir(rig_path(rig, name), 0700), 0);
}

/* "mnpenctl profile VERB FILE" must fail for @row, and say where and why. */
static void refuse(struct rig *rig, const char *verb, const struct wrong_profile *row)
{
	_cleanup_free_ char *path = put(rig, "files", row), *text = NULL;
	int code = run(rig, (const char *const[6]){"mnpenctl", "profile", verb, path}, &text);

	if (code != 1)
		fail_msg("%s: profile %s ends with %d: %s", row->what, verb, code, text);
	expect(row, text, false);
	assert_int_equal(unlink(path), 0);
}

/* For programs: one document, in which the errors are a list. */
static void check_json(struct rig *rig, const struct wrong_profile *row)
{
	_cleanup_free_ char *path = put(rig, "files", row), *text = NULL, *place = NULL;
	int code = run(rig, (const char *const[6]){"mnpenctl", "--json", "profile", "check", path},
		       &text);
	json_object *document = json_tokener_parse(text), *errors;
	bool found = false;

	assert_int_equal(code, 1);
	if (!document)
		fail_msg("%s: no document: %s", row->what, text);
	assert_string_equal(json_word(document, "file"), path);
	assert_string_equal(json_word(document, "valid"), "false");
	errors = json_at(document, "errors");
	assert_true(json_object_is_type(errors, json_type_array));
	assert_true(asprintf(&place, "%s:%u: ", path, row->line) > 0);
	for (size_t i = 0; i < json_object_array_length(errors); i++) {
		const char *error = json_object_get_string(json_object_array_get_idx(errors, i));

		found |= !strncmp(error, place, strlen(place)) && strstr(error, row->wrong) &&
			 strstr(error, row->allowed);
	}
	if (!found)
		fail_msg("%s: wanted %s%s, got: %s", row->what, place, row->wrong, text);
	json_object_put(document);
	assert_int_equal(unlink(path), 0);
}

static void test_check(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	_cleanup_free_ char *before = station_notes(rig);

	assert_true(n_wrong_profiles >= 40);
	make_dir(rig, "files");
	for (size_t i = 0; i < n_wrong_profiles; i++) {
		refuse(rig, "check", &wrong_profiles[i]);
		check_json(rig, &wrong_profiles[i]);
	}
	expect_unchanged(rig, "profile check", before);
	rig_stop(rig);
}

static void test_add(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	_cleanup_free_ char *before = station_notes(rig);

	make_dir(rig, "files");
	for (size_t i = 0; i < n_wrong_profiles; i++) {
		refuse(rig, "add", &wrong_profiles[i]);
		expect_unchanged(rig, wrong_profiles[i].what, before);
	}
	rig_stop(rig);
}

/* Names that no file system would let mnpenctl send; another client can. */
static void test_add_names(void **state)
{
	static const char *const names[] = {
		"",	    ".",
		"..",	    "../x",
		"a/b",	    "/x",
		"-x",	    ".x",
		"a b",	    "x\n",
		"\xc3\xa4", "0123456789012345678901234567890123456789012345678901234567890123x",
	};
	struct rig *rig = rig_start(state, NULL);
	_cleanup_free_ char *before = station_notes(rig);

	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		assert_refused(rig, manager_call(rig, "AddProfile", "ss", names[i], GOOD),
			       "InvalidArgument");
		assert_says(rig, "allowed");
		expect_unchanged(rig, names[i], before);
	}
	rig_stop(rig);
}

/* A station of its own, so that the daemon at work is not the one that is asked. */
static void test_check_config(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	_cleanup_free_ char *before = station_notes(rig);
	char config[96], own_state[96], data[160];
	const char *const check[6] = {"mnpend", "--check-config", config, own_state, data};

	make_dir(rig, "own");
	make_dir(rig, "own/profiles.d");
	rig_write(rig, "own/mnpend.conf", "");
	snprintf(config, sizeof(config), "--config=%s/own/mnpend.conf", rig->dir);
	snprintf(own_state, sizeof(own_state), "--state-dir=%s/state", rig->dir);
	snprintf(data, sizeof(data), "--data-dir=%s", program("data"));
	for (size_t i = 0; i < n_wrong_profiles; i++) {
		const struct wrong_profile *row = &wrong_profiles[i];
		_cleanup_free_ char *path = put(rig, "own/profiles.d", row), *text = NULL;
		int code = run(rig, check, &text);

		if (code != !row->passed_over)
			fail_msg("%s: --check-config ends with %d: %s", row->what, code, text);
		if (!row->passed_over)
			expect(row, text, true);
		assert_int_equal(unlink(path), 0);
	}
	expect_unchanged(rig, "--check-config", before);
	rig_stop(rig);
}

/* What is no file of text at all: told at once, whoever may wait at its other end. */
static void test_no_files(void **state)
{
	static const struct {
		const char *file, *says; /* the file in the rig's folder, unless it stands apart */
		bool apart;
		int code;
	} cases[] = {
		{"dir.conf", "dir.conf is a directory; allowed: a regular file", false, 1},
		{"fifo.conf", "fifo.conf is a pipe; allowed: a regular file", false, 1},
		{"zero.conf", "zero.conf is a device; allowed: a regular file", false, 1},
		{"none.conf", "none.conf: No such file or directory", false, 1},
		{"-", "a profile is not read from standard input", true, 2},
		{"-x.conf", "there is no option", true, 2},
	};
	struct rig *rig = rig_start(state, NULL);
	_cleanup_free_ char *before = station_notes(rig);

	make_dir(rig, "dir.conf");
	assert_int_equal(mkfifo(rig_path(rig, "fifo.conf"), 0600), 0);
	assert_int_equal(symlink("/dev/zero", rig_path(rig, "zero.conf")), 0);
	for (size_t i = 0; i < 2 * ELEMENTSOF(cases); i++) {
		const char *verb = i % 2 ? "add" : "check", *file = cases[i / 2].file;
		_cleanup_free_ char *text = NULL;
		int code;

		if (!cases[i / 2].apart)
			file = rig_path(rig, file);
		code = run(rig, (const char *const[6]){"mnpenctl", "profile", verb, file}, &text);
		if (code != cases[i / 2].code || !strstr(text, cases[i / 2].says))
			fail_msg("profile %s %s: %d, %s", verb, file, code, text);
	}
	expect_unchanged(rig, "what is no file", before);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_check),	     RIG_TEST(test_add),      RIG_TEST(test_add_names),
		RIG_TEST(test_check_config), RIG_TEST(test_no_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
