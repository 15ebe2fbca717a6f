// SPDX-License-Identifier: GPL-2.0-only
/*
 * foot SOCKET -- COMMAND...: runs a program, unmodified, with a marked foot pedal plugged in, where
 * the kernel has no input stack. The program sees it as /dev/input/event3 through umockdev's
 * preloaded library. On the Unix socket it takes one command a line and answers one line of JSON
 * each, as the virtual pen does, with the time at which it took effect:
 *
 *   press, release   the key goes down or up, and says so
 *   lose             it goes up, and nobody is told
 *   unplug           the node hangs up
 *
 * The node is a pseudo terminal, for what umockdev puts there is always ready.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <linux/input.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <umockdev.h>
#include <unistd.h>

#define EXIT_FOOT 125 /* what went wrong was not the command */
#define PRELOAD "libumockdev-preload.so.0"
#define PRELOADED "MNPEN_FOOT_PRELOADED"
#define NODE "/dev/input/event3"
#define PEDAL_KEY KEY_A /* of the keyboard type */
#define VERSION 0x010001
#define LINE_SIZE 64

static const char usage[] =
	"Usage: foot SOCKET -- COMMAND [ARGUMENT...]\n"
	"\n"
	"Run COMMAND with a foot pedal, marked as one, at " NODE ". On the Unix socket\n"
	"SOCKET: press, release, lose, unplug. Exits with COMMAND's exit code, 128 + its signal,\n"
	"or 125 when there is no pedal to be had.\n"
	"\n"
	"  --help     this text\n"
	"  --version  the version\n";

struct foot {
	UMockdevTestbed *testbed;
	GMainLoop *loop;
	pid_t child;
	int status;
	int master_fd, slave_fd; /* -EBADF: unplugged */
	int listen_fd, control_fd;
};

/* What umockdev's thread asks for. */
static gint key_down;
static gint grabbed;

/* ---- the node ---- */

static void set_bit(uint8_t *bits, size_t size, unsigned int bit)
{
	if (bit / 8 < size)
		bits[bit / 8] |= (uint8_t)(1u << (bit % 8));
}

static int fill(unsigned int number, uint8_t *data, size_t size)
{
	static const char name[] = "Foot Pedal";

	memset(data, 0, size);
	if (number == _IOC_NR(EVIOCGVERSION) && size == sizeof(int)) {
		const int version = VERSION;

		memcpy(data, &version, sizeof(version));
	} else if (number == _IOC_NR(EVIOCGNAME(0))) {
		memcpy(data, name, MIN(size, sizeof(name)));
	} else if (number == _IOC_NR(EVIOCGBIT(0, 0))) {
		set_bit(data, size, EV_SYN);
		set_bit(data, size, EV_KEY);
	} else if (number == _IOC_NR(EVIOCGBIT(EV_KEY, 0))) {
		set_bit(data, size, PEDAL_KEY);
	} else if (number == _IOC_NR(EVIOCGKEY(0)) && g_atomic_int_get(&key_down)) {
		set_bit(data, size, PEDAL_KEY);
	}
	return (int)size;
}

static gboolean on_ioctl(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, void *userdata)
{
	unsigned long request = umockdev_ioctl_client_get_request(client);
	UMockdevIoctlData *argument = umockdev_ioctl_client_get_arg(client), *memory;
	int result = 0;

	if (_IOC_TYPE(request) != 'E') {
		umockdev_ioctl_client_complete(client, -1, ENOTTY);
		return TRUE;
	}
	if (request == EVIOCGRAB) { /* the argument is the value */
		void *value = NULL;

		memcpy(&value, argument->data, sizeof(value));
		g_atomic_int_set(&grabbed, value != NULL);
	} else if (_IOC_DIR(request) & _IOC_READ) {
		memory = umockdev_ioctl_data_resolve(argument, 0, _IOC_SIZE(request), NULL);
		if (!memory) {
			umockdev_ioctl_client_complete(client, -1, EFAULT);
			return TRUE;
		}
		result = fill(_IOC_NR(request), memory->data, _IOC_SIZE(request));
		umockdev_ioctl_client_complete(client, result, 0);
		g_object_unref(memory);
		return TRUE;
	} /* else EVIOCSCLOCKID: all times are CLOCK_BOOTTIME here */
	umockdev_ioctl_client_complete(client, result, 0);
	return TRUE;
}

/* Of the terminal itself. */
static gboolean on_read(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, void *userdata)
{
	int error = 0, result = umockdev_ioctl_client_execute(client, &error, NULL);

	umockdev_ioctl_client_complete(client, result, error);
	return TRUE;
}

