// SPDX-License-Identifier: GPL-2.0-only
/* Commands of the cable between pen and host. */
#include <errno.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/gadget/control/command.h"

static int run_unplug(struct command_context *context, int argc, char **argv)
{
	server_unplug(command_port(context));
	return 0;
}

static int run_replug(struct command_context *context, int argc, char **argv)
{
	return server_replug(command_port(context));
}

static int run_suspend(struct command_context *context, int argc, char **argv)
{
	usb_bus(command_port(context)->usb, USB_BUS_SUSPEND);
	return 0;
}

static int run_reset(struct command_context *context, int argc, char **argv)
{
	usb_bus(command_port(context)->usb, USB_BUS_RESET);
	return 0;
}

/* The cable carries the data only: a pen on its battery keeps its state without it. */
static int run_power_cycle(struct command_context *context, int argc, char **argv)
{
	struct port *port = command_port(context);

	server_unplug(port);
	pen_power_cycle(port->pen, now_monotonic_ns());
	return server_replug(port);
}

static int fail_no_network(struct command_context *context)
{
	return command_fail(context, "a pen behind GadgetFS has no network");
}

static int run_silence(struct command_context *context, int argc, char **argv)
{
	bool on;

	if (context->gadget->cabled)
		return fail_no_network(context);
	if (command_switch(context, argv[0], &on) < 0)
		return -EINVAL;
	server_silence(context->gadget->server, on);
	return 0;
}

/* A server that does not hand the device over, in every way that USB/IP has. */
static int run_refuse(struct command_context *context, int argc, char **argv)
{
	static const struct {
		const char *name;
		enum usbip_op_status status;
	} names[] = {
		{"off", USBIP_OK},
		{"error", USBIP_ERROR},
		{"busy", USBIP_BUSY},
		{"device-error", USBIP_DEVICE_ERROR},
		{"not-found", USBIP_NO_DEVICE},
	};

	if (context->gadget->cabled)
		return fail_no_network(context);
	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		if (!strcmp(argv[0], names[i].name)) {
			command_port(context)->refuse = names[i].status;
			return 0;
		}
	}
	return command_fail(context, "\"%.40s\" is no way to refuse an import", argv[0]);
}

const struct command commands_cable[] = {
	{"unplug", 0, 0, "", "pulls the cable: the host's connection closes", run_unplug, true},
	{"replug", 0, 0, "", "puts the cable back; the pen kept its power meanwhile", run_replug,
	 true},
	{"suspend", 0, 0, "", "the bus suspends", run_suspend, true},
	{"reset", 0, 0, "", "a bus reset", run_reset, true},
	{"power-cycle", 0, 0, "", "the pen is off and on again, plugged in", run_power_cycle,
	 false},
	{"silence", 1, 1, "on|off", "the network of all pens goes quiet without a FIN", run_silence,
	 true},
	{"refuse", 1, 1, "error|busy|device-error|not-found|off",
	 "what hosts are told that import the pen", run_refuse, true},
	{0},
};
