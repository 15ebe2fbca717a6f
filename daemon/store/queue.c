// SPDX-License-Identifier: GPL-2.0-only
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "daemon/store/queue.h"

void queue_wake(int fd)
{
	uint64_t one = 1;

	/* It fails only when the counter is full, and then it is readable anyway. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

void queue_awake(int fd)
{
	uint64_t count;

	/* It fails only when the counter is 0, which is what is wanted. */
	if (read(fd, &count, sizeof(count)) < 0)
		return;
}

int queue_thread(pthread_t *ret, const char *name, void *(*run)(void *), void *userdata)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	r = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (r)
		return -r;
	r = pthread_create(ret, NULL, run, userdata);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!r)
		pthread_setname_np(*ret, name);
	return -r;
}
