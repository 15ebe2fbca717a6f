/* SPDX-License-Identifier: GPL-2.0-only */
/* Standing alarms, as "status" and "alarm list" show them. */
#ifndef MNPEN_CLI_ALARMS_H
#define MNPEN_CLI_ALARMS_H

#include "cli/cli.h"
#include "cli/json.h"

/** alarms_count() - how many stand; @alarms NULL = none */
size_t alarms_count(json_object *alarms);

/** alarms_say() - one line an alarm, with the command that acknowledges it; NULL = none */
void alarms_say(const struct cli *cli, json_object *alarms);

/** alarms_json() - what "alarms" is in documents; NULL = none; to be put */
json_object *alarms_json(json_object *alarms);

#endif
