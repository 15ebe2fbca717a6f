// SPDX-License-Identifier: GPL-2.0-only
/* Methods of the manager that change or judge profiles. */
#include <errno.h>
#include <string.h>

#include "daemon/bus/parts.h"

static int run_add(struct request *request, struct refusal *refusal)
{
	const char *name, *text;
	int r = sd_bus_message_read(request->message, "ss", &name, &text);

	if (r < 0)
		return r;
	return station_add_profile(request->bus->station, name, text, request->uid, request_done,
				   request, refusal);
}

int on_add_profile(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return request_start(userdata, m, API_ACTION_MANAGE_PROFILES, NULL, run_add);
}

static int run_remove(struct request *request, struct refusal *refusal)
{
	const char *name;
	int r = sd_bus_message_read(request->message, "s", &name);

	if (r < 0)
		return r;
	return station_remove_profile(request->bus->station, name, request->uid, request_done,
				      request, refusal);
}

int on_remove_profile(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return request_start(userdata, m, API_ACTION_MANAGE_PROFILES, NULL, run_remove);
}

/* Nobody is asked: reaching the bus is enough to have a text judged. */
static int append_errors(sd_bus_message *reply, const char *text)
{
	struct conf_report report = {0};
	int r = conf_check_profile("profile", text, strlen(text), &report);

	for (size_t i = 0; r >= 0 && i < report.n_lines; i++)
		r = append_text(reply, report.lines[i]);
	conf_report_free(&report);
	return r;
}

int on_check_profile(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *text;
	int r = sd_bus_message_read(m, "s", &text);

	if (r >= 0)
		r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "s");
	if (r >= 0)
		r = append_errors(reply, text);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}
