// SPDX-License-Identifier: GPL-2.0-only
/* What is on file after a random run, against what was signalled and streamed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/uapi/telemetry.h"
#include "tests/bus/random_run.h"

#define TIES 2 /* samples that came at the same time as the first and the last of the session */

void record_listen(struct run *run)
{
	sd_bus_message *reply = NULL;
	int fd = -EBADF;

	if (*client_call(run->rig->client, &reply, run->rig->pen, API_PEN, "OpenTelemetry", "") ||
	    sd_bus_message_read(reply, "h", &fd) <= 0) {
		oracle_broken(&run->oracle, "recovers", "OpenTelemetry: %s",
			      run->rig->client->message);
		run_check(run);
	}
	run->telemetry_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	sd_bus_message_unref(reply);
	assert_true(run->telemetry_fd >= 0);
}

void record_take(struct run *run)
{
	struct mnpen_telemetry record;

	while (run->telemetry_fd >= 0 &&
	       recv(run->telemetry_fd, &record, sizeof(record), MSG_DONTWAIT) == sizeof(record)) {
		run->lost += record.lost;
		if (run->n_heard < RUN_HEARD_MAX)
			run->heard_usec[run->n_heard++] = record.host_usec;
	}
}

static int64_t block_time(struct run *run, const char *what)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
		 "SELECT %s FROM block WHERE session = (SELECT n FROM session WHERE id = '%s')",
		 what, run->rig->id);
	return db_number(run->rig->db, sql);
}

/* Every sample that was streamed to whom it may concern is on file, and no other. */
static void check_telemetry(struct run *run)
{
	uint64_t first_usec = (uint64_t)block_time(run, "min(first_host_usec)");
	uint64_t last_usec = (uint64_t)block_time(run, "max(last_host_usec)");
	int64_t samples = session_number(run->rig, "samples"), heard = 0;

	for (size_t i = 0; i < run->n_heard; i++)
		heard += run->heard_usec[i] >= first_usec && run->heard_usec[i] <= last_usec;
	if (run->lost || run->n_heard == RUN_HEARD_MAX)
		return; /* we were slow */
	if (samples > heard + TIES || heard > samples + TIES)
		oracle_broken(&run->oracle, "record", "%lld samples on file, %lld were streamed",
			      (long long)samples, (long long)heard);
}

static int64_t filed_events(struct run *run, const char *kind, const char *reason)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM event WHERE kind = '%s' AND "
		 "coalesce(json_extract(details, '$.reason'), '') LIKE '%s'",
		 kind, reason);
	return db_number(run->rig->db, sql);
}

/* Every event that was signalled is on file; those of a pen that is not shown are on file alone. */
static void check_events(struct run *run)
{
	static const char *const kinds[] = {"disarmed", "running", "fault", "escalation",
					    "stopped"};
	const struct client *client = run->rig->client;

	if (client->n_events > BUS_EVENTS_MAX)
		return;
	for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
		int64_t signalled = 0, filed;

		for (unsigned int n = 0; n < client->n_events; n++)
			signalled += strcmp(client->events[n].kind, kinds[i]) == 0;
		filed = filed_events(run, kinds[i], "%");
		if (filed < signalled || (i == 0 && filed != signalled))
			oracle_broken(&run->oracle, "record",
				      "%lld events \"%s\" on file, %lld were signalled",
				      (long long)filed, kinds[i], (long long)signalled);
	}
	for (unsigned int n = 0; n < client->n_events; n++) {
		const char *reason = strstr(client->events[n].details, "reason=");
		char word[32] = "";

		if (strcmp(client->events[n].kind, "disarmed") != 0 || !reason)
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(reason + 7, " "), reason + 7);
		if (!filed_events(run, "disarmed", word))
			oracle_broken(&run->oracle, "record", "no stop for \"%s\" is on file",
				      word);
	}
}

/* Nothing was odd in it: what is missing is what a machine that was late did not take in time. */
static void check_last_session(struct run *run)
{
	int64_t samples = session_number(run->rig, "samples");
	int64_t missing = session_number(run->rig, "gaps");
	uint64_t late_ns = canary_late_ns(run->canary, run->recovered_ns, now_monotonic_ns());

	if (samples + missing < 200 || missing > (int64_t)(late_ns / 1000000))
		oracle_broken(&run->oracle, "record",
			      "the last session: %lld samples, %lld missing, the machine was "
			      "late by %.1f ms",
			      (long long)samples, (long long)missing, (double)late_ns / 1e6);
}

void record_check(struct run *run)
{
	struct rig *rig = run->rig;

	/* Samples are on disk within half a second. */
	run_for(run, 600);
	if (db_number(rig->db, "SELECT count(*) FROM session WHERE ended_usec IS NULL"))
		oracle_broken(&run->oracle, "record", "a session is still open");
	if (db_number(rig->db, "SELECT count(*) FROM session AS s WHERE samples <> (SELECT "
			       "coalesce(sum(count), 0) FROM block WHERE session = s.n)"))
		oracle_broken(&run->oracle, "record", "a session counts other samples than it has");
	if (db_number(rig->db, "SELECT count(*) FROM session AS s WHERE gaps <> (SELECT "
			       "coalesce(sum(missing), 0) FROM gap WHERE session = s.n)"))
		oracle_broken(&run->oracle, "record", "a session counts other gaps than it has");
	check_last_session(run);
	check_telemetry(run);
	client_pump(rig->client, 0);
	check_events(run);
	run_check(run);
}
