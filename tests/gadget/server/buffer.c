// SPDX-License-Identifier: GPL-2.0-only
/* Socket buffers. */
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/server/buffer.h"

#define BUFFER_FIRST 4096

uint8_t *buffer_reserve(struct buffer *buffer, size_t len)
{
	size_t used = buffer_len(buffer);
	size_t size = MAX(buffer->size, (size_t)BUFFER_FIRST);
	uint8_t *data;

	if (buffer->size - buffer->tail >= len)
		return buffer->data + buffer->tail;
	if (buffer->size - used >= len) {
		memmove(buffer->data, buffer->data + buffer->head, used);
	} else {
		while (size - used < len)
			size *= 2;
		data = malloc(size);
		if (!data)
			return NULL;
		if (used)
			memcpy(data, buffer->data + buffer->head, used);
		free(buffer->data);
		buffer->data = data;
		buffer->size = size;
	}
	buffer->head = 0;
	buffer->tail = used;
	return buffer->data + used;
}

void buffer_commit(struct buffer *buffer, size_t len)
{
	buffer->tail += len;
}

void buffer_consume(struct buffer *buffer, size_t len)
{
	buffer->head += len;
	if (buffer->head == buffer->tail)
		buffer->head = buffer->tail = 0;
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}
