// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "daemon/session/flood.h"
#include "driver/base/cleanup.h"

/* How much an event may take of the bucket. */
enum weight {
	WEIGHT_CHATTER, /* all but the reserve */
	WEIGHT_URGENT,	/* all */
	WEIGHT_ALWAYS,	/* more than there is */
};

static const struct bucket_rate rate = {FLOOD_BURST, FLOOD_PERIOD_USEC};

/* ---- events ---- */

static bool is_one_of(const char *kind, const char *const *kinds, size_t n_kinds)
{
	for (size_t i = 0; i < n_kinds; i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

static enum weight weigh(struct flood *flood, const char *kind, uint16_t faults)
{
	static const char *const always[] = {"armed", "disarmed", "target"};
	static const char *const urgent[] = {"stopped",	    "fault",	   "escalation", "refused",
					     "stream-lost", "alarm-again", "guard-stop"};

	if (is_one_of(kind, always, ELEMENTSOF(always)))
		return WEIGHT_ALWAYS;
	if (!is_one_of(kind, urgent, ELEMENTSOF(urgent)))
		return WEIGHT_CHATTER;
	if (strcmp(kind, "fault") != 0 || !(faults & ~flood->faults_told))
		return WEIGHT_URGENT;
	flood->faults_told |= faults;
	return WEIGHT_ALWAYS;
}

static void hold(struct flood *flood, const char *kind)
{
	flood->n_held++;
	for (size_t i = 0; i < FLOOD_KINDS_MAX; i++) {
		if (!flood->held[i].kind)
			flood->held[i].kind = kind;
		if (strcmp(flood->held[i].kind, kind) == 0) {
			flood->held[i].count++;
			return;
		}
	}
	flood->n_other++;
}

bool flood_admit(struct flood *flood, const char *kind, uint16_t faults, uint64_t now_usec)
{
	bool admitted = true;

	if (bucket_is_full(&flood->bucket, now_usec))
		flood->faults_told = 0;
	switch (weigh(flood, kind, faults)) {
	case WEIGHT_CHATTER:
		admitted = bucket_take(&flood->bucket, &rate, FLOOD_RESERVE, now_usec);
		break;
	case WEIGHT_URGENT:
		admitted = bucket_take(&flood->bucket, &rate, 0, now_usec);
		break;
	case WEIGHT_ALWAYS:
		bucket_charge(&flood->bucket, &rate, now_usec);
		break;
	}
	if (!admitted)
		hold(flood, kind);
	return admitted;
}

bool flood_report_due(struct flood *flood, bool force, uint64_t now_usec,
		      struct field fields[FLOOD_FIELDS], size_t *ret_n_fields)
{
	size_t n = 0;

	if (!flood->n_held)
		return false;
	if (force)
		bucket_charge(&flood->bucket, &rate, now_usec);
	else if (now_usec < flood->told_usec + FLOOD_REPORT_USEC ||
		 !bucket_take(&flood->bucket, &rate, 0, now_usec))
		return false;
	fields[n++] = FIELD_U("events", flood->n_held);
	for (size_t i = 0; i < FLOOD_KINDS_MAX && flood->held[i].kind; i++)
		fields[n++] = FIELD_U(flood->held[i].kind, flood->held[i].count);
	if (flood->n_other)
		fields[n++] = FIELD_U("other", flood->n_other);
	*ret_n_fields = n;
	return true;
}

void flood_report_told(struct flood *flood, uint64_t now_usec)
{
	memset(flood->held, 0, sizeof(flood->held));
	flood->n_held = flood->n_other = 0;
	flood->told_usec = now_usec;
}

/* ---- holes ---- */

void flood_hole(struct flood *flood, uint32_t after_seq, uint32_t before_seq)
{
	struct flood_gap *gap = &flood->gap;

	if (!gap->holes)
		gap->after_seq = after_seq;
	gap->before_seq = before_seq;
	gap->missing += before_seq - after_seq - 1;
	gap->holes++;
}

bool flood_gap_due(struct flood *flood, bool force, uint64_t now_usec)
{
	if (!flood->gap.holes)
		return false;
	if (!force)
		return bucket_take(&flood->bucket, &rate, FLOOD_RESERVE, now_usec);
	bucket_charge(&flood->bucket, &rate, now_usec);
	return true;
}

void flood_gap_told(struct flood *flood)
{
	flood->gap = (struct flood_gap){0};
}
