/* SPDX-License-Identifier: GPL-2.0-only */
/* The folder where GadgetFS is mounted: a control file named like the device controller, and, once
 * that has been written to, a file for each endpoint of the controller. */
#ifndef MNPEN_GADGET_DIRECTORY_H
#define MNPEN_GADGET_DIRECTORY_H

#include <stddef.h>

#include "tests/gadget/gadgetfs/endpoints.h"

#define DIRECTORY_FILES_MAX 64

/** struct directory - the names of its files, sorted */
struct directory {
	char names[DIRECTORY_FILES_MAX][ENDPOINT_NAME_MAX];
	size_t count;
};

/** directory_read() - Return: 0; -E2BIG too many files; negative errno */
int directory_read(struct directory *ret, const char *path);

/** directory_control() - the control file's name: the first that is no endpoint's; or NULL */
const char *directory_control(const struct directory *directory);

/**
 * directory_check() - whether GadgetFS is mounted on @path
 * @error: what is missing, and the command that mends it
 * Return: 0, -ENOENT or another negative errno.
 */
int directory_check(const char *path, char *error, size_t size);

#endif
