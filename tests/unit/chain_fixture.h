/* SPDX-License-Identifier: GPL-2.0-only */
/* A record with a row of every kind, and what the verifier says of it. */
#ifndef MNPEN_TEST_CHAIN_FIXTURE_H
#define MNPEN_TEST_CHAIN_FIXTURE_H

#include <errno.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "tests/unit/store_fixture.h"

#define CHAIN_OTHER "20261120-210000-000002"

/** struct chain_answer - of the last verification */
struct chain_answer {
	unsigned int answers;
	int result;
	bool intact;
	char report[65536];
};

static struct chain_answer chain_answer;

static inline void chain_verified(void *userdata, int result, bool intact, const char *report)
{
	chain_answer.answers++;
	chain_answer.result = result;
	chain_answer.intact = intact;
	snprintf(chain_answer.report, sizeof(chain_answer.report), "%s", report ? report : "");
}

/* Whether session @id is as it was written; "" = everything. */
static inline bool chain_intact(struct fixture *f, const char *id)
{
	uint64_t until = now_usec() + FIXTURE_WAIT_USEC;
	unsigned int before = chain_answer.answers;

	assert_int_equal(store_verify(f->store, id, chain_verified, NULL), 0);
	while (chain_answer.answers == before && now_usec() < until)
		assert_true(sd_event_run(f->event, 100 * USEC_PER_MSEC) >= 0);
	assert_int_equal(chain_answer.answers, before + 1);
	assert_int_equal(chain_answer.result, 0);
	return chain_answer.intact;
}

static inline void chain_is_intact(struct fixture *f, const char *id)
{
	if (!chain_intact(f, id))
		fail_msg("%s", chain_answer.report);
}

/* It is found, and the report holds @text. */
static inline void chain_finds(struct fixture *f, const char *id, const char *text)
{
	if (chain_intact(f, id))
		fail_msg("\"%s\" was not found: %s", text, chain_answer.report);
	if (!strstr(chain_answer.report, text))
		fail_msg("no \"%s\" in %s", text, chain_answer.report);
}

/* A database that nobody has open; what belonged to the one at @to goes. */
static inline void copy_file(const char *from, const char *to)
{
	static const char *const beside[] = {"-wal", "-shm"};
	_cleanup_fclose_ FILE *in = fopen(from, "re");
	_cleanup_fclose_ FILE *out = fopen(to, "we");
	char buffer[65536], path[192];
	size_t n;

	assert_non_null(in);
	assert_non_null(out);
	while ((n = fread(buffer, 1, sizeof(buffer), in)) > 0)
		assert_int_equal(fwrite(buffer, 1, n, out), n);
	assert_false(ferror(in));
	assert_int_equal(fflush(out), 0);
	for (size_t i = 0; i < ELEMENTSOF(beside); i++) {
		snprintf(path, sizeof(path), "%s%s", to, beside[i]);
		assert_true(unlink(path) == 0 || errno == ENOENT);
	}
}

static inline void chain_hold(struct fixture *f, const char *client, bool held)
{
	const struct store_hold what = {
		.client = client, .held = held, .reason = "a letter", .uid = 0};

	assert_int_equal(store_hold(f->store, &what, 7, fixture_done, f), 0);
	assert_int_equal(fixture_wait(f, f->answers + 1), 0);
}

/* A session of @client with rows in every table; open when it returns. */
static inline void chain_begin(struct fixture *f, const char *id, const char *client,
			       const char *uid, const char *note, uint32_t n_samples)
{
	const struct store_answer answers[] = {
		{"isotretinoin", "Isotretinoin in the last 6 months?", "block", "no"},
		{"keloid", "Keloids?", "sign-off", note},
	};
	const struct store_cartridge cartridge = {
		.uid = uid, .lot = "LOT7", .expires_days = 21000, .needles = 16};
	struct store_session session = fixture_session(id);

	session.client = client;
	session.answers = answers;
	session.n_answers = 2;
	assert_int_equal(store_session_begin(f->store, &session, fixture_done, f), 0);
	assert_int_equal(fixture_wait(f, f->answers + 1), 0);
	assert_int_equal(store_cartridge(f->store, id, "VPEN0001", &cartridge, FIXTURE_START_USEC,
					 fixture_done, f),
			 0);
	for (uint32_t seq = 1; seq <= n_samples; seq++)
		assert_int_equal(fixture_put(f, id, seq), 0);
	assert_int_equal(store_gap(f->store, id, n_samples, n_samples + 2, 1, "stream",
				   fixture_usec(n_samples)),
			 0);
	assert_int_equal(store_event(f->store, id, "VPEN0001", "note", 7,
				     (const struct field[]){FIELD_S("text", note)}, 1, fixture_done,
				     f),
			 0);
	assert_int_equal(fixture_wait(f, f->answers + 2), 0);
}

static inline void chain_session(struct fixture *f, const char *id, const char *client,
				 const char *uid, const char *note, uint32_t n_samples)
{
	chain_begin(f, id, client, uid, note, n_samples);
	fixture_end(f, id);
}

/* Two sessions, of two clients, a hold of a third one. */
static inline void chain_new(struct fixture *f)
{
	fixture_new(f);
	chain_session(f, FIXTURE_ID, "C-17", "0102030405060708", "first note", 700);
	chain_hold(f, "C-99", true);
	fixture_event(f, NULL, "configuration", NULL, 0);
	chain_session(f, CHAIN_OTHER, "C-18", "1112131415161718", "other note", 700);
	chain_is_intact(f, "");
	chain_is_intact(f, FIXTURE_ID);
}

#endif
