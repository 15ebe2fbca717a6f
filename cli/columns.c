// SPDX-License-Identifier: GPL-2.0-only
/* Columns of text. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cli/columns.h"

/* Bytes of the first character; @ret_width: its columns, -1 = nothing to show. */
static size_t first(const char *text, int *ret_width)
{
	mbstate_t state = {0};
	wchar_t c;
	size_t len;

	if (*text >= ' ' && *text <= '~') { /* nearly all of them */
		*ret_width = 1;
		return 1;
	}
	len = mbrtowc(&c, text, MB_CUR_MAX, &state);
	if (len == (size_t)-1 || len == (size_t)-2 || len == 0) {
		*ret_width = -1;
		return 1;
	}
	*ret_width = wcwidth(c);
	return len;
}

unsigned int columns_of(const char *text)
{
	unsigned int used = 0;
	int width;

	while (*text) {
		text += first(text, &width);
		used += width < 0 ? 1 : (unsigned int)width;
	}
	return used;
}

char *columns_cut(char *text, unsigned int width)
{
	char *to = text, *last = text; /* up to @last there is a column left for the mark */
	unsigned int used = 0;
	int w;

	for (const char *from = text; *from;) {
		size_t len = first(from, &w);
		unsigned int more = w < 0 ? 1 : (unsigned int)w;

		if (used < width)
			last = to;
		if (used + more > width) {
			if (width > 0)
				*last++ = '~';
			*last = '\0';
			return text;
		}
		if (w < 0)
			*to++ = '?';
		else
			memmove(to, from, len);
		to += w < 0 ? 0 : len;
		from += len;
		used += more;
	}
	*to = '\0';
	return text;
}
