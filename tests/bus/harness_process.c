// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bus/harness_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define LOG_POLL_MS 2

int time_scale(void)
{
	const char *text = getenv("MNPEN_TIMEOUT_SCALE");
	long scale = text ? strtol(text, NULL, 10) : 1;

	return scale >= 1 && scale <= 100 ? (int)scale : 1;
}

const char *program(const char *name)
{
	static char paths[4][PROCESS_PATH_MAX * 2];
	static unsigned int next;
	const char *build = getenv("BUILD");
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", build && *build ? build : "build", name);
	return path;
}

void sleep_ms(int ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

uint64_t usec_after_ms(int ms)
{
	return now_usec() + (unsigned int)(ms * time_scale()) * USEC_PER_MSEC;
}

static void die(const char *what)
{
	dprintf(STDERR_FILENO, "%s: %s\n", what, strerror(errno));
	_exit(127);
}

static void put_at(int fd, int target)
{
	if (dup2(fd, target) < 0)
		die("dup2");
}

/* As a service manager does it: threads and processes that it makes do not inherit this. Who may
 * not have it runs without, as on a machine that does not allow real time. */
static void hurry(int priority)
{
	const struct sched_param param = {.sched_priority = priority};

	if (priority)
		(void)sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
}

/* In the child, up to exec. */
static void become(const struct process *process, const char *const *argv,
		   const struct process_options *o, pid_t parent)
{
	int log = open(process->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char *const *words;

	if (log < 0 || null < 0)
		die(process->log);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		die("the test is gone");
	if (setsid() < 0)
		die("setsid");
	put_at(o->stdin_fd ? o->stdin_fd : null, STDIN_FILENO);
	put_at(o->stdout_fd ? o->stdout_fd : log, STDOUT_FILENO);
	put_at(log, STDERR_FILENO);
	if (o->terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		die("TIOCSCTTY");
	/* A file size limit is to be a full disk: an error and no signal. */
	if (!o->shell_signals)
		signal(SIGXFSZ, SIG_IGN);
	for (const char *const *e = o->environment; e && *e; e++)
		if (putenv(strdup(*e)) != 0)
			die("putenv");
	hurry(o->fifo_priority);
	/* exec takes its words as they are; only C's types do not know that */
	memcpy(&words, &argv, sizeof(words));
	execvp(argv[0], words);
	die(argv[0]);
}

void process_start(struct process *process, const char *dir, const char *name,
		   const char *const *argv, const struct process_options *options)
{
	static const struct process_options none;
	pid_t parent = getpid(), pid;

	assert_int_equal(process->pid, 0);
	snprintf(process->name, sizeof(process->name), "%s", name);
	snprintf(process->log, sizeof(process->log), "%s/%s.log", dir, name);
	/* Whoever loses its parent becomes ours, so that process_none_left() sees it. */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		become(process, argv, options ? options : &none, parent);
	process->pid = pid;
}

static int poll_exit(pid_t pid, int timeout_ms)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	int r;

	if (fd < 0)
		return -errno;
	do {
		r = poll(&poller, 1, timeout_ms);
	} while (r < 0 && errno == EINTR);
	return r;
}

int process_wait(struct process *process, int timeout_ms)
{
	int status;

	assert_int_not_equal(process->pid, 0);
	if (poll_exit(process->pid, timeout_ms * time_scale()) <= 0)
		return -ETIME;
	assert_int_equal(waitpid(process->pid, &status, 0), process->pid);
	process->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void process_kill(const struct process *process, int signal)
{
	assert_true(process->pid > 0);
	assert_int_equal(kill(process->pid, signal), 0);
}

bool process_running(const struct process *process)
{
	return process->pid > 0 && poll_exit(process->pid, 0) == 0;
}

void process_limit_files(const struct process *process, rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(prlimit(process->pid, RLIMIT_FSIZE, NULL, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(prlimit(process->pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

char *process_log(const struct process *process)
{
	FILE *file = fopen(process->log, "re");
	char *text = NULL;
	size_t size = 0;

	if (file) {
		if (getdelim(&text, &size, '\0', file) < 0 && text)
			text[0] = '\0';
		fclose(file);
	}
	return text ? text : strdup("");
}

char *process_await_log(struct process *process, const char *text, int timeout_ms)
{
	for (int waited = 0; waited < timeout_ms * time_scale(); waited += LOG_POLL_MS) {
		_cleanup_free_ char *log = NULL;
		bool running = process_running(process);
		char *found;

		log = process_log(process);
		found = strstr(log, text);
		if (found && strchr(found, '\n'))
			return strdup(found + strlen(text));
		if (!running)
			break;
		sleep_ms(LOG_POLL_MS);
	}
	return NULL;
}

bool process_sound(const struct process *process)
{
	static const char *const complaints[] = {"ERROR: AddressSanitizer",
						 "runtime error:", "ERROR: LeakSanitizer"};
	_cleanup_free_ char *log = process_log(process);

	for (size_t i = 0; i < ELEMENTSOF(complaints); i++)
		if (strstr(log, complaints[i]))
			return false;
	return true;
}

void process_end_all(void)
{
	char path[64];

	/* Orphans come to be ours one by one, as their parents end. */
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	for (;;) {
		_cleanup_fclose_ FILE *file = fopen(path, "re");
		pid_t pid;

		if (!file || fscanf(file, "%d", &pid) != 1)
			return;
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
}

bool process_none_left(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}
