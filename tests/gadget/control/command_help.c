// SPDX-License-Identifier: GPL-2.0-only
/* Looking through the tables of commands: by name, by a name that is nearly right, all of them. */
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/control/command.h"

#define WORD_MAX 32 /* no command is longer */

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_TABLES; i++)
		for (const struct command *command = command_tables[i]; command->name; command++)
			if (!strcmp(command->name, name))
				return command;
	return NULL;
}

/* How many letters must be changed, added, left out or swapped with the next to make @b of @a. */
static size_t distance(const char *a, const char *b)
{
	size_t d[WORD_MAX + 1][WORD_MAX + 1];
	size_t m = strlen(a), n = strlen(b);

	for (size_t i = 0; i <= m; i++) {
		for (size_t j = 0; j <= n; j++) {
			if (!i || !j) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] = MIN(d[i - 1][j], d[i][j - 1]) + 1;
			d[i][j] = MIN(d[i][j], d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = MIN(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[m][n];
}

const char *command_nearest(const char *word)
{
	const char *nearest = NULL;
	size_t least = (strlen(word) + 1) / 3 + 1; /* as far or further away is another word */

	if (strlen(word) > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < COMMAND_TABLES; i++) {
		for (const struct command *c = command_tables[i]; c->name; c++) {
			size_t d = distance(word, c->name);

			if (d >= least)
				continue;
			least = d;
			nearest = c->name;
		}
	}
	return nearest;
}

struct json_object *command_list(bool any_device)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < COMMAND_TABLES; i++) {
		for (const struct command *c = command_tables[i]; c->name; c++) {
			struct json_object *row;

			if (any_device && !c->any_device)
				continue;
			row = json_object_new_object();
			json_object_object_add(row, "command", json_object_new_string(c->name));
			json_object_object_add(row, "arguments", json_object_new_string(c->usage));
			json_object_object_add(row, "what", json_object_new_string(c->what));
			json_object_array_add(list, row);
		}
	}
	json_object_object_add(object, "help", list);
	return object;
}
