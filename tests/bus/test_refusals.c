// SPDX-License-Identifier: GPL-2.0-only
/* What must be refused, by the right name and with words that help; nothing was done then. */
#include "tests/bus/harness.h"

#include <string.h>
#include <sys/stat.h>

#include "driver/base/cleanup.h"

#define STEP_MS 5000

static const char too_deep[] = "[Profile]\nTitle = Deep\nSource = tests\n"
			       "[Area face]\nMaxDepth = 2.0mm\nMaxSpeed = 8000rpm\n";

struct target_case {
	uint32_t depth_um;
	uint32_t speed_rpm;
	const char *value; /* that the refusal names */
	const char *limit;
	const char *source;
};

static void check_targets(struct rig *rig, const struct target_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_refused(rig,
			       pen_call(rig, "SetTarget", "uu", cases[i].depth_um,
					cases[i].speed_rpm),
			       "Limit");
		assert_says(rig, cases[i].value);
		assert_says(rig, cases[i].limit);
		assert_says(rig, cases[i].source);
		assert_int_equal(pen_value(rig, "TargetDepthUm"), 0);
	}
}

static void test_target(void **state)
{
	static const struct target_case bare[] = {
		{1550, 6000, "1.55 mm", "1.50 mm", "station"},
		{500, 9060, "9060 rpm", "9000 rpm", "pen"},
		{50, 6000, "0.05 mm", "0.10 mm", "pen"},
	};
	static const struct target_case with_profile[] = {
		{1050, 6000, "1.05 mm", "1.00 mm", "profile 'bench'"},
		{500, 8060, "8060 rpm", "8000 rpm", "profile 'bench'"},
	};
	static const struct target_case in_session[] = {
		{550, 6000, "0.55 mm", "0.50 mm", "area 'thin' of profile 'bench'"},
		{500, 7060, "7060 rpm", "7000 rpm", "area 'thin' of profile 'bench'"},
		{500, 2340, "2340 rpm", "2400 rpm", "area 'thin' of profile 'bench'"},
		{310, 6000, "0.31 mm", "0.05 mm", "step"},
		{0, 6000, "0", "0.10 mm", ""},
		{UINT32_MAX, 6000, "4294967.29", "0.50 mm", "area"},
		{65836, 6000, "65.8", "0.50 mm", "area"}, /* 300 in 16 bits */
		{500, 71536, "71536 rpm", "7000 rpm", "area"},
	};
	struct rig *rig = rig_start(state, NULL);

	check_targets(rig, bare, ELEMENTSOF(bare));
	assert_done(rig, pen_call(rig, "SetProfile", "s", RIG_PROFILE));
	check_targets(rig, with_profile, ELEMENTSOF(with_profile));
	assert_done(rig, rig_begin_as(rig, "", "client-1", "thin"));
	check_targets(rig, in_session, ELEMENTSOF(in_session));
	/* The limit itself is allowed; refused or not, armed pens keep what they had. */
	assert_done(rig, pen_call(rig, "SetTarget", "uu", 500, 7000));
	rig_arm(rig);
	assert_refused(rig, pen_call(rig, "SetTarget", "uu", 550, 7000), "Limit");
	assert_int_equal(pen_value(rig, "TargetDepthUm"), 500);
	assert_string_equal(rig_truth(rig).state, "armed");
	rig_stop(rig);
}

static void test_profile_too_deep(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.profile = too_deep});

	assert_refused(rig, pen_call(rig, "SetProfile", "s", "extra"), "Limit");
	assert_says(rig, "2.00 mm");
	assert_says(rig, "1.50 mm");
	assert_says(rig, "station");
	assert_string_equal(pen_word(rig, "Profile"), "");
	assert_refused(rig, rig_begin_as(rig, "extra", "client-1", "face"), "Limit");
	assert_string_equal(pen_word(rig, "Session"), "/");
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM session"), 0);
	rig_stop(rig);
}