static int open_terminal(struct foot *foot)
{
	struct termios raw;
	const char *name;

	foot->master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (foot->master_fd < 0 || grantpt(foot->master_fd) < 0 || unlockpt(foot->master_fd) < 0)
		return -errno;
	name = ptsname(foot->master_fd);
	foot->slave_fd = name ? open(name, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
	if (foot->slave_fd < 0 || tcgetattr(foot->slave_fd, &raw) < 0)
		return -errno;
	cfmakeraw(&raw);
	return tcsetattr(foot->slave_fd, TCSANOW, &raw) < 0 ? -errno : 0;
}

static int plug(struct foot *foot, UMockdevIoctlBase *handler)
{
	g_autofree char *root = umockdev_testbed_get_root_dir(foot->testbed);
	g_autofree char *path = g_strconcat(root, NODE, NULL);
	g_autofree char *folder = g_path_get_dirname(path);
	g_autofree char *usb = NULL, *input = NULL, *event = NULL;
	int r = open_terminal(foot);

	if (r < 0)
		return r;
	if (g_mkdir_with_parents(folder, 0755) < 0 || symlink(ptsname(foot->master_fd), path) < 0)
		return -errno;
	umockdev_testbed_attach_ioctl(foot->testbed, NODE, handler, NULL);
	usb = umockdev_testbed_add_device(foot->testbed, "usb", "1-2", NULL, "idVendor", "0426",
					  "idProduct", "3011", NULL, "DEVTYPE", "usb_device", NULL);
	input = umockdev_testbed_add_device(foot->testbed, "input", "input3", usb, "name",
					    "Foot Pedal", NULL, NULL);
	event = umockdev_testbed_add_device(foot->testbed, "input", "event3", input, "dev", "13:67",
					    NULL, "DEVNAME", NODE, "MNPEN_PEDAL", "1",
					    "ID_INPUT_KEY", "1", NULL);
	return usb && input && event ? 0 : -EIO;
}

/* ---- the foot ---- */

static void put_event(struct input_event *event, const struct timespec *now, unsigned int type,
		      unsigned int code, int value)
{
	*event = (struct input_event){
		.type = (uint16_t)type,
		.code = (uint16_t)code,
		.value = value,
	};
	event->input_event_sec = now->tv_sec;
	event->input_event_usec = now->tv_nsec / 1000;
}

static int move(struct foot *foot, bool down)
{
	struct input_event events[2];
	struct timespec now;

	g_atomic_int_set(&key_down, down);
	clock_gettime(CLOCK_BOOTTIME, &now);
	put_event(&events[0], &now, EV_KEY, PEDAL_KEY, down);
	put_event(&events[1], &now, EV_SYN, SYN_REPORT, 0);
	return write(foot->master_fd, events, sizeof(events)) == sizeof(events) ? 0 : -EIO;
}

static int obey(struct foot *foot, const char *command)
{
	if (strcmp(command, "press") == 0)
		return move(foot, true);
	if (strcmp(command, "release") == 0)
		return move(foot, false);
	if (strcmp(command, "lose") == 0) {
		g_atomic_int_set(&key_down, 0);
		return 0;
	}
	if (strcmp(command, "unplug") != 0)
		return -EINVAL;
	close(foot->master_fd);
	foot->master_fd = -EBADF;
	return 0;
}

static gboolean on_command(int fd, GIOCondition condition, void *userdata)
{
	struct foot *foot = userdata;
	char line[LINE_SIZE], answer[2 * LINE_SIZE];
	struct timespec now;
	ssize_t n = read(fd, line, sizeof(line) - 1);
	int r;

	if (n <= 0) {
		close(fd);
		return G_SOURCE_REMOVE;
	}
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	clock_gettime(CLOCK_MONOTONIC, &now);
	r = obey(foot, line);
	if (r < 0)
		snprintf(answer, sizeof(answer), "{\"error\":\"%s\"}\n", strerror(-r));
	else
		snprintf(answer, sizeof(answer), "{\"ok\":true,\"now_ns\":%lld,\"grabbed\":%s}\n",
			 (long long)now.tv_sec * 1000000000 + now.tv_nsec,
			 g_atomic_int_get(&grabbed) ? "true" : "false");
	if (write(fd, answer, strlen(answer)) < 0)
		perror("foot: answer");
	return G_SOURCE_CONTINUE;
}

static gboolean on_connect(int fd, GIOCondition condition, void *userdata)
{
	struct sockaddr_un who;
	socklen_t len = sizeof(who);
	int control = accept4(fd, (struct sockaddr *)&who, &len, SOCK_CLOEXEC);

	if (control >= 0)
		g_unix_fd_add(control, G_IO_IN | G_IO_HUP, on_command, userdata);
	return G_SOURCE_CONTINUE;
}

static int listen_at(struct foot *foot, const char *path)
{
	struct sockaddr_un where = {.sun_family = AF_UNIX};

	if ((size_t)snprintf(where.sun_path, sizeof(where.sun_path), "%s", path) >=
	    sizeof(where.sun_path))
		return -ENAMETOOLONG;
	(void)unlink(path);
	foot->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (foot->listen_fd < 0 ||
	    bind(foot->listen_fd, (struct sockaddr *)&where, sizeof(where)) < 0 ||
	    listen(foot->listen_fd, 4) < 0)
		return -errno;
	g_unix_fd_add(foot->listen_fd, G_IO_IN, on_connect, foot);
	return 0;
}

/* ---- the command ---- */

static gboolean on_term(void *userdata)
{
	const struct foot *foot = userdata;

	if (foot->child > 0 && kill(foot->child, SIGTERM) < 0 && errno != ESRCH)
		perror("foot: kill");
	return G_SOURCE_CONTINUE;
}

static void on_exit_of_child(GPid pid, int status, void *userdata)
{
	struct foot *foot = userdata;

	foot->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	foot->child = 0;
	g_main_loop_quit(foot->loop);
}

static int start(struct foot *foot, char **argv)
{
	pid_t parent = getpid();

	foot->child = fork();
	if (foot->child < 0)
		return -errno;
	if (foot->child == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
			_exit(EXIT_FOOT);
		execvp(argv[0], argv);
		dprintf(STDERR_FILENO, "foot: %s: %s\n", argv[0], strerror(errno));
		_exit(EXIT_FOOT);
	}
	g_child_watch_add(foot->child, on_exit_of_child, foot);
	return 0;
}

static int foot_main(const char *socket_path, char **argv)
{
	UMockdevIoctlBase *handler = umockdev_ioctl_base_new();
	struct foot foot = {.status = EXIT_FOOT, .master_fd = -EBADF, .slave_fd = -EBADF};
	int r;

	foot.loop = g_main_loop_new(NULL, FALSE);
	foot.testbed = umockdev_testbed_new();
	g_signal_connect(handler, "handle-ioctl", G_CALLBACK(on_ioctl), NULL);
	g_signal_connect(handler, "handle-read", G_CALLBACK(on_read), NULL);
	g_unix_signal_add(SIGTERM, on_term, &foot);
	r = umockdev_in_mock_environment() ? listen_at(&foot, socket_path) : -ELIBACC;
	if (r == 0)
		r = plug(&foot, handler);
	if (r == 0)
		r = start(&foot, argv);
	if (r == 0)
		g_main_loop_run(foot.loop);
	else
		fprintf(stderr, "foot: %s%s\n", strerror(-r),
			r == -ELIBACC ? ": " PRELOAD " (Debian package libumockdev0)" : "");
	(void)unlink(socket_path);
	umockdev_testbed_detach_ioctl(foot.testbed, NODE, NULL);
	g_object_unref(foot.testbed);
	g_object_unref(handler);
	g_main_loop_unref(foot.loop);
	return foot.status;
}

/* Behind what stands there already, for the last word counts. */
static int add_option(const char *name, const char *option)
{
	const char *there = getenv(name);
	g_autofree char *options = g_strjoin(":", there ? there : option, option, NULL);

	return setenv(name, options, 1);
}

/* umockdev and the program below both need the library, the sanitizers' word or not; see the
 * bridge. */
static int preload_self(char **argv)
{
	const char *libraries = getenv("LD_PRELOAD");
	g_autofree char *preload = g_strjoin(":", PRELOAD, libraries, NULL);

	if (add_option("ASAN_OPTIONS", "verify_asan_link_order=0:log_path=stderr") < 0 ||
	    add_option("UBSAN_OPTIONS", "log_path=stderr") < 0 ||
	    setenv("LD_PRELOAD", preload, 1) < 0 || setenv(PRELOADED, "1", 1) < 0)
		return -errno;
	execv("/proc/self/exe", argv);
	return -errno;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("foot " MNPEN_VERSION);
		return EXIT_SUCCESS;
	}
	if (argc < 4 || strcmp(argv[2], "--") != 0) {
		fputs(usage, stderr);
		return EXIT_FOOT;
	}
	if (!getenv(PRELOADED)) {
		fprintf(stderr, "foot: %s\n", strerror(-preload_self(argv)));
		return EXIT_FOOT;
	}
	return foot_main(argv[1], argv + 3);
}
