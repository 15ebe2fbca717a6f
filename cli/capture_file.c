// SPDX-License-Identifier: GPL-2.0-only
#include "cli/capture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>

#include "driver/base/cleanup.h"
#include "driver/proto/wire.h"

#define BLOCK_LENGTH_OFFSET 4

/* ---- the thread ---- */

/* Bytes of the whole blocks among the first @len. */
static size_t whole_blocks(const uint8_t *blocks, size_t len)
{
	size_t at = 0;

	while (at + BLOCK_LENGTH_OFFSET + 4 <= len) {
		size_t block_len = wire_get32(blocks + at + BLOCK_LENGTH_OFFSET);

		if (block_len == 0 || block_len > len - at)
			break;
		at += block_len;
	}
	return at;
}

/* What is ours ends with a whole block. Somebody else's is left alone: where their part of it ends
 * and ours begins, only they know. Return: 0, or why half of a block is at the end. */
static int cut(const struct capture_file *file, size_t surplus)
{
	off_t end;

	if (surplus == 0)
		return 0;
	if (!file->ours)
		return -ENOTSUP;
	end = lseek(file->fd, 0, SEEK_CUR);
	if (end < 0 || ftruncate(file->fd, end - (off_t)surplus) < 0)
		return -errno;
	return 0;
}

static int write_blocks(const struct capture_file *file, const uint8_t *blocks, size_t len,
			int *ret_cut_error)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(file->fd, blocks + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int error = -errno;

			*ret_cut_error = cut(file, done - whole_blocks(blocks, done));
			return error;
		}
		done += (size_t)n;
	}
	return 0;
}

static void wake(const struct capture_file *file)
{
	/* A counter that is full wakes as well. */
	(void)eventfd_write(file->wake_fd, 1);
}

/* Takes what was filled. Return: its bytes; 0 = it is over. */
static size_t await_blocks(struct capture_file *file)
{
	uint8_t *taken;
	size_t len;

	pthread_mutex_lock(&file->lock);
	while (file->used == 0 && !file->ends)
		pthread_cond_wait(&file->more, &file->lock);
	len = file->used;
	taken = file->filling;
	file->filling = file->writing;
	file->writing = taken;
	file->used = 0;
	pthread_mutex_unlock(&file->lock);
	return len;
}

static void *write_on(void *userdata)
{
	struct capture_file *file = userdata;
	int error = 0, cut_error = 0;
	size_t len;

	while (error == 0 && (len = await_blocks(file)) > 0) {
		wake(file); /* there is room again */
		error = write_blocks(file, file->writing, len, &cut_error);
	}
	if (error < 0) {
		pthread_mutex_lock(&file->lock);
		file->error = error;
		file->cut_error = cut_error;
		pthread_mutex_unlock(&file->lock);
		wake(file);
	}
	return NULL;
}

/* ---- the other one ---- */

static void release(struct capture_file *file)
{
	free(file->filling);
	free(file->writing);
	close_fd(file->wake_fd);
	pthread_cond_destroy(&file->more);
	pthread_mutex_destroy(&file->lock);
	if (file->ours)
		close_fd(file->fd);
	*file = (struct capture_file){.fd = -EBADF, .wake_fd = -EBADF};
}

/* Signals are for the one who calls. */
static int start_thread(struct capture_file *file)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = -pthread_create(&file->thread, NULL, write_on, file);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

/* It owns @fd from now on if it is @ours. */
static int start(struct capture_file *file, int fd, bool ours)
{
	int error = 0;

	*file = (struct capture_file){
		.fd = fd,
		.ours = ours,
		.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.filling = malloc(CAPTURE_FILE_BUFFER),
		.writing = malloc(CAPTURE_FILE_BUFFER),
	};
	pthread_mutex_init(&file->lock, NULL); /* with no attributes these two cannot fail */
	pthread_cond_init(&file->more, NULL);
	if (file->wake_fd < 0)
		error = -errno;
	else if (!file->filling || !file->writing)
		error = -ENOMEM;
	else
		error = start_thread(file);
	file->runs = error == 0;
	if (error < 0)
		release(file);
	return error;
}

int capture_file_create(struct capture_file *file, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int error;

	if (fd < 0)
		return -errno;
	error = start(file, fd, true);
	if (error < 0)
		(void)unlink(path); /* ours, and empty */
	return error;
}

int capture_file_use(struct capture_file *file, int fd)
{
	return start(file, fd, false);
}

bool capture_file_has_room(struct capture_file *file)
{
	bool room;

	pthread_mutex_lock(&file->lock);
	room = CAPTURE_FILE_BUFFER - file->used >= MNPEN_CAPTURE_BLOCK_MAX;
	pthread_mutex_unlock(&file->lock);
	return room;
}

void capture_file_put(struct capture_file *file, const uint8_t *block, size_t len)
{
	pthread_mutex_lock(&file->lock);
	memcpy(file->filling + file->used, block, len);
	file->used += len;
	pthread_mutex_unlock(&file->lock);
}

int capture_file_flush(struct capture_file *file)
{
	int error;

	pthread_mutex_lock(&file->lock);
	error = file->error;
	if (file->used > 0)
		pthread_cond_signal(&file->more);
	pthread_mutex_unlock(&file->lock);
	return error;
}

void capture_file_woken(struct capture_file *file)
{
	eventfd_t count;

	(void)eventfd_read(file->wake_fd, &count);
}

int capture_file_close(struct capture_file *file, int *ret_cut_error)
{
	int error;

	if (!file->runs)
		return 0;
	pthread_mutex_lock(&file->lock);
	file->ends = true;
	pthread_cond_signal(&file->more);
	pthread_mutex_unlock(&file->lock);
	(void)pthread_join(file->thread, NULL);
	error = file->error;
	*ret_cut_error = file->cut_error;
	release(file);
	return error;
}
