// SPDX-License-Identifier: GPL-2.0-only
/* A host over a transport, its owner, and the virtual pen's control socket. */
#include "tests/contract/contract.h"

#include <errno.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/host/chardev.h"
#include "driver/host/usb.h"
#include "driver/host/usb_watch.h"
#include "driver/host/usbip.h"
#include "driver/proto/records.h"

#define WAIT_USEC (5 * USEC_PER_SEC)
#define ANSWER_MS 5000
#define ANSWER_MAX 65536

void contract_said(const char *file, int line, const char *condition)
{
	printf("%s:%d: not so: %s\n", file, line, condition);
}

/* ---- what is heard ---- */

static void hear(struct contract *c, enum contract_what what, int value, unsigned int n,
		 uint32_t seq)
{
	if (c->n_heard < CONTRACT_HEARD_MAX)
		c->heard[c->n_heard++] = (struct contract_heard){what, value, n, seq};
}

static void on_online(struct host *host, void *userdata, const struct host_identity *identity)
{
	struct contract *c = userdata;

	c->identity = *identity;
	c->online = true;
	hear(c, HEARD_ONLINE, 0, 0, 0);
}

/* Before it was online these are of the way there: a node that udev has not given away yet, say. */
static void on_offline(struct host *host, void *userdata, int error)
{
	struct contract *c = userdata;

	if (c->online)
		hear(c, HEARD_OFFLINE, error, 0, 0);
	c->online = false;
}

static void on_packet(struct host *host, void *userdata, const uint8_t *buf, size_t len,
		      uint64_t rx_usec)
{
	struct contract *c = userdata;
	struct mnpen_sample sample = {0};

	(void)mnpen_sample_decode(&sample, buf, len);
	c->odd_time |= rx_usec < c->latest_usec || rx_usec > now_usec();
	c->latest_usec = rx_usec;
	hear(c, HEARD_PACKET, (int)len, 0, sample.seq);
}

static void on_drained(struct host *host, void *userdata)
{
	hear(userdata, HEARD_DRAINED, 0, 0, 0);
}

static const struct host_callbacks callbacks = {
	.online = on_online,
	.offline = on_offline,
	.packet = on_packet,
	.drained = on_drained,
};

/* One table of what was asked for: its place is the userdata. */
static struct request {
	struct contract *c;
	unsigned int n;
} requests[CONTRACT_HEARD_MAX];

void *contract_request(struct contract *c)
{
	struct request *request = &requests[c->n_requests % ELEMENTSOF(requests)];

	*request = (struct request){c, c->n_requests++};
	return request;
}

void contract_done(void *userdata, int result, const uint8_t *data, size_t len)
{
	struct request *request = userdata;

	if (len > 0)
		memcpy(request->c->data, data, MIN(len, sizeof(request->c->data)));
	hear(request->c, HEARD_DONE, result, request->n, (uint32_t)len);
}

const struct contract_heard *contract_next(struct contract *c)
{
	uint64_t end = now_usec() + WAIT_USEC * c->options->scale;

	while (c->n_heard <= c->n_checked && now_usec() < end)
		if (sd_event_run(c->event, 10000) < 0)
			break;
	if (c->n_heard > c->n_checked)
		return &c->heard[c->n_checked++];
	printf("nothing more is heard\n");
	return NULL;
}

bool contract_expect(struct contract *c, enum contract_what what, int value)
{
	const struct contract_heard *heard = contract_next(c);

	if (heard && heard->what == what && heard->value == value)
		return true;
	printf("heard %d, %d and not %d, %d\n", heard ? (int)heard->what : 0,
	       heard ? heard->value : 0, (int)what, value);
	return false;
}

void contract_run_for(struct contract *c, unsigned int ms)
{
	uint64_t end = now_usec() + ms * USEC_PER_MSEC;

	while (now_usec() < end)
		if (sd_event_run(c->event, 1000) < 0)
			return;
}

/* ---- the virtual pen ---- */