static void test_unknown(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	assert_refused(rig,
		       client_call(rig->client, NULL, API_ROOT, API_MANAGER, "BeginSession",
				   "ossa{sv}", API_PENS "/NOPE", RIG_PROFILE, "client-1", 0),
		       "NoSuchPen");
	assert_refused(rig, manager_call(rig, "Explain", "o", API_PENS "/NOPE"), "NoSuchPen");
	assert_refused(rig, client_call(rig->client, NULL, API_PENS "/NOPE", API_PEN, "Arm", ""),
		       "NoSuchPen");
	assert_refused(rig, pen_call(rig, "SetProfile", "s", "nope"), "NoSuchProfile");
	assert_says(rig, "nope");
	assert_refused(rig, pen_call(rig, "SetProfile", "s", "../bench"), "NoSuchProfile");
	assert_refused(rig, rig_begin_as(rig, "nope", "client-1", NULL), "NoSuchProfile");
	assert_refused(rig, rig_begin_as(rig, "", "client-1", NULL), "NoSuchProfile");
	assert_refused(rig, rig_begin_as(rig, RIG_PROFILE, "client-1", "nose"), "InvalidArgument");
	assert_says(rig, "nose");
	assert_refused(rig, rig_begin_as(rig, RIG_PROFILE, "Jane Doe", RIG_AREA),
		       "InvalidArgument");
	assert_refused(rig, rig_begin_as(rig, RIG_PROFILE, "", RIG_AREA), "InvalidArgument");
	assert_refused(rig, manager_call(rig, "OpenRecord", "ssa{sv}", "nope", "samples", 0),
		       "NoSuchSession");
	assert_refused(rig, manager_call(rig, "AcknowledgeAlarm", "s", "7"), "InvalidArgument");
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM session"), 0);
	rig_stop(rig);
}

static void test_begin_options(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	assert_refused(rig,
		       manager_call(rig, "BeginSession", "ossa{sv}", rig->pen, RIG_PROFILE,
				    "client-1", 1, "colour", "s", "red"),
		       "InvalidArgument");
	assert_says(rig, "colour");
	assert_refused(rig,
		       manager_call(rig, "BeginSession", "ossa{sv}", rig->pen, RIG_PROFILE,
				    "client-1", 1, "area", "u", 7),
		       "InvalidArgument");
	assert_refused(rig,
		       manager_call(rig, "BeginSession", "ossa{sv}", rig->pen, RIG_PROFILE,
				    "client-1", 1, "area-size-cm2", "s", "many"),
		       "InvalidArgument");
	rig_stop(rig);
}

/* A pen that is not at rest takes no claim: nothing is written for it. */
static void test_begin_fault(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	gadget_do(rig->control_fd, "fault ingress");
	rig_await_word(rig, "State", "fault", STEP_MS);
	assert_refused(rig, rig_begin_as(rig, RIG_PROFILE, "client-1", RIG_AREA), "Fault");
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM session"), 0);
	rig_stop(rig);
}

static void test_second_session(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	rig_begin(rig);
	assert_refused(rig, rig_begin_as(rig, RIG_PROFILE, "client-2", RIG_AREA), "Busy");
	assert_says(rig, rig->id);
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM session"), 1);
	assert_done(rig, session_call(rig, "End", "s", ""));
	/* The needles that touched one client touch no other. */
	assert_refused(rig, rig_begin_as(rig, RIG_PROFILE, "client-2", RIG_AREA), "CartridgeUsed");
	rig_fresh_cartridge(rig);
	assert_done(rig, rig_begin_as(rig, RIG_PROFILE, "client-2", RIG_AREA));
	rig_stop(rig);
}

/* Explain() names @code among the reasons. */
static bool explains(struct rig *rig, const char *code)
{
	sd_bus_message *reply = NULL;
	const char *reason, *sentence;
	bool found = false;

	assert_done(rig, client_call(rig->client, &reply, API_ROOT, API_MANAGER, "Explain", "o",
				     rig->pen));
	assert_true(sd_bus_message_enter_container(reply, 'a', "(ss)") > 0);
	while (sd_bus_message_read(reply, "(ss)", &reason, &sentence) > 0)
		found |= strcmp(reason, code) == 0 && strlen(sentence) > 10;
	sd_bus_message_unref(reply);
	return found;
}

static void refuse_arm(struct rig *rig, const char *word, const char *code)
{
	assert_refused(rig, pen_call(rig, "Arm", ""), word);
	assert_true(explains(rig, code));
	assert_string_equal(rig_truth(rig).state, "idle");
	assert_string_equal(rig_truth(rig).token, "0000000000000000");
}

