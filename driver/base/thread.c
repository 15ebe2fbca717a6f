// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>

#include "driver/base/thread.h"

int thread_start(pthread_t *ret, const char *name, void *(*run)(void *), void *userdata)
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
