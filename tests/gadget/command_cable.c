// SPDX-License-Identifier: GPL-2.0-only
/* Commands of the cable between pen and host. */
#include <errno.h>

#include "driver/base/clock.h"
#include "tests/gadget/command.h"

static int run_unplug(struct command_context *context, int argc, char **argv)
{
	server_unplug(command_port(context));
	return 0;
}

static int run_replug(struct command_context *context, int argc, char **argv)
{
	server_replug(command_port(context));
	return 0;
}

static int run_suspend(struct command_context *context, int argc, char **argv)
{
	usb_bus(&command_port(context)->pen.usb, USB_BUS_SUSPEND);
	return 0;
}

static int run_reset(struct command_context *context, int argc, char **argv)
{
	usb_bus(&command_port(context)->pen.usb, USB_BUS_RESET);
	return 0;
}

/* The cable carries the data only: a pen on its battery keeps its state without it. */
static int run_power_cycle(struct command_context *context, int argc, char **argv)
{
	struct port *port = command_port(context);

	server_unplug(port);
	pen_power_cycle(&port->pen, now_monotonic_ns());
	server_replug(port);
	return 0;
}

static int run_silence(struct command_context *context, int argc, char **argv)
{
	bool on;

	if (command_switch(context, argv[0], &on) < 0)
		return -EINVAL;
	server_silence(context->gadget->server, on);
	return 0;
}

const struct command commands_cable[] = {
	{"unplug", 0, 0, "", run_unplug},
	{"replug", 0, 0, "", run_replug},
	{"suspend", 0, 0, "", run_suspend},
	{"reset", 0, 0, "", run_reset},
	{"power-cycle", 0, 0, "", run_power_cycle},
	{"silence", 1, 1, "on|off", run_silence},
	{0},
};
