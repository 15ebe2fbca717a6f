// SPDX-License-Identifier: GPL-2.0-only
/*
 * The areas that everybody calls by the same name, and names that are slips of the pen of those.
 *
 * An area may have any name: clinics treat hands too. But "forhead" would be an area of its own,
 * with limits that nobody meant, which "session area forehead" does not find.
 */
#include <stdbool.h>
#include <string.h>

#include "daemon/conf/parts.h"
#include "driver/base/cleanup.h"

static const char *const known[] = {
	"periorbital", "forehead", "glabella",	"nose", "cheek",
	"cheekbone",   "chin-jaw", "upper-lip", "neck", "scalp",
};

#define LONG_NAME 9 /* so many letters have room for two slips */

const char *conf_area_known(size_t index)
{
	return index < ELEMENTSOF(known) ? known[index] : NULL;
}

/* The letters and digits of @name, in lower case: "Upper_Lip" is "upperlip". */
static size_t fold(char folded[CONF_NAME_MAX + 1], const char *name)
{
	size_t len = 0;

	for (; *name && len < CONF_NAME_MAX; name++) {
		if (strchr("-_.", *name))
			continue;
		folded[len] = *name;
		if (*name >= 'A' && *name <= 'Z')
			folded[len] = (char)(*name - 'A' + 'a');
		len++;
	}
	folded[len] = '\0';
	return len;
}

/* How many letters are wrong, missing, too many, or have changed places with their neighbour. */
static size_t slips(const char *a, size_t len_a, const char *b, size_t len_b)
{
	size_t rows[3][CONF_NAME_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= len_b; j++)
		last[j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		size_t *oldest = before;

		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			row[j] = last[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = MIN(row[j], MIN(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = oldest;
	}
	return last[len_b];
}

/* "cheek-left", "nose2": whoever adds to a name means to. */
static bool continues(const char *name, const char *base)
{
	const char *rest = name + strlen(base);

	if (strncmp(name, base, strlen(base)))
		return false;
	return !*rest || (*rest >= '0' && *rest <= '9') || (strchr("-_.", *rest) && rest[1]);
}

const char *conf_area_meant(const char *name)
{
	char letters[CONF_NAME_MAX + 1], base[CONF_NAME_MAX + 1];
	size_t len = fold(letters, name);

	/* What is right is right, however near it is to another one. */
	for (size_t i = 0; i < ELEMENTSOF(known); i++)
		if (continues(name, known[i]))
			return NULL;
	for (size_t i = 0; i < ELEMENTSOF(known); i++) {
		size_t base_len = fold(base, known[i]);

		if (slips(letters, len, base, base_len) <= (base_len < LONG_NAME ? 1 : 2))
			return known[i];
	}
	return NULL;
}
