// SPDX-License-Identifier: GPL-2.0-only
/* session verify: whether the record is what was written, and where it is not. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/pager.h"
#include "cli/text.h"
#include "daemon/api/names.h"
#include "driver/base/cleanup.h"

#define VERIFY_TIMEOUT_USEC (3600 * 1000000ULL) /* of a large record on a slow disk */

static enum cli_exit fetch(struct cli *cli, const char *id, json_object **ret)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	enum cli_exit code = bus_prepare(cli, API_ROOT, API_MANAGER, "VerifyRecord", &call);
	const char *report;
	int intact;

	if (code != CLI_DONE)
		return code;
	if (sd_bus_message_append(call, "s", id) < 0)
		return cli_no_memory(cli);
	code = bus_send(cli, call, VERIFY_TIMEOUT_USEC, &reply);
	if (code != CLI_DONE)
		return code;
	if (sd_bus_message_read(reply, "bs", &intact, &report) >= 0)
		*ret = json_tokener_parse(report);
	/* Both say it; only both saying so is good news. */
	if (!json_object_is_type(*ret, json_type_object) ||
	    json_object_get_boolean(json_get(*ret, "intact")) != intact)
		return cli_fail(cli, CLI_FAILED, "Failed", NULL, "cannot read mnpend's report");
	return CLI_DONE;
}

static void print_findings(json_object *report)
{
	json_object *findings = json_get(report, "findings");
	uint64_t total = json_u64(report, "findings_total");
	size_t n = json_object_is_type(findings, json_type_array)
			   ? json_object_array_length(findings)
			   : 0;

	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *line =
			strdup(json_string(json_object_array_get_idx(findings, i), "text"));

		if (line)
			puts(text_clean(line));
	}
	if (total > n)
		printf("and %" PRIu64 " more\n", total - n);
}

static void print_deleted(json_object *report)
{
	if (json_u64(report, "erased"))
		printf("erased, as a tombstone says: %" PRIu64 " rows\n",
		       json_u64(report, "erased"));
	if (json_u64(report, "pruned"))
		printf("deleted after KeepSamples: %" PRIu64 " blocks of samples\n",
		       json_u64(report, "pruned"));
}

static void print_report(struct cli *cli, const char *id, json_object *report, bool intact)
{
	char what[96] = "the whole record";

	if (*id)
		snprintf(what, sizeof(what), "session %.64s", id);
	pager_open(cli);
	print_findings(report);
	print_deleted(report);
	printf("%s %s: %" PRIu64 " rows against %" PRIu64 " entries of the chain, signed %" PRIu64
	       " times\n",
	       what, intact ? "is as it was written" : "is NOT as it was written",
	       json_u64(report, "rows"), json_u64(report, "entries"),
	       json_u64(report, "signatures"));
	if (json_u64(report, "unsigned_entries"))
		printf("not signed yet: the last %" PRIu64 " entries\n",
		       json_u64(report, "unsigned_entries"));
	printf("chain: entry %" PRIu64 ", head %s\nkey:   %s\n", json_u64(report, "n"),
	       json_string(report, "head"), json_string(report, "public_key"));
}

enum cli_exit cmd_session_verify(struct cli *cli, const struct args *args)
{
	const char *id = args->n_operands ? args->operands[0] : "";
	_cleanup_json_ json_object *report = NULL, *document = NULL;
	enum cli_exit code = fetch(cli, id, &report);
	bool intact;

	if (code != CLI_DONE)
		return code;
	intact = json_object_get_boolean(json_get(report, "intact"));
	if (cli->json) {
		document = json_document();
		json_object_object_add(document, "verify", TAKE_PTR(report));
		json_print(document);
	} else {
		print_report(cli, id, report, intact);
	}
	return intact ? CLI_DONE : CLI_FAILED;
}
