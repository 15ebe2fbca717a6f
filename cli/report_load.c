// SPDX-License-Identifier: GPL-2.0-only
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/report_load.h"
#include "driver/base/cleanup.h"

#define BESIDE "mnpenctl-report.so"
#define INSTALLED MNPEN_LIBDIR "/report.so"

/* The folder of the program is as trustworthy as the program. */
static const char *choose(char buf[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", buf, PATH_MAX - sizeof(BESIDE));
	char *slash;

	if (n <= 0)
		return INSTALLED;
	buf[n] = '\0';
	slash = strrchr(buf, '/');
	if (!slash)
		return INSTALLED;
	memcpy(slash + 1, BESIDE, sizeof(BESIDE));
	return access(buf, F_OK) == 0 ? buf : INSTALLED;
}

static enum cli_exit cannot(struct cli *cli, const char *why)
{
	return cli_fail(cli, CLI_FAILED, "Failed", "install the package mnpen anew, whole",
			"reports cannot be drawn: %s", why);
}

enum cli_exit report_load(struct cli *cli, struct report_drawing *ret)
{
	char path[PATH_MAX];
	const char *version;
	void *module = dlopen(choose(path), RTLD_NOW | RTLD_LOCAL);

	if (!module)
		return cannot(cli, dlerror());
	version = dlsym(module, "report_version");
	/* It reads our structures. */
	if (!version || strcmp(version, MNPEN_VERSION) != 0)
		return cannot(cli, "the drawing module is of another version");
	ret->draw = (__typeof__(ret->draw))dlsym(module, "report_draw");
	ret->draw_card = (__typeof__(ret->draw_card))dlsym(module, "report_draw_card");
	return ret->draw && ret->draw_card ? CLI_DONE : cannot(cli, dlerror());
}
