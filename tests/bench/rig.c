// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bench/rig.h"

#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>

#include "driver/base/cleanup.h"
#include "driver/proto/proto.h"
#include "tests/bench/bench.h"

#define START_MS 5000
#define DBUS_NAME "org.freedesktop.DBus"

/* ---- the rig ---- */

static void *rig_state;

static void clear_away(void)
{
	(void)rig_teardown(&rig_state);
}

struct rig *bench_rig(void)
{
	atexit(clear_away);
	return rig_start(&rig_state, NULL);
}

/* ---- the bare service ---- */

struct bare {
	const char *address;
	int fd; /* where to send, or -EBADF */
	uint16_t port;
	uint32_t depth_um;
};

static int on_stop(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	static const uint8_t bytes[MNPEN_SAMPLE_SIZE];
	struct bare *bare = userdata;

	if (bare->fd >= 0)
		bench_send_all(bare->fd, bytes, sizeof(bytes));
	return sd_bus_reply_method_return(call, "");
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY(BARE_PROPERTY, "u", NULL, offsetof(struct bare, depth_um), 0),
	SD_BUS_METHOD(BARE_METHOD, "", "", on_stop, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static sd_bus *connect_bus(const char *address)
{
	sd_bus *bus;

	bench_check(sd_bus_new(&bus), "sd_bus_new");
	bench_check(sd_bus_set_address(bus, address), "sd_bus_set_address");
	bench_check(sd_bus_set_bus_client(bus, 1), "sd_bus_set_bus_client");
	bench_check(sd_bus_start(bus), "sd_bus_start");
	return bus;
}

static void serve(void *userdata)
{
	struct bare *bare = userdata;
	sd_bus *bus = connect_bus(bare->address);

	bare->fd = bare->port ? bench_connect(bare->port) : -EBADF;
	bench_check(sd_bus_add_object_vtable(bus, NULL, BARE_PATH, BARE_INTERFACE, vtable, bare),
		    "sd_bus_add_object_vtable");
	bench_check(sd_bus_request_name(bus, BARE_NAME, 0), "sd_bus_request_name");
	for (;;)
		if (bench_check(sd_bus_process(bus, NULL), "sd_bus_process") == 0)
			bench_check(sd_bus_wait(bus, UINT64_MAX), "sd_bus_wait");
}

/* The rig's bus lets nobody in whom no policy names. */
static void let_in(struct rig *rig)
{
	rig_write(rig, "bus.d/" BARE_NAME ".conf",
		  "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration "
		  "1.0//EN\"\n"
		  " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
		  "<busconfig><policy context=\"default\">\n"
		  "<allow own=\"" BARE_NAME "\"/>\n"
		  "<allow send_destination=\"" BARE_NAME "\"/>\n"
		  "</policy></busconfig>\n");
	bench_check(sd_bus_call_method(rig->client->bus, DBUS_NAME, "/org/freedesktop/DBus",
				       DBUS_NAME, "ReloadConfig", NULL, NULL, ""),
		    "ReloadConfig");
}

pid_t bare_service(struct rig *rig, uint16_t port)
{
	struct bare bare = {.address = rig->bus_address, .port = port};
	uint32_t value;
	pid_t pid;
	int r;

	let_in(rig);
	pid = bench_fork(serve, &bare);
	for (int waited = 0;; waited++) {
		r = sd_bus_get_property_trivial(rig->client->bus, BARE_NAME, BARE_PATH,
						BARE_INTERFACE, BARE_PROPERTY, NULL, 'u', &value);
		if (r >= 0)
			return pid;
		if (waited == START_MS)
			bench_die("the bare service did not come up", r);
		sleep_ms(1);
	}
}
