/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes on their way in or out of a socket: appended at the end, consumed at the front. */
#ifndef MNPEN_GADGET_BUFFER_H
#define MNPEN_GADGET_BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
	uint8_t *data;
	size_t size;
	size_t head;
	size_t tail;
};

/** buffer_reserve() - room for @len bytes at the end; NULL when memory is out. What it returns is
 * valid until the next call; buffer_commit() makes the first bytes of it part of the buffer. */
uint8_t *buffer_reserve(struct buffer *buffer, size_t len);
void buffer_commit(struct buffer *buffer, size_t len);
void buffer_consume(struct buffer *buffer, size_t len);
void buffer_free(struct buffer *buffer);

static inline size_t buffer_len(const struct buffer *buffer)
{
	return buffer->tail - buffer->head;
}

static inline const uint8_t *buffer_data(const struct buffer *buffer)
{
	return buffer->data + buffer->head;
}

#endif
