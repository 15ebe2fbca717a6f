// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "daemon/store/db.h"
#include "daemon/store/erase.h"
#include "daemon/store/recover.h"
#include "daemon/store/schema.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"

#define LOCK_FILE "lock"
#define OPEN_BUSY_MS 5000 /* another program may be reading or copying the file at start */

static const char settings_sql[] = "PRAGMA synchronous = FULL;"
				   "PRAGMA foreign_keys = ON;"
				   "PRAGMA secure_delete = ON;"
				   "PRAGMA temp_store = MEMORY;"
				   "PRAGMA journal_size_limit = 16777216;";

/** enum verdict - on the file as it was found */
enum verdict {
	VERDICT_USABLE,
	VERDICT_DAMAGED,
	VERDICT_UNUSABLE, /* a note says why */
};

int recover_lock(const char *directory, int *ret_fd)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -EBADF;

	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (asprintf(&path, "%s/" LOCK_FILE, directory) < 0)
		return -ENOMEM;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int note_set(char **note, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a sentence to what is there already. */
static int note_set(char **note, const char *format, ...)
{
	_cleanup_free_ char *sentence = NULL;
	char *joined = NULL;
	va_list args;
	int r;

	va_start(args, format);
	r = vasprintf(&sentence, format, args);
	va_end(args);
	if (r < 0)
		return -ENOMEM;
	if (asprintf(&joined, "%s%s%s", *note ? *note : "", *note ? " " : "", sentence) < 0)
		return -ENOMEM;
	free(*note);
	*note = joined;
	return 0;
}

/* SQLite would make the file with the umask's mode, and its log and index with the file's. */
static int file_prepare(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	return fchmod(fd, 0600) < 0 ? -errno : 0;
}

static bool unclean(const char *path)
{
	_cleanup_free_ char *wal = NULL;

	/* Without memory to know: assume the worst. */
	return asprintf(&wal, "%s-wal", path) < 0 || access(wal, F_OK) == 0;
}

/* Return: 0 sound; -EUCLEAN damaged; errno of db.h */
static int check(sqlite3 *db)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	const char *answer;
	int r = db_prepare(db, &statement, "PRAGMA quick_check(1)");

	if (r < 0)
		return r;
	r = db_step(statement);
	if (r <= 0)
		return r ? r : -EUCLEAN;
	answer = db_column_text(statement, 0);
	return answer && !strcmp(answer, "ok") ? 0 : -EUCLEAN;
}

static bool is_ours(enum schema_state state)
{
	return state == SCHEMA_CURRENT || state == SCHEMA_OLDER;
}

static int enter_wal(sqlite3 *db)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	const char *mode;
	int r = db_prepare(db, &statement, "PRAGMA journal_mode = WAL");

	if (r < 0)
		return r;
	r = db_step(statement);
	if (r <= 0)
		return r ? r : -EIO;
	mode = db_column_text(statement, 0);
	return mode && !strcmp(mode, "wal") ? 0 : -EIO;
}

/* What an unclean end left in the log may have been erased since. */
static void empty_log(sqlite3 *db)
{
	int r = erase_empty_log(db, OPEN_BUSY_MS);

	if (r < 0)
		log_warning("the write-ahead log of before cannot be emptied (%s): what was erased "
			    "may still be in it until the next start",
			    strerror(-r));
}

/* Everything that can find damage. *@ret_state newer or foreign: nothing was changed. */
static int examine(sqlite3 *db, const struct key *key, bool was_unclean,
		   struct recover_alarms *alarms, enum schema_state *ret_state,
		   int64_t *ret_version)
{
	int r;

	sqlite3_busy_timeout(db, OPEN_BUSY_MS);
	r = db_exec(db, "PRAGMA trusted_schema = OFF");
	if (r >= 0)
		r = schema_judge(db, ret_state, ret_version);
	if (r < 0 || !is_ours(*ret_state))
		return r;
	if (was_unclean)
		r = check(db);
	if (r >= 0)
		r = enter_wal(db);
	if (r >= 0)
		r = db_exec(db, settings_sql);
	if (r >= 0 && *ret_state == SCHEMA_OLDER)
		r = schema_upgrade(db, *ret_version, key);
	if (r >= 0)
		r = recover_interrupted(db, key);
	if (r >= 0)
		r = recover_alarms(db, alarms);
	if (r >= 0 && was_unclean)
		empty_log(db);
	sqlite3_busy_timeout(db, 0); /* from here on the writer thread waits by itself */
	return r;
}