static void test_arm_gates(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	refuse_arm(rig, "Interlock", "session");
	assert_done(rig, rig_begin_as(rig, RIG_PROFILE, "client-1", NULL));
	refuse_arm(rig, "Interlock", "area");
	assert_done(rig, session_call(rig, "SetArea", "sa{sv}", RIG_AREA, 0));
	refuse_arm(rig, "Interlock", "target");
	assert_done(rig, pen_call(rig, "SetTarget", "uu", RIG_DEPTH_UM, RIG_SPEED_RPM));
	gadget_do(rig->control_fd, "cartridge remove");
	sleep_ms(100);
	refuse_arm(rig, "Interlock", "cartridge");
	rig_fresh_cartridge(rig);
	sleep_ms(100);
	rig_arm(rig);
	assert_refused(rig, pen_call(rig, "Arm", ""), "Interlock"); /* it is armed already */
	assert_string_equal(rig_truth(rig).state, "armed");
	rig_stop(rig);
}

/* Whatever is wrong with the cartridge is said before a session is written. */
static void test_begin_cartridge(void **state)
{
	static const struct {
		const char *insert;
		const char *says;
	} cases[] = {
		{"cartridge insert expires=10", "expired"}, /* 1970-01-11 */
		{"cartridge insert length=300", "300 um"},  /* not in the virtual pen's devices.d */
		{"cartridge insert unreadable", "tag cannot be read"},
		{"cartridge remove", "no needle cartridge"},
	};
	struct rig *rig = rig_start(state, NULL);

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		gadget_do(rig->control_fd, "%s", cases[i].insert);
		assert_refused(rig, rig_begin_as(rig, RIG_PROFILE, "client-1", RIG_AREA),
			       "Interlock");
		assert_non_null(strstr(rig->client->message, cases[i].says));
	}
	gadget_do(rig->control_fd, "cartridge insert");
	assert_done(rig, rig_begin_as(rig, RIG_PROFILE, "client-1", RIG_AREA));
	rig_stop(rig);
}

/* A model that devices.d does not know: nobody says how deep it may go. */
static void test_unknown_model(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.no_daemon = true});

	assert_int_equal(mkdir(rig_path(rig, "devices.d"), 0700), 0);
	rig_write(rig, "devices.d/virtual-pen.conf", ""); /* masks the shipped one */
	rig_start_daemon(rig);
	rig_await_pens(rig);
	assert_refused(rig, rig_begin_as(rig, RIG_PROFILE, "client-1", RIG_AREA), "Interlock");
	assert_refused(rig, pen_call(rig, "SetTarget", "uu", RIG_DEPTH_UM, RIG_SPEED_RPM),
		       "Interlock");
	refuse_arm(rig, "Interlock", "limits");
	rig_stop(rig);
}

static void test_arm_pedal(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.station = "Pedal = required\n"});

	rig_begin(rig);
	refuse_arm(rig, "Interlock", "pedal");
	rig_stop(rig);
}

static void test_arm_stale(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.strict_age = true});

	rig_begin(rig);
	gadget_do(rig->control_fd, "freeze on");
	sleep_ms(150);
	refuse_arm(rig, "Interlock", "samples");
	gadget_do(rig->control_fd, "freeze off");
	rig_stop(rig);
}

static const char no_pen[] = "AllowSerials = OTHER001\n";

static void test_arm_serial(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.station = no_pen});

	rig_begin(rig);
	refuse_arm(rig, "Interlock", "serial");
	rig_stop(rig);
}

/* With a station file that cannot be read right, it serves, and arms nothing. */
static void test_broken_station(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.station = "MaxDepth = 1.2\n"});

	assert_done(rig, rig_begin_as(rig, RIG_PROFILE, "client-1", RIG_AREA));
	assert_done(rig, pen_call(rig, "SetTarget", "uu", RIG_DEPTH_UM, RIG_SPEED_RPM));
	refuse_arm(rig, "Interlock", "config");
	assert_done(rig, pen_call(rig, "Stop", ""));
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_target),	      RIG_TEST(test_profile_too_deep),
		RIG_TEST(test_unknown),	      RIG_TEST(test_begin_options),
		RIG_TEST(test_begin_fault),   RIG_TEST(test_second_session),
		RIG_TEST(test_arm_gates),     RIG_TEST(test_arm_stale),
		RIG_TEST(test_arm_serial),    RIG_TEST(test_broken_station),
		RIG_TEST(test_arm_pedal),     RIG_TEST(test_begin_cartridge),
		RIG_TEST(test_unknown_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
