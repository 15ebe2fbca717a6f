// SPDX-License-Identifier: GPL-2.0-only
/* arm: arm, and stay. */
#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/live.h"

enum cli_exit cmd_arm(struct cli *cli, const struct args *args)
{
	_cleanup_objects_ struct objects objects = {0};
	const struct pen *pen = NULL;
	enum cli_exit code = bus_needs_fd(cli);

	if (code == CLI_DONE)
		code = objects_fetch(cli, &objects);
	if (code == CLI_DONE)
		code = pens_choose(cli, &objects, args->n_operands ? args->operands[0] : NULL,
				   &pen);
	return code == CLI_DONE ? live_run(cli, pen, true) : code;
}
