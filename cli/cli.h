/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every part of mnpenctl shares: the context of this run, the exit codes, and the one way to
 * fail.
 *
 * Convention of this folder: a function that returns enum cli_exit has already told the user what
 * went wrong when it returns anything but CLI_DONE; the caller just passes it on.
 */
#ifndef MNPEN_CLI_H
#define MNPEN_CLI_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

#define CLI_NAME "mnpenctl"

/** enum cli_exit - exit codes of the program; documented in mnpenctl(1), fixed */
enum cli_exit {
	CLI_DONE = 0,
	CLI_FAILED = 1,	   /* refused, or failed */
	CLI_USAGE = 2,	   /* the command line is wrong; nothing was done */
	CLI_NO_DAEMON = 3, /* no bus, or no mnpend on it */
	CLI_NOT_FOUND = 4, /* no such pen, profile or session */
	CLI_DENIED = 5,	   /* not authorized */
};

/** struct cli - one run of the program */
struct cli {
	bool json; /* stdout carries one JSON document and nothing else */
	bool no_pager;
	bool unattended;  /* completion: silent, short of patience, nobody is asked */
	const char *host; /* "[USER@]HOST" of -H, NULL = this machine */
	sd_bus *bus;	  /* NULL until bus_connect() */
};

/**
 * cli_fail() - tell the user why it ends: text on stderr, or the error document on stdout
 * @name: for programs: the D-Bus error's last element ("Limit"), or "Usage", "NoDaemon", "File"
 * @hint: the way out, NULL = none
 * Return: @code, for "return cli_fail(...)".
 */
enum cli_exit cli_fail(const struct cli *cli, enum cli_exit code, const char *name,
		       const char *hint, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/** cli_usage() - cli_fail(CLI_USAGE, "Usage") */
#define cli_usage(cli, hint, ...) cli_fail(cli, CLI_USAGE, "Usage", hint, __VA_ARGS__)

enum cli_exit cli_no_memory(const struct cli *cli);

/** cli_done() - confirm a command that has nothing else to tell: a line, or {"done":true} */
void cli_done(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** cli_done_with() - the same of one thing: {"done":true,"KEY":"VALUE"}; NULL = null */
void cli_done_with(const struct cli *cli, const char *key, const char *value, const char *format,
		   ...) __attribute__((format(printf, 4, 5)));

/** cli_say() - one line of confirmation on stdout; silent with --json */
void cli_say(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
