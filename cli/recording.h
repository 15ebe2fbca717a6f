/* SPDX-License-Identifier: GPL-2.0-only */
/* A recording under way: blocks from mnpend into a file, until something ends it. */
#ifndef MNPEN_CLI_RECORDING_H
#define MNPEN_CLI_RECORDING_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "cli/capture.h"
#include "cli/capture_file.h"

enum record_end {
	RECORD_RUNS,
	RECORD_QUIT,	  /* q, a signal, or the time is over */
	RECORD_ENDED,	  /* the daemon hung up: the pen is gone, or the daemon is */
	RECORD_UNWRITTEN, /* @error of the file */
	RECORD_BROKEN,	  /* @error of anything else */
};

/** struct recording - zero-initialise but for capture_fd */
struct recording {
	int capture_fd;		  /* of mnpend; -EBADF = not open yet */
	struct capture_file file; /* opened by the caller */
	sd_event *event;
	sd_event_source *source; /* of capture_fd */
	struct capture_counts counts;
	enum record_end end;
	int error;
	int cut_error; /* see capture_file_close() */
};

/** recording_prepare() - what comes from now on ends it: q, signals, @seconds (0 = never)
 * Return: 0; negative errno. */
int recording_prepare(struct recording *recording, uint64_t seconds);

/** recording_run() - until its end, with the file closed; sets end and the errors */
void recording_run(struct recording *recording);

/** recording_free() - what is left of it, the file included */
void recording_free(struct recording *recording);

#endif
