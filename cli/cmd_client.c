// SPDX-License-Identifier: GPL-2.0-only
/* client hold, client erase. */
#include <string.h>

#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "daemon/api/names.h"

static enum cli_exit parse_switch(struct cli *cli, const char *text, bool *ret)
{
	if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
		return cli_usage(cli, "client hold ID on, or client hold ID off",
				 "a hold is on or off, not \"%s\"", text);
	*ret = strcmp(text, "on") == 0;
	return CLI_DONE;
}

/* Nothing that is printed says whose records they are: what a terminal shows, others see. */
enum cli_exit cmd_client_hold(struct cli *cli, const struct args *args)
{
	_cleanup_free_ char *client = NULL;
	bool on = false;
	enum cli_exit code = parse_switch(cli, args->operands[1], &on);

	if (code == CLI_DONE)
		code = file_read_secret(cli, "client hold", args->operands[0], &client);
	if (code == CLI_DONE)
		code = bus_call(cli, NULL, API_ROOT, API_MANAGER, "SetLegalHold", "sbs", client,
				(int)on, args->value[OPT_REASON]);
	if (code == CLI_DONE)
		cli_done(cli, on ? "the client's records are held, which is on record"
				 : "the client's records are held no longer, which is on record");
	return code;
}

/* A page that is rewritten takes its time, and so does whoever types a password. */
#define ERASE_TIMEOUT_USEC (600 * 1000000ULL)

enum cli_exit cmd_client_erase(struct cli *cli, const struct args *args)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	_cleanup_free_ char *client = NULL;
	enum cli_exit code = file_read_secret(cli, "client erase", args->operands[0], &client);

	if (code == CLI_DONE)
		code = bus_prepare(cli, API_ROOT, API_MANAGER, "EraseClient", &call);
	if (code != CLI_DONE)
		return code;
	if (sd_bus_message_append(call, "ss", client, args->value[OPT_REASON]) < 0)
		return cli_no_memory(cli);
	code = bus_send(cli, call, ERASE_TIMEOUT_USEC, NULL);
	if (code == CLI_DONE)
		cli_done(cli, "the client's records are erased, which is on record; backups still "
			      "hold them");
	return code;
}
