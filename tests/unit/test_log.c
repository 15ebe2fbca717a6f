// SPDX-License-Identifier: GPL-2.0-only
/* What a line looks like on stderr (a pipe here) and in the journal (captured at its call). */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "driver/base/clock.h"
#include "driver/base/log.h"

uint64_t __wrap_now_usec(void);
int __wrap_sd_journal_sendv(const struct iovec *iov, int count);
ssize_t __wrap_write(int fd, const void *buf, size_t len);
ssize_t __real_write(int fd, const void *buf, size_t len);

static int pipe_read = -1, stderr_saved = -1;
static uint64_t fake_now_usec;
static int writes, interruptions;
static char journal[8192]; /* fields, one a line */
static int journal_r;

uint64_t __wrap_now_usec(void)
{
	return fake_now_usec;
}

int __wrap_sd_journal_sendv(const struct iovec *iov, int count)
{
	size_t used = 0;

	for (int i = 0; i < count; i++)
		used += (size_t)snprintf(journal + used, sizeof(journal) - used, "%.*s\n",
					 (int)iov[i].iov_len, (const char *)iov[i].iov_base);
	return journal_r;
}

ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
	if (interruptions > 0) {
		interruptions--;
		errno = EINTR;
		return -1;
	}
	writes++;
	return __real_write(fd, buf, len);
}

static int setup(void **state)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	stderr_saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (stderr_saved < 0 || dup2(fds[1], STDERR_FILENO) < 0)
		return -1;
	close(fds[1]);
	pipe_read = fds[0];
	unsetenv("JOURNAL_STREAM");
	log_open("mnpend");
	log_set_level(LOG_INFO);
	fake_now_usec = 1000 * USEC_PER_SEC;
	writes = interruptions = journal_r = 0;
	journal[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	dup2(stderr_saved, STDERR_FILENO);
	close(stderr_saved);
	close(pipe_read);
	return 0;
}

/* All that was written since the last call; "" for nothing. */
static const char *output(void)
{
	static char buf[8192];
	ssize_t n = read(pipe_read, buf, sizeof(buf) - 1);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void levels(void **state)
{
	log_error("depth %u um", 512);
	assert_string_equal(output(), "mnpend: error: depth 512 um\n");
	log_line(LOG_CRIT, NULL, "gone");
	assert_string_equal(output(), "mnpend: error: gone\n");
	log_warning("late");
	assert_string_equal(output(), "mnpend: warning: late\n");
	log_notice("armed");
	assert_string_equal(output(), "mnpend: armed\n");
	log_info("idle");
	assert_string_equal(output(), "mnpend: idle\n");
	log_debug("noise");
	assert_string_equal(output(), "");
	log_set_level(LOG_DEBUG);
	log_debug("noise");
	assert_string_equal(output(), "mnpend: noise\n");
	log_set_level(LOG_ERR);
	log_warning("late");
	assert_string_equal(output(), "");
}

static void level_names(void **state)
{
	static const struct {
		const char *name;
		int r, level;
	} cases[] = {
		{"err", 0, LOG_ERR},	{"warning", 0, LOG_WARNING}, {"notice", 0, LOG_NOTICE},
		{"info", 0, LOG_INFO},	{"debug", 0, LOG_DEBUG},     {"", -EINVAL, 99},
		{"error", -EINVAL, 99}, {"Info", -EINVAL, 99},	     {"7", -EINVAL, 99},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int level = 99;

		assert_int_equal(log_level_parse(cases[i].name, &level), cases[i].r);
		assert_int_equal(level, cases[i].level);
	}
}

static void context(void **state)
{
	const struct log_context all = {.pen = "VPEN0001",
					.session = "20260216-1",
					.reason = "over\ndepth",
					.message_id = LOG_ID_STOP};
	const struct log_context some = {.session = "20260216-1"};

	log_line(LOG_WARNING, &all, "stopped");
	assert_string_equal(output(), "mnpend: warning: stopped [pen=VPEN0001 session=20260216-1 "
				      "reason=over\\ndepth]\n");
	log_line(LOG_INFO, &some, "noted");
	assert_string_equal(output(), "mnpend: noted [session=20260216-1]\n");
}

static void escaping(void **state)
{
	log_info("%s", "a\nmnpend: forged\r\t\x1b[2J\x7f \xc2\x9b \xc2\xb5m \\n");
	assert_string_equal(output(), "mnpend: a\\nmnpend: forged\\x0d\\t\\x1b[2J\\x7f \\u009b "
				      "\xc2\xb5m \\n\n");
	log_info("%s", "\xc2\x80\xc2\x9f\xc2\xa0");
	assert_string_equal(output(), "mnpend: \\u0080\\u009f\xc2\xa0\n");
	log_info("%s", "");
	assert_string_equal(output(), "mnpend: \n");
}

/* Whatever the length, a line is one write of at most PIPE_BUF bytes and ends with a newline. */
static void one_write(void **state)
{
	char text[3000], field[3000];
	const struct log_context context = {.pen = field, .session = field, .reason = field};
	const char *line;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (size_t len = 1023; len <= 1024; len++) {
		log_info("%.*s", (int)len, text);
		line = output();
		assert_int_equal(strlen(line), strlen("mnpend: ") + 1023 + 1);
		assert_string_equal(line + strlen(line) - 5, len > 1023 ? "x...\n" : "xxxx\n");
	}

	memset(text, '\x01', sizeof(text) - 1);
	memset(field, '\x02', sizeof(field) - 1);
	field[sizeof(field) - 1] = '\0';
	log_line(LOG_INFO, &context, "%s", text);
	line = output();
	assert_int_equal(strlen(line), 8 + 2047 + 6 + 127 + 9 + 127 + 8 + 127 + 2);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_non_null(strstr(line, " reason=\\x02"));
	assert_int_equal(line[strlen(line) - 2], ']');
	assert_int_equal(writes, 3);

	interruptions = 2;
	log_info("again");
	assert_string_equal(output(), "mnpend: again\n");
}

/* Who logs may be the safety loop: with the pipe full, a line is lost and counted, not waited for.
 */
static void never_waits(void **state)
{
	char fill[4096] = {0};
	int flags = fcntl(STDERR_FILENO, F_GETFL);

	while (__real_write(STDERR_FILENO, fill, sizeof(fill)) > 0)
		;
	assert_int_equal(fcntl(STDERR_FILENO, F_SETFL, flags & ~O_NONBLOCK), 0);
	log_info("lost");
	log_info("lost as well");
	assert_int_equal(writes, 0);
	while (read(pipe_read, fill, sizeof(fill)) > 0)
		;
	log_info("heard");
	assert_string_equal(output(), "mnpend: heard (2 lines before this one were lost)\n");
	log_info("and on");
	assert_string_equal(output(), "mnpend: and on\n");
}

static void errno_survives(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_true(full >= 0);
	dup2(full, STDERR_FILENO);
	close(full);
	errno = EDOM;
	log_info("%m");
	assert_int_equal(errno, EDOM);
}

static void rate_limit(void **state)
{
	struct log_limit limit = {0};

	for (int i = 0; i < 10; i++)
		assert_true(log_allowed(&limit));
	for (int i = 0; i < 7; i++)
		assert_false(log_allowed(&limit));
	fake_now_usec += 10 * USEC_PER_SEC - 1;
	assert_false(log_allowed(&limit));
	assert_string_equal(output(), "");

	fake_now_usec += 1;
	assert_true(log_allowed(&limit));
	assert_string_equal(output(),
			    "mnpend: warning: 8 lines like the next one were suppressed\n");
	for (int i = 0; i < 9; i++)
		assert_true(log_allowed(&limit));
	assert_false(log_allowed(&limit));

	/* a window in which nothing was lost ends without a word */
	limit = (struct log_limit){0};
	assert_true(log_allowed(&limit));
	fake_now_usec += 20 * USEC_PER_SEC;
	assert_true(log_allowed(&limit));
	assert_string_equal(output(), "");
	for (int i = 0; i < 50; i++)
		assert_true(log_allowed(NULL));
}

/* Also at the very start of the clock, where "window 0" is no sign of an unused limit. */
static void rate_limit_at_zero(void **state)
{
	struct log_limit limit = {0};

	fake_now_usec = 0;
	for (int i = 0; i < 10; i++)
		assert_true(log_allowed(&limit));
	assert_false(log_allowed(&limit));
}

static void journal_stream(unsigned int device_off, unsigned int inode_off, const char *suffix)
{
	char stream[64];
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu%s", (unsigned long long)st.st_dev + device_off,
		 (unsigned long long)st.st_ino + inode_off, suffix);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open("mnpend");
}

