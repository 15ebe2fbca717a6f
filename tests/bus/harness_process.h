/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs that a test starts: none of them outlives the test, and what each of them says goes to
 * a file of its own. Main thread only, since a child dies with the thread that made it.
 */
#ifndef MNPEN_HARNESS_PROCESS_H
#define MNPEN_HARNESS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#define PROCESS_PATH_MAX 128

struct process {
	pid_t pid; /* 0 = none; also after it was reaped */
	char name[32];
	char log[PROCESS_PATH_MAX]; /* standard output and error */
};

/** struct process_options - what else a program gets; zero is fine */
struct process_options {
	const char *const *environment; /* "NAME=VALUE", NULL-terminated, beside the test's own */
	int stdin_fd;			/* 0 = /dev/null */
	int stdout_fd;			/* 0 = the log */
	bool terminal;			/* stdin_fd is a terminal, to be the controlling one */
	bool shell_signals;		/* SIGXFSZ as the system has it: deadly */
	int fifo_priority;		/* of its main thread, where allowed; 0 = as everybody */
};

/** process_start() - run @argv; fails the test when it cannot. The log is @dir/@name.log, and is
 * appended to. */
void process_start(struct process *process, const char *dir, const char *name,
		   const char *const *argv, const struct process_options *options);

/** process_wait() - wait for its end
 * Return: exit code; 128 + signal; -ETIME when it still runs after @timeout_ms */
int process_wait(struct process *process, int timeout_ms);

/** process_kill() - send @signal; the process must be there */
void process_kill(const struct process *process, int signal);

bool process_running(const struct process *process);

/** process_limit_files() - none of its files may grow beyond @bytes (RLIM_INFINITY: end that): what
 * a full disk looks like, for one process only */
void process_limit_files(const struct process *process, rlim_t bytes);

/** process_log() - the text of its log, to be freed */
char *process_log(const struct process *process);

/** process_await_log() - wait until @text stands in the log; what follows it, to be freed, or NULL
 * after @timeout_ms or when the process has ended */
char *process_await_log(struct process *process, const char *text, int timeout_ms);

/** process_sound() - whether no sanitizer has complained in the log */
bool process_sound(const struct process *process);

/** process_end_all() - kill and reap every child of this process, orphans of its children included:
 * what one test left must not fail the next */
void process_end_all(void);

/** process_none_left() - whether this process has no child any more, orphans of its children
 * included */
bool process_none_left(void);

/** time_scale() - factor on every waiting time: 1, more in a build that is slow */
int time_scale(void);

/** program() - path of a built program: program("mnpend"); valid until the next call but three */
const char *program(const char *name);

void sleep_ms(int ms);

/** usec_after_ms() - now_usec() + @ms, stretched by time_scale() */
uint64_t usec_after_ms(int ms);

#endif
