// SPDX-License-Identifier: GPL-2.0-only
/* mnpenctl: the command line of mnpend. */
#include <locale.h>

#include "cli/commands.h"

int main(int argc, char **argv)
{
	/* Characters and the names of days: numbers keep their point in every language. */
	setlocale(LC_CTYPE, "");
	setlocale(LC_TIME, "");
	return commands_main(argc, argv);
}
