/* SPDX-License-Identifier: GPL-2.0-only */
/* What the main-thread files make commands for the writer with. */
#ifndef MNPEN_STORE_COMMAND_H
#define MNPEN_STORE_COMMAND_H

#include "daemon/store/core.h"

/** command_text() - takes @text, NULL included, into the command. Return: 0; -E2BIG. */
int command_text(struct command *command, const char *text, const char **ret);

/** command_details() - the JSON object of an event. Return: 0; -E2BIG. */
int command_details(struct command *command, const struct field *fields, size_t n_fields);

/** command_new() - the next free command, empty; nobody knows of it before command_put(). NULL: no
 * room. */
struct command *command_new(struct store *store, enum command_kind kind, uint64_t now);
void command_put(struct store *store);

/** record_lost_events() - an event that tells of those for which there was no room */
void record_lost_events(struct store *store, uint64_t now);
void record_event_lost(struct store *store);

/** record_session() - the open session of that id, which takes records; NULL */
struct open_session *record_session(struct store *store, const char *id);

#define SEGMENT_FIELDS 6

/** segment_fields() - what a start after a crash makes the segment's row from, and what people can
 * read. Return: how many. */
size_t segment_fields(struct field fields[SEGMENT_FIELDS], const struct store_segment *segment);

/** segment_texts() - takes the texts of @segment into the command. Return: 0; -E2BIG. */
int segment_texts(struct command *command, struct store_segment *segment);

#endif
