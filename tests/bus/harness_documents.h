/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every document that mnpenctl prints in a test is kept and, when the rig stops, held against
 * docs/mnpenctl.schema.json: a test of anything else finds what nobody documented as well.
 */
#ifndef MNPEN_HARNESS_DOCUMENTS_H
#define MNPEN_HARNESS_DOCUMENTS_H

#include <json-c/json.h>
#include <stdbool.h>

struct rig;

/** documents_keep() - @document as printed by "mnpenctl @line", which ended with @code */
void documents_keep(const struct rig *rig, const char *line, int code, json_object *document);

/** documents_check() - fails the test when the schema does not allow one of them; rig_stop() does
 * it. Without python3-jsonschema nothing is checked; with CI=true that is a failure. */
void documents_check(const struct rig *rig);

/** documents_checkable() - whether python3-jsonschema is there; says SKIP when it is not */
bool documents_checkable(void);

/** documents_seen() - whether one of @command was checked: its success, or an error of it */
bool documents_seen(const struct rig *rig, const char *command, bool error);

#endif
