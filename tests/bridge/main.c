// SPDX-License-Identifier: GPL-2.0-only
/*
 * bridge HOST:PORT BUSID -- COMMAND...: runs a program that uses libusb, unmodified, with a device
 * that is served over USB/IP, where the kernel has no USB. The program sees it as
 * /dev/bus/usb/001/002 through umockdev's preloaded library.
 */
#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bridge/usbfs.h"

#define EXIT_BRIDGE 125 /* what went wrong was not the command */
#define FIRST_NUMBER 2	/* 1 is the hub's */
#define LAST_NUMBER 127
#define REPLUG_MS 100
#define QUIET_POLL_MS 5
#define QUIET_TRIES 200 /* for what a program leaves behind when it ends */
#define PRELOAD "libumockdev-preload.so.0"
#define PRELOAD_SUFFIX ".so" /* of our own, beside this program: preload.c */
#define PRELOADED "MNPEN_BRIDGE_PRELOADED"

static const char usage[] =
	"Usage: bridge HOST:PORT BUSID -- COMMAND [ARGUMENT...]\n"
	"\n"
	"Run COMMAND with the device BUSID of the USB/IP server as /dev/bus/usb/001/002.\n"
	"A device that goes and comes back is a new one, 003 and so on; a reset over USB/IP is\n"
	"letting go and importing again. Exits with COMMAND's exit code, 128 + its signal, or\n"
	"125 when the device cannot be had.\n"
	"\n"
	"  --help     this text\n"
	"  --version  the version\n";

struct bridge {
	struct usbfs usbfs;
	GMainLoop *loop;
	unsigned int next_number;
	pid_t child;
	int status;
	unsigned int quiet_tries;
};

/* Behind what stands there already, for the last word counts. */
static int add_option(const char *name, const char *option)
{
	const char *there = getenv(name);
	g_autofree char *options = g_strjoin(":", there ? there : option, option, NULL);

	return setenv(name, options, 1);
}

/* umockdev's uevents and the program below both need the library, the sanitizers' word or not. A
 * report file would be opened through it before it is there: reports go to stderr. */
static int preload_self(char **argv)
{
	const char *libraries = getenv("LD_PRELOAD");
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *own = g_strconcat(self ? self : "", PRELOAD_SUFFIX, NULL);
	g_autofree char *preload = g_strjoin(":", own, PRELOAD, libraries, NULL);

	if (add_option("ASAN_OPTIONS", "verify_asan_link_order=0:log_path=stderr") < 0 ||
	    add_option("UBSAN_OPTIONS", "log_path=stderr") < 0 ||
	    setenv("LD_PRELOAD", preload, 1) < 0 || setenv(PRELOADED, "1", 1) < 0)
		return -errno;
	execv("/proc/self/exe", argv);
	return -errno;
}

/* ---- the device comes and goes ---- */

static int plug(struct bridge *bridge)
{
	struct device *device = &bridge->usbfs.device;
	int r = device_attach(device);

	if (r < 0) {
		link_close(&device->link);
		return r;
	}
	device->number = bridge->next_number;
	bridge->next_number = device->number == LAST_NUMBER ? FIRST_NUMBER : device->number + 1;
	r = node_plug(&bridge->usbfs.node, device);
	if (r < 0)
		return r;
	link_watch(&device->link);
	return 0;
}

static gboolean replug(void *userdata)
{
	struct bridge *bridge = userdata;

	if (bridge->usbfs.device.number == 0)
		(void)plug(bridge); /* not there yet: the next time */
	return G_SOURCE_CONTINUE;
}

static void on_lost(void *userdata)
{
	struct bridge *bridge = userdata;

	usbfs_gone(&bridge->usbfs);
}

/* ---- the command ---- */

static gboolean pass_on(struct bridge *bridge, int signal)
{
	if (bridge->child > 0 && kill(bridge->child, signal) < 0 && errno != ESRCH)
		perror("bridge: kill");
	return G_SOURCE_CONTINUE;
}

static gboolean on_hup(void *userdata)
{
	return pass_on(userdata, SIGHUP);
}

static gboolean on_int(void *userdata)
{
	return pass_on(userdata, SIGINT);
}

static gboolean on_term(void *userdata)
{
	return pass_on(userdata, SIGTERM);
}

