// SPDX-License-Identifier: GPL-2.0-only
/* --tell: what it prints and returns, also to a gadget that hangs up before it was asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/control/tell.h"

static char dir[] = "/tmp/mnpen-tell-XXXXXX";
static char path[64];
static int listener;
static const char *last_words; /* of a gadget that hangs up at once; NULL: it has none */
static bool hangs_up;
static int taken;

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len);
int __real_connect(int fd, const struct sockaddr *address, socklen_t len);

/* The gadget's side acts as soon as it is called, before tell() can go on. */
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	int r = __real_connect(fd, address, len);

	if (r < 0)
		return r;
	taken = accept(listener, NULL, NULL);
	assert_true(taken >= 0);
	if (last_words)
		assert_int_equal(send(taken, last_words, strlen(last_words), 0),
				 strlen(last_words));
	if (hangs_up)
		taken = close_fd(taken);
	return r;
}

static int setup_listener(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/control", dir);
	strcpy(address.sun_path, path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	last_words = NULL;
	hangs_up = false;
	taken = -EBADF;
	return 0;
}

static int teardown_listener(void **state)
{
	close_fd(taken);
	close_fd(listener);
	unlink(path);
	return rmdir(dir);
}

/* tell("state")'s exit code; what it printed is in @ret. */
static int told(char *ret, size_t size)
{
	char word[] = "state", *words[] = {word};
	FILE *saved_out = stdout, *saved_err = stderr, *file = tmpfile();
	size_t n;
	int r;

	assert_non_null(file);
	stdout = stderr = file;
	r = tell(path, words, 1);
	stdout = saved_out;
	stderr = saved_err;
	rewind(file);
	n = fread(ret, 1, size - 1, file);
	ret[n] = 0;
	fclose(file);
	return r;
}

static void answer_is_printed(void **state)
{
	char text[256], asked[16];

	last_words = "{\"ok\":true,\"now_ns\":1}\n";
	assert_int_equal(told(text, sizeof(text)), 0);
	assert_string_equal(text, last_words);
	assert_int_equal(recv(taken, asked, sizeof(asked), 0), 6);
	assert_memory_equal(asked, "state\n", 6);
}

static void error_is_exit_code_1(void **state)
{
	char text[256];

	last_words = "{\"error\":\"no\"}\n";
	assert_int_equal(told(text, sizeof(text)), 1);
	assert_string_equal(text, last_words);
}

/* It has clients enough: it says so, and takes no command. */
static void last_words_are_heard(void **state)
{
	char text[256];

	last_words = "{\"error\":\"there are 64 clients already; close one of them\"}\n";
	hangs_up = true;
	assert_int_equal(told(text, sizeof(text)), 1);
	assert_string_equal(text, last_words);
}

/* Not the death of a signal, which says nothing. */
static void hanging_up_is_told(void **state)
{
	char text[256];

	hangs_up = true;
	assert_int_equal(told(text, sizeof(text)), 1);
	assert_non_null(strstr(text, "/control: cannot send the command: Broken pipe\n"));
}

static void nobody_there_is_told(void **state)
{
	char text[256];

	unlink(path);
	assert_int_equal(told(text, sizeof(text)), 1);
	assert_non_null(strstr(text, "/control: nobody listens: No such file or directory\n"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_listener, teardown_listener)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answer_is_printed),  TEST(error_is_exit_code_1), TEST(last_words_are_heard),
		TEST(hanging_up_is_told), TEST(nobody_there_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
