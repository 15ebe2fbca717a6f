// SPDX-License-Identifier: GPL-2.0-only
/* A pen that is not by the protocol is refused, in words by which its maker can mend it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "driver/base/log.h"
#include "tests/unit/pen_fixture.h"

static char logged[512];

void __wrap_log_line(int level, const struct log_context *context, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void __wrap_log_line(int level, const struct log_context *context, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(logged, sizeof(logged), format, args);
	va_end(args);
}

/* As far as GET_INFO, which is answered with @info. */
static void come_back_with(struct fixture *f, const uint8_t *info, size_t len)
{
	const struct host_identity identity = {.serial = "FAKE0001", .vendor_id = 0x1209};
	struct host *host = &f->host->host;

	host->callbacks->offline(host, f->pen, -ENODEV);
	f->owner.arrived = 0;
	logged[0] = '\0';
	host->callbacks->online(host, f->pen, &identity);
	fake_host_answer_stop(f->host, 0);
	fake_host_answer(f->host, 0, info, len);
}

static void names_the_field(void **state)
{
	struct fixture *f = *state;
	struct mnpen_info info = *pen_info(f->pen);
	uint8_t buf[MNPEN_INFO_SIZE];

	info.depth_step_um = 0;
	mnpen_info_encode(buf, &info);
	come_back_with(f, buf, sizeof(buf));
	assert_int_equal(f->owner.arrived, 0);
	assert_string_equal(logged, "pen cannot be used: GET_INFO is not by protocol 1.x: "
				    "depth_step_um is 0, allowed 1..65535: Protocol error; "
				    "trying again in 5 s");
	come_back_with(f, buf, sizeof(buf) - 1);
	assert_non_null(strstr(logged, "length is 63, allowed 64..64"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_the_field, setup, teardown),
	};

	return cmocka_run_group_tests_name("pen_setup", tests, NULL, NULL);
}