/* The kernel outlives programs: what it does when their files are closed is still done. */
static gboolean quit_when_quiet(void *userdata)
{
	struct bridge *bridge = userdata;

	if (!usbfs_quiet(&bridge->usbfs) && ++bridge->quiet_tries < QUIET_TRIES)
		return G_SOURCE_CONTINUE;
	g_main_loop_quit(bridge->loop);
	return G_SOURCE_REMOVE;
}

static void on_exit_of_child(GPid pid, int status, void *userdata)
{
	struct bridge *bridge = userdata;

	bridge->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	bridge->child = 0;
	g_timeout_add(QUIET_POLL_MS, quit_when_quiet, bridge);
}

static int start(struct bridge *bridge, char **argv)
{
	pid_t parent = getpid();

	bridge->child = fork();
	if (bridge->child < 0)
		return -errno;
	if (bridge->child == 0) {
		/* It cannot use the device of a bridge that is gone. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
			_exit(EXIT_BRIDGE);
		execvp(argv[0], argv);
		dprintf(STDERR_FILENO, "bridge: %s: %s\n", argv[0], strerror(errno));
		_exit(EXIT_BRIDGE);
	}
	g_child_watch_add(bridge->child, on_exit_of_child, bridge);
	return 0;
}

static int run(struct bridge *bridge, char **argv)
{
	int r;

	g_unix_signal_add(SIGHUP, on_hup, bridge);
	g_unix_signal_add(SIGINT, on_int, bridge);
	g_unix_signal_add(SIGTERM, on_term, bridge);
	if (!umockdev_in_mock_environment()) {
		fputs("bridge: cannot preload " PRELOAD " (Debian package libumockdev0)\n", stderr);
		return EXIT_BRIDGE;
	}
	r = plug(bridge);
	if (r < 0) {
		fprintf(stderr, "bridge: %s: %s\n", bridge->usbfs.device.link.url.text,
			strerror(-r));
		return EXIT_BRIDGE;
	}
	r = start(bridge, argv);
	if (r < 0) {
		fprintf(stderr, "bridge: fork: %s\n", strerror(-r));
		return EXIT_BRIDGE;
	}
	g_timeout_add(REPLUG_MS, replug, bridge);
	g_main_loop_run(bridge->loop);
	return bridge->status;
}

static int bridge_main(const struct usbip_url *url, char **argv)
{
	struct bridge bridge = {.next_number = FIRST_NUMBER, .status = EXIT_BRIDGE};
	UMockdevIoctlBase *handler = umockdev_ioctl_base_new();
	int code;

	bridge.loop = g_main_loop_new(NULL, FALSE);
	bridge.usbfs.device.link.url = *url;
	bridge.usbfs.device.link.fd = -EBADF;
	bridge.usbfs.device.link.lost = true;
	bridge.usbfs.device.link.on_lost = on_lost;
	bridge.usbfs.device.link.userdata = &bridge;
	usbfs_connect(&bridge.usbfs, handler);
	node_init(&bridge.usbfs.node, handler);
	code = run(&bridge, argv);
	link_close(&bridge.usbfs.device.link);
	/* What the last close and the end of the transfers have still to say. */
	while (g_main_context_iteration(NULL, FALSE))
		;
	node_free(&bridge.usbfs.node);
	usbfs_free(&bridge.usbfs);
	g_object_unref(handler);
	g_main_loop_unref(bridge.loop);
	return code;
}

int main(int argc, char **argv)
{
	g_autofree char *text = NULL;
	struct usbip_url url;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("bridge " MNPEN_VERSION);
		return EXIT_SUCCESS;
	}
	if (argc < 5 || strcmp(argv[3], "--") != 0) {
		fputs(usage, stderr);
		return EXIT_BRIDGE;
	}
	text = g_strdup_printf("usbip://%s/%s", argv[1], argv[2]);
	if (usbip_url_parse(&url, text) < 0) {
		fprintf(stderr, "bridge: \"%s\" \"%s\" is not HOST:PORT BUSID\n", argv[1], argv[2]);
		return EXIT_BRIDGE;
	}
	if (!getenv(PRELOADED)) {
		fprintf(stderr, "bridge: %s\n", strerror(-preload_self(argv)));
		return EXIT_BRIDGE;
	}
	return bridge_main(&url, argv + 4);
}
