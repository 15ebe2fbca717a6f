/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The drawing of reports is loaded when there is something to draw: what it needs takes the system
 * tens of milliseconds to load and bind, which no other command, and above all no stop, has to wait
 * for.
 */
#ifndef MNPEN_CLI_REPORT_LOAD_H
#define MNPEN_CLI_REPORT_LOAD_H

#include "cli/cli.h"
#include "cli/report/report.h"

/** struct report_drawing - report_draw() and report_draw_card() of cli/report/report.h */
struct report_drawing {
	__typeof__(report_draw) *draw;
	__typeof__(report_draw_card) *draw_card;
};

/** report_load() - the module beside the program, as in a build tree, or the installed one */
enum cli_exit report_load(struct cli *cli, struct report_drawing *ret);

#endif