static void to_journal(void **state)
{
	const struct log_context all = {.pen = "VPEN0001",
					.session = "20260216-1",
					.reason = "overdepth",
					.chain_n = "17",
					.chain_head = "0a",
					.message_id = LOG_ID_STOP};
	const struct log_context pen = {.pen = "VPEN\n0001"};

	journal_stream(0, 0, "");
	log_line(LOG_WARNING, &all, "stopped\nMNPEN_PEN=forged");
	assert_string_equal(output(), "");
	assert_string_equal(journal, "MESSAGE=stopped\\nMNPEN_PEN=forged\nPRIORITY=4\n"
				     "SYSLOG_IDENTIFIER=mnpend\nMNPEN_PEN=VPEN0001\n"
				     "MNPEN_SESSION=20260216-1\nMNPEN_REASON=overdepth\n"
				     "MNPEN_CHAIN_N=17\nMNPEN_CHAIN_HEAD=0a\n"
				     "MESSAGE_ID=" LOG_ID_STOP "\n");
	log_line(LOG_INFO, &pen, "seen");
	assert_string_equal(journal, "MESSAGE=seen\nPRIORITY=6\nSYSLOG_IDENTIFIER=mnpend\n"
				     "MNPEN_PEN=VPEN\\n0001\n");
	/* a journal that does not take it: the line is not lost */
	journal_r = -ECONNREFUSED;
	log_error("gone");
	assert_string_equal(output(), "mnpend: error: gone\n");
}

static void not_the_journal(void **state)
{
	static const char *const streams[] = {"", "8:", "x", "1:1", ":"};

	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		setenv("JOURNAL_STREAM", streams[i], 1);
		log_open("mnpend");
		log_info("text");
		assert_string_equal(output(), "mnpend: text\n");
	}
	for (unsigned int i = 0; i < 3; i++) {
		journal_stream(i == 0, i == 1, i == 2 ? "x" : "");
		log_info("text");
		assert_string_equal(output(), "mnpend: text\n");
	}
	assert_string_equal(journal, "");
}

#define LOG_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(levels),	   LOG_TEST(level_names),	 LOG_TEST(context),
		LOG_TEST(escaping),	   LOG_TEST(one_write),		 LOG_TEST(errno_survives),
		LOG_TEST(rate_limit),	   LOG_TEST(rate_limit_at_zero), LOG_TEST(to_journal),
		LOG_TEST(not_the_journal), LOG_TEST(never_waits),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
