/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Profiles that are wrong, each in one way, with where and how that has to be told. The same table
 * for the parser, the daemon and the command: whoever tells it, it is the same line and way out.
 */
#ifndef MNPEN_TEST_WRONG_PROFILES_H
#define MNPEN_TEST_WRONG_PROFILES_H

#include <stdbool.h>
#include <stddef.h>

/** struct wrong_profile - one of them; its bytes may hold NUL */
struct wrong_profile {
	const char *what; /* for people */
	const char *file; /* its name, without a folder */
	const char *text;
	size_t len;
	size_t fill_to;	     /* comments up to so many bytes; 0 = none */
	unsigned int line;   /* of the error */
	const char *wrong;   /* what the message must hold of what is wrong */
	const char *allowed; /* and of the way out */
	const char *shown;   /* the file's name where only ASCII is shown; NULL = as it is */
	bool good_text;	     /* only the name is wrong */
	bool passed_over;    /* by the daemon, for which it is no profile at all */
};

extern const struct wrong_profile wrong_profiles[];
extern const size_t n_wrong_profiles;

/** wrong_profile_bytes() - the file, to be freed; NULL without memory */
char *wrong_profile_bytes(const struct wrong_profile *row, size_t *ret_len);

#endif
