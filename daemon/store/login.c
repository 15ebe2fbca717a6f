// SPDX-License-Identifier: GPL-2.0-only
#include <pwd.h>
#include <stdio.h>

#include "daemon/store/login.h"

#define ENTRY_SIZE 4096 /* of one user; a larger one is named by its number */

char *login_operator(uint32_t uid, const char *name, char buf[LOGIN_OPERATOR_MAX])
{
	char entry[ENTRY_SIZE], login[64];
	struct passwd user, *found = NULL;

	if (getpwuid_r(uid, &user, entry, sizeof(entry), &found) == 0 && found)
		snprintf(login, sizeof(login), "%.63s", user.pw_name);
	else
		snprintf(login, sizeof(login), "uid %u", uid);
	if (name && *name)
		snprintf(buf, LOGIN_OPERATOR_MAX, "%s (%.1024s)", login, name);
	else
		snprintf(buf, LOGIN_OPERATOR_MAX, "%s", login);
	return buf;
}
