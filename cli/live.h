/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live view: follows one pen until something ends it. It is what "monitor" and "arm" do; with
 * "arm" the pen is armed before the first line and disarmed after the last one, however it ends.
 */
#ifndef MNPEN_CLI_LIVE_H
#define MNPEN_CLI_LIVE_H

#include <systemd/sd-event.h>

#include "cli/live_view.h"
#include "cli/pens.h"

#define LIVE_EVENTS_MAX                                                                            \
	16 /* events that a JSON line carries; more in a tenth of a second are cut */

#define LIVE_PEAKS 10				       /* ticks: a second */
#define LIVE_PRIORITY_STOP SD_EVENT_PRIORITY_IMPORTANT /* of keys and signals */

/** enum live_end - why the view ended */
enum live_end {
	LIVE_RUNS,
	LIVE_QUIT,	  /* q, SIGINT, SIGTERM */
	LIVE_DISARMED,	  /* the pen that we armed is not armed any more */
	LIVE_REFUSED,	  /* Arm failed, which has been reported */
	LIVE_PEN_GONE,	  /* unplugged */
	LIVE_DAEMON_GONE, /* mnpend left the bus, or the bus us */
	LIVE_NO_DATA,	  /* the live data ended */
	LIVE_HANGUP,	  /* the terminal is gone */
	LIVE_NO_OUTPUT,	  /* stdout cannot be written */
	LIVE_BROKEN,	  /* out of memory or descriptors */
};

/** enum live_arming - how far the arming has come; NEVER for a monitor */
enum live_arming {
	LIVE_ARM_NEVER,
	LIVE_ARM_ASKED, /* Arm is on its way, perhaps waiting for a person */
	LIVE_ARM_DONE,
};

/** struct live - a running view; live.c's and live_bus.c's */
struct live {
	struct cli *cli;
	sd_event *event;
	const char *path; /* of the pen */
	const char *serial;
	char *session_path; /* "/" = none */
	struct live_view view;
	enum live_arming arming;
	enum live_end end;
	bool over;		/* @end is final: the loop ends */
	enum cli_exit code;	/* of LIVE_REFUSED */
	char disarm_reason[64]; /* the daemon's */
	char last_event[512];	/* the newest one that says why it stopped; "" = none */
	json_object *events;	/* array, since the last JSON line */
	uint64_t run_base_ms;	/* sample.run_ms when the session's RunMs was read */
	uint64_t run_polled_ms;
	uint64_t session_limit_ms;
	bool showing;  /* the view has begun */
	bool panel;    /* a panel is drawn, when the terminal is ours */
	bool drawing;  /* it is */
	bool drew;     /* it was, at least once */
	bool terminal; /* stdout is one */
	int telemetry_fd;
	sd_event_source *keys;
	sd_event_source *tick;
	unsigned int ticks;
	uint32_t peaks_um[LIVE_PEAKS]; /* deepest stroke of each of the last ticks */
};

/** live_run() - show @pen until the end; @arm: arm it first, disarm it at the end */
enum cli_exit live_run(struct cli *cli, const struct pen *pen, bool arm);

/* live.c */
void live_end(struct live *live, enum live_end end);

/* live_show.c */
/** live_show() - begin to show: ten times a second, and to take keys */
void live_show(struct live *live);
/** live_note() - something happened: a line, or an event of the panel */
void live_note(struct live *live, const char *text);
/** live_redraw() - all of it, now. @anew: another program may have changed the terminal */
void live_redraw(struct live *live, bool anew);
/** live_unshow() - stop showing and put the terminal back; waits for nothing */
void live_unshow(struct live *live);

/* live_take.c: what the daemon says, into the view */
void live_take_pen(struct live *live, const struct pen *pen);
void live_take_properties(struct live *live, json_object *properties);
void live_take_session(struct live *live, json_object *properties);
void live_take_manager(struct live *live, json_object *properties);

/* live_bus.c */
/** live_bus_watch() - subscribe to the pen, the daemon and the bus; before anything is armed */
enum cli_exit live_bus_watch(struct live *live);
enum cli_exit live_bus_telemetry(struct live *live);
enum cli_exit live_bus_arm(struct live *live);
void live_bus_stop(struct live *live);
void live_bus_poll_session(struct live *live);
/** live_bus_disarm() - wait until the pen is disarmed; Stop when Arm was not answered yet */
enum cli_exit live_bus_disarm(struct live *live);

#endif
