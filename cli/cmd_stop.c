// SPDX-License-Identifier: GPL-2.0-only
/* stop, disarm, clear-fault: one call each. Stop reads nothing before it calls. */
#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/pens.h"
#include "daemon/api/names.h"

enum cli_exit cmd_stop(struct cli *cli, const struct args *args)
{
	_cleanup_free_ char *path = NULL, *serial = NULL;
	enum cli_exit code;

	if (args->n_operands == 0) {
		code = bus_call_fast(cli, API_ROOT, API_MANAGER, "StopAll");
		if (code == CLI_DONE)
			cli_done_with(cli, "pen", NULL, "all pens are stopped");
		return code;
	}
	code = pens_path(cli, args->operands[0], &path, &serial);
	if (code == CLI_DONE)
		code = bus_call_fast(cli, path, API_PEN, "Stop");
	if (code == CLI_DONE)
		cli_done_with(cli, "pen", serial, "%s is stopped", serial);
	return code;
}

enum cli_exit cmd_disarm(struct cli *cli, const struct args *args)
{
	_cleanup_free_ char *path = NULL, *serial = NULL;
	enum cli_exit code =
		pens_path(cli, args->n_operands ? args->operands[0] : NULL, &path, &serial);

	if (code == CLI_DONE)
		code = bus_call_fast(cli, path, API_PEN, "Disarm");
	if (code == CLI_DONE)
		cli_done_with(cli, "pen", serial, "%s is disarmed", serial);
	return code;
}

enum cli_exit cmd_clear_fault(struct cli *cli, const struct args *args)
{
	_cleanup_free_ char *path = NULL, *serial = NULL;
	enum cli_exit code =
		pens_path(cli, args->n_operands ? args->operands[0] : NULL, &path, &serial);

	if (code == CLI_DONE)
		code = bus_call(cli, NULL, path, API_PEN, "ClearFault", "");
	if (code == CLI_DONE)
		cli_done_with(cli, "pen", serial, "%s: the fault is cleared", serial);
	return code;
}
