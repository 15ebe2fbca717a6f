/* SPDX-License-Identifier: GPL-2.0-only */
/* The way to the daemon: the only file that opens a bus, and the only map of its errors. */
#ifndef MNPEN_CLI_BUS_H
#define MNPEN_CLI_BUS_H

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "cli/cli.h"
#include "cli/json.h"

#define BUS_TIMEOUT_USEC (10 * 1000000ULL)
#define BUS_TIMEOUT_ASK_USEC (120 * 1000000ULL) /* a person may have to type a password */

DEFINE_CLEANUP(sd_bus_message *, sd_bus_message_unref)
#define _cleanup_message_ _cleanup_(sd_bus_message_unref_cleanup)
#define _cleanup_bus_error_ _cleanup_(sd_bus_error_free)

enum cli_exit bus_connect(struct cli *cli);
void bus_disconnect(struct cli *cli);

/** bus_prepare() - a method call to the daemon, to be filled in; connects first
 *
 * Every call allows a question by polkit: methods that ask nobody never come to it. */
enum cli_exit bus_prepare(struct cli *cli, const char *path, const char *interface,
			  const char *member, sd_bus_message **ret);

/** bus_send() - send what bus_prepare() made and wait. @reply may be NULL; consumes nothing. */
enum cli_exit bus_send(struct cli *cli, sd_bus_message *call, uint64_t timeout_usec,
		       sd_bus_message **ret_reply);

/** bus_call() - both of the above, waiting for a person if need be; @types as sd_bus_message_append
 */
enum cli_exit bus_call(struct cli *cli, sd_bus_message **ret_reply, const char *path,
		       const char *interface, const char *member, const char *types, ...);

/** bus_call_fast() - for methods that ask nobody: no arguments, 10 s */
enum cli_exit bus_call_fast(struct cli *cli, const char *path, const char *interface,
			    const char *member);

/** bus_get_all() - all properties of @interface as an object */
enum cli_exit bus_get_all(struct cli *cli, const char *path, const char *interface,
			  json_object **ret);

/** bus_fail() - report what a call that failed says. @path: of the object that was called */
enum cli_exit bus_fail(const struct cli *cli, const sd_bus_error *error, const char *path);

/** bus_exit_code() - the exit code that stands for the D-Bus error @name */
enum cli_exit bus_exit_code(const char *name);

/** bus_path() - the path of @name below @prefix (API_PENS, ...); the caller's to free */
enum cli_exit bus_path(struct cli *cli, const char *prefix, const char *name, char **ret);

/** bus_needs_fd() - refuse a command that a remote daemon cannot serve: ssh carries no files */
enum cli_exit bus_needs_fd(struct cli *cli);

#endif