static bool ask(struct contract *c, const char *command, char *answer, size_t size)
{
	char line[128];
	int len = snprintf(line, sizeof(line), "%s\n", command);
	size_t used = 0;

	if (send(c->control_fd, line, (size_t)len, MSG_NOSIGNAL) != len)
		return false;
	do {
		struct pollfd poller = {.fd = c->control_fd, .events = POLLIN};
		ssize_t r = poll(&poller, 1, ANSWER_MS) == 1
				    ? recv(c->control_fd, answer + used, size - 1 - used, 0)
				    : -1;

		if (r <= 0)
			return false;
		used += (size_t)r;
	} while (answer[used - 1] != '\n' && used < size - 1);
	answer[used] = '\0';
	return true;
}

bool contract_tell(struct contract *c, const char *command)
{
	char answer[ANSWER_MAX];

	if (ask(c, command, answer, sizeof(answer)) && !strstr(answer, "\"error\""))
		return true;
	printf("the pen does not take \"%s\"\n", command);
	return false;
}

bool contract_logged(struct contract *c, const char *text)
{
	char answer[ANSWER_MAX];

	return ask(c, "log 64", answer, sizeof(answer)) && strstr(answer, text);
}

bool contract_plug(const struct contract *c)
{
	char shell[] = "sh", option[] = "-c";
	char *argv[] = {shell, option, c->options->plug, NULL};
	int status = -1;
	pid_t pid;

	if (!c->options->plug)
		return true;
	return posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) == 0 &&
	       waitpid(pid, &status, 0) == pid && status == 0;
}

static bool open_control(struct contract *c)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", c->options->control);
	c->control_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return c->control_fd >= 0 &&
	       connect(c->control_fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

/* ---- transports ---- */

static void leave(struct contract *c, bool guard)
{
	if (!c->node[0])
		return;
	c->node[0] = '\0';
	if (guard)
		host_chardev_unplug(c->host);
	else
		host_usb_unplug(c->host);
}

static bool is_empty(struct contract *c, bool guard)
{
	return guard ? host_chardev_empty(c->host) : host_usb_empty(c->host);
}

static void on_seen(void *userdata, const struct usb_sight *sight)
{
	struct contract *c = userdata;
	bool guard = strcmp(c->options->transport, "chardev") == 0;
	uint64_t end = now_usec() + WAIT_USEC;

	if (sight->kind != (guard ? USB_SIGHT_GUARD : USB_SIGHT_DEVICE)) {
		if (guard && sight->kind == USB_SIGHT_DEVICE && sight->gone)
			leave(c, true);
		return;
	}
	if (sight->gone || strcmp(c->node, sight->node) != 0)
		leave(c, guard);
	if (sight->gone || c->node[0])
		return;
	while (!is_empty(c, guard) && now_usec() < end)
		contract_run_for(c, 1);
	snprintf(c->node, sizeof(c->node), "%s", sight->node);
	if (guard)
		host_chardev_plug(c->host, sight->node);
	else
		host_usb_plug(c->host, sight->node);
}

static int open_host(struct contract *c)
{
	const char *transport = c->options->transport;
	struct usbip_url url;
	int r;

	if (strcmp(transport, "usbip") == 0) {
		r = usbip_url_parse(&url, c->options->url);
		return r < 0 ? r : host_usbip_new(&c->host, c->event, &url, &callbacks, c);
	}
	if (strcmp(transport, "usb") == 0)
		r = host_usb_new(&c->host, c->event, &callbacks, c);
	else
		r = host_chardev_new(&c->host, c->event, &callbacks, c);
	if (r >= 0)
		r = usb_watch_new(&c->watch, c->event, on_seen, c);
	return r < 0 ? r : usb_watch_scan(c->watch);
}

bool contract_open(struct contract *c, const struct contract_options *options)
{
	int r;

	*c = (struct contract){.options = options, .control_fd = -EBADF};
	REQUIRE(open_control(c));
	r = sd_event_new(&c->event);
	if (r >= 0)
		r = open_host(c);
	if (r < 0)
		printf("no host: %s\n", strerror(-r));
	return r >= 0 && contract_expect(c, HEARD_ONLINE, 0);
}

void contract_close(struct contract *c)
{
	c->watch = usb_watch_free(c->watch);
	c->host = host_free(c->host);
	c->event = sd_event_unref(c->event);
	c->control_fd = close_fd(c->control_fd);
}