static int unusable(char **note, const char *path, int error)
{
	if (error == -ENOMEM)
		return error;
	if (error == -EBUSY)
		return note_set(note,
				"%s is locked by another program for more than %d s: end that "
				"program and restart; no pen can be armed until then.",
				path, OPEN_BUSY_MS / 1000);
	return note_set(note,
			"%s cannot be opened: %s; no pen can be armed until that is mended and the "
			"daemon restarted.",
			path, strerror(-error));
}

static int not_ours(char **note, const char *path, enum schema_state state, int64_t version)
{
	if (state == SCHEMA_NEWER)
		return note_set(note,
				"%s has schema version %" PRId64 ", this program knows up to %d: "
				"it was left untouched; install the newer program, or give another "
				"state directory.",
				path, version, SCHEMA_VERSION);
	return note_set(
		note,
		"%s is a database of another program: it was left untouched; move it away, or "
		"give another state directory.",
		path);
}

static int attempt(const char *path, const struct key *key, sqlite3 **ret_db,
		   struct recover_alarms *alarms, char **note, enum verdict *ret_verdict)
{
	_cleanup_(db_close_cleanup) sqlite3 *db = NULL;
	enum schema_state state = SCHEMA_CURRENT;
	bool was_unclean = unclean(path);
	int64_t version = 0;
	int r = file_prepare(path);

	*ret_verdict = VERDICT_UNUSABLE;
	if (r >= 0)
		r = db_open(&db, path, SQLITE_OPEN_READWRITE);
	if (r >= 0)
		r = examine(db, key, was_unclean, alarms, &state, &version);
	if (db && was_unclean && (r < 0 || !is_ours(state)))
		db_keep_wal(db);
	if (r == -EUCLEAN) {
		*ret_verdict = VERDICT_DAMAGED;
		return 0;
	}
	if (r < 0)
		return unusable(note, path, r);
	if (!is_ours(state))
		return not_ours(note, path, state, version);
	*ret_verdict = VERDICT_USABLE;
	*ret_db = TAKE_PTR(db);
	return 0;
}

/* The file and its log belong together: a new file must not find the old one's log. */
static int quarantine(const char *path, char **ret_name)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	_cleanup_free_ char *name = NULL;
	uint64_t now = wall_usec();
	time_t seconds = (time_t)(now / USEC_PER_SEC);
	struct tm tm;
	char stamp[32];

	if (!gmtime_r(&seconds, &tm) || !strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%S", &tm))
		return -EOVERFLOW;
	if (asprintf(&name, "%s.damaged-%s.%06lluZ", path, stamp, now % USEC_PER_SEC) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
		_cleanup_free_ char *from = NULL, *to = NULL;

		if (asprintf(&from, "%s%s", path, suffixes[i]) < 0 ||
		    asprintf(&to, "%s%s", name, suffixes[i]) < 0)
			return -ENOMEM;
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
	}
	*ret_name = TAKE_PTR(name);
	return 0;
}

int recover_open(const char *directory, const struct key *key, sqlite3 **ret_db,
		 struct recover_alarms *alarms, char **ret_note, bool *ret_quarantined)
{
	_cleanup_(db_close_cleanup) sqlite3 *db = NULL;
	_cleanup_free_ char *path = NULL, *name = NULL, *note = NULL;
	enum verdict verdict;
	bool quarantined = false;
	int r;

	if (asprintf(&path, "%s/" RECOVER_FILE, directory) < 0)
		return -ENOMEM;
	r = attempt(path, key, &db, alarms, &note, &verdict);
	if (r >= 0 && verdict == VERDICT_DAMAGED) {
		r = quarantine(path, &name);
		if (r < 0) {
			r = unusable(&note, path, r);
		} else {
			quarantined = true;
			r = note_set(&note,
				     "%s was damaged: it is kept as %s, and a new one begun.", path,
				     name);
			if (r >= 0)
				r = attempt(path, key, &db, alarms, &note, &verdict);
			if (r >= 0 && verdict == VERDICT_DAMAGED)
				r = unusable(&note, path, -EUCLEAN);
		}
	}
	if (r < 0)
		return r;
	*ret_db = TAKE_PTR(db);
	*ret_note = TAKE_PTR(note);
	*ret_quarantined = quarantined;
	return 0;
}
