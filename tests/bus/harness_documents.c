// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bus/harness_documents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "tests/bus/harness.h"

#define CHECKER "tests/tools/check-json"
#define SCHEMA "docs/mnpenctl.schema.json"
#define PACKAGE_FILE "/usr/lib/python3/dist-packages/jsonschema/__init__.py"
#define KEPT "documents"
#define CHECK_MS 30000

void documents_keep(const struct rig *rig, const char *line, int code, json_object *document)
{
	json_object *run = json_object_new_object();
	FILE *file = fopen(rig_path(rig, KEPT), "ae");

	assert_non_null(file);
	json_object_object_add(run, "line", json_object_new_string(line));
	json_object_object_add(run, "code", json_object_new_int(code));
	json_object_object_add(run, "document", json_object_get(document));
	assert_true(fprintf(file, "%s\n",
			    json_object_to_json_string_ext(run, JSON_C_TO_STRING_PLAIN)) > 0);
	assert_int_equal(fclose(file), 0);
	json_object_put(run);
}

bool documents_checkable(void)
{
	if (access(PACKAGE_FILE, R_OK) == 0)
		return true;
	print_message("SKIP: %s is missing (Debian package python3-jsonschema)\n", PACKAGE_FILE);
	return false;
}

void documents_check(const struct rig *rig)
{
	const char *const argv[] = {"/usr/bin/python3", CHECKER, SCHEMA, rig_path(rig, KEPT), NULL};
	const char *const environment[] = {"PYTHONDONTWRITEBYTECODE=1", NULL};
	const char *ci = getenv("CI");
	struct process process = {0};
	_cleanup_free_ char *log = NULL;
	int code;

	if (access(rig_path(rig, KEPT), F_OK) < 0)
		return;
	if (!documents_checkable()) {
		if (ci && strcmp(ci, "true") == 0)
			fail_msg("CI=true takes no SKIP");
		return;
	}
	(void)unlink(rig_path(rig, "checked.log"));
	process_start(&process, rig->dir, "checked", argv,
		      &(struct process_options){.environment = environment});
	code = process_wait(&process, CHECK_MS);
	log = process_log(&process);
	if (code != 0)
		fail_msg("%s: %d, %s", CHECKER, code, log);
}

bool documents_seen(const struct rig *rig, const char *command, bool error)
{
	struct process checked = {0};
	_cleanup_free_ char *log = NULL;
	char line[96];

	snprintf(checked.log, sizeof(checked.log), "%s/checked.log", rig->dir);
	log = process_log(&checked);
	snprintf(line, sizeof(line), "%s %s\n", error ? "error" : "ok", command);
	for (const char *at = log; (at = strstr(at, line)); at++)
		if (at == log || at[-1] == '\n')
			return true;
	return false;
}
