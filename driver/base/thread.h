/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MNPEN_THREAD_H
#define MNPEN_THREAD_H

#include <pthread.h>

/** thread_start() - start a thread that takes no signals, so that they reach the main loop and a
 * broken pipe or file size limit is an errno. @name: up to 15 characters. Return: 0 or errno. */
int thread_start(pthread_t *ret, const char *name, void *(*run)(void *), void *userdata);

#endif
