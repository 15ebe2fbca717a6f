// SPDX-License-Identifier: GPL-2.0-only
/* mnpenctl: the command line of mnpend. */
#include <locale.h>

#include "cli/commands.h"

int main(int argc, char **argv)
{
	/* Characters only: numbers keep their point in every language. */
	setlocale(LC_CTYPE, "");
	return commands_main(argc, argv);
}
