/* SPDX-License-Identifier: GPL-2.0-only */
/* The other end of the control socket, for people and scripts. */
#ifndef MNPEN_GADGET_TELL_H
#define MNPEN_GADGET_TELL_H

/**
 * tell() - send one command to the gadget that listens at @path, print its answer
 * @words: the command's words, @n_words of them
 * Return: exit code: 0 the answer was ok, 1 it was an error or nobody answered.
 */
int tell(const char *path, char *const *words, int n_words);

#endif
