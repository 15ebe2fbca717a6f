/* SPDX-License-Identifier: GPL-2.0-only */
/* Profiles as text and as JSON. */
#ifndef MNPEN_CLI_PROFILES_H
#define MNPEN_CLI_PROFILES_H

#include "cli/pens.h"

enum cli_exit profiles_print(struct cli *cli, const struct objects *objects);
enum cli_exit profiles_print_one(struct cli *cli, const struct profile *profile);

/** profiles_json() - a profile as in "profile show --json" */
json_object *profiles_json(const struct profile *profile);

#endif
