/* SPDX-License-Identifier: GPL-2.0-only */
/* What can go wrong with a pen for a while, in the words of its control socket. */
#ifndef MNPEN_RANDOM_TROUBLES_H
#define MNPEN_RANDOM_TROUBLES_H

/** struct trouble - what goes wrong for a while, with what ends it */
struct trouble {
	const char *on[4];
	const char *off[4];
	unsigned int weight; /* how often, among the others; 0 = the end of the table */
};

extern const struct trouble random_troubles[];

#endif
