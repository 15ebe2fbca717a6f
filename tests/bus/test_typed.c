// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pens that read no tag of a cartridge: what stands on the pack is typed in, and binds the
 * cartridge to one session as a tag would, however it is typed the next time.
 */
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/bus/harness_cli.h"

static const struct rig_options no_tag = {.gadget_options = {"--no-tag"}};

/* BeginSession, as rig_begin_as(), with what was typed in; on "" rig->session is set. */
static const char *begin_typed(struct rig *rig, const char *client, const char *cartridge)
{
	sd_bus_message *reply = NULL;
	const char *word = client_call(rig->client, &reply, API_ROOT, API_MANAGER, "BeginSession",
				       "ossa{sv}", rig->pen, RIG_PROFILE, client, 2, "area", "s",
				       RIG_AREA, "cartridge", "s", cartridge);
	const char *id, *path;

	if (!*word) {
		assert_true(sd_bus_message_read(reply, "so", &id, &path) > 0);
		snprintf(rig->session, sizeof(rig->session), "%s", path);
	}
	sd_bus_message_unref(reply);
	return word;
}

static void end(struct rig *rig)
{
	assert_done(rig, session_call(rig, "End", "s", "completed"));
}

static void has_to_be_typed(void **state)
{
	static const char *const wrong[] = {"L7", "/55", "L7/", "L7/55 ", "L7/5/5"};
	struct rig *rig = rig_start(state, &no_tag);

	assert_refused(rig, rig_begin_as(rig, RIG_PROFILE, "client-1", RIG_AREA), "Interlock");
	assert_says(rig, "--cartridge LOT/SERIAL");
	for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
		assert_refused(rig, begin_typed(rig, "client-1", wrong[i]), "InvalidArgument");
		assert_says(rig, wrong[i]);
	}
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM session"), 0);
	assert_string_equal(pen_word(rig, "Session"), "/");
	rig_stop(rig);
}

static void is_bound_for_ever(void **state)
{
	struct rig *rig = rig_start(state, &no_tag);

	assert_done(rig, begin_typed(rig, "client-1", "L7/55"));
	rig_some_strokes(rig);
	assert_done(rig, pen_call(rig, "Disarm", ""));
	rig_some_strokes(rig); /* the same session goes on with it */
	end(rig);
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM cartridge WHERE lot = 'L7'"
					    " AND serial = '55' AND uid IS NULL"),
			 1);

	assert_refused(rig, begin_typed(rig, "client-2", "L7/55"), "CartridgeUsed");
	assert_says(rig, "L7/55");
	assert_refused(rig, begin_typed(rig, "client-1", "L7/55"), "CartridgeUsed");
	assert_refused(rig, begin_typed(rig, "client-2", "l7/55"), "CartridgeUsed");
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM session"), 1);
	rig_kill_daemon(rig);
	rig_start_daemon(rig);
	assert_refused(rig, begin_typed(rig, "client-2", "L7/55"), "CartridgeUsed");

	assert_done(rig, begin_typed(rig, "client-2", "L8/55"));
	rig_some_strokes(rig);
	end(rig);
	assert_int_equal(cli_sessions(rig, "session list --lot L7"), 1);
	assert_int_equal(cli_sessions(rig, "session list --lot l7"), 1);
	assert_int_equal(cli_sessions(rig, "session list --serial 55"), 2);
	assert_int_equal(cli_sessions(rig, "session list --lot L7 --serial 56"), 0);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(has_to_be_typed),
		RIG_TEST(is_bound_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
