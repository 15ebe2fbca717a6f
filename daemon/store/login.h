/* SPDX-License-Identifier: GPL-2.0-only */
/* Who an operator is, as the record names them: by the login, which nobody can choose freely. */
#ifndef MNPEN_STORE_LOGIN_H
#define MNPEN_STORE_LOGIN_H

#include <stdint.h>

#define LOGIN_OPERATOR_MAX (64 + 1024 + 8)

/**
 * login_operator() - "LOGIN", with @name "LOGIN (NAME)"; "uid 1234" where nobody has that number
 * @name: what was typed beside it; NULL or "" = nothing
 * Return: @buf.
 *
 * Asks the system's user database, which may take its time: the writer thread's, never the main
 * one's.
 */
char *login_operator(uint32_t uid, const char *name, char buf[LOGIN_OPERATOR_MAX]);

#endif
