// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/store/key.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/hex.h"
#include "driver/base/log.h"

#define NEW_NAME "station.new"
#define PUBLIC_HEX (2 * KEY_PUBLIC_SIZE)
#define PUBLIC_LINE_MAX 128

_Static_assert(KEY_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES, "Ed25519");
_Static_assert(KEY_SECRET_SIZE == crypto_sign_SECRETKEYBYTES, "Ed25519");
_Static_assert(KEY_SIGNATURE_SIZE == crypto_sign_BYTES, "Ed25519");

const char *key_state_name(enum key_state state)
{
	switch (state) {
	case KEY_FOUND:
		return "found";
	case KEY_MADE:
		return "made";
	case KEY_LOST:
		return "lost";
	case KEY_DAMAGED:
		return "damaged";
	}
	return "unknown";
}

static int write_all(int fd, const void *data, size_t size)
{
	const uint8_t *at = data;

	while (size) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Whole or not at all, whatever ends the daemon: a key that was signed with once must be there. */
static int replace_file(int dir, const char *name, const void *data, size_t size)
{
	_cleanup_close_ int fd =
		openat(dir, NEW_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, data, size);
	if (r >= 0 && (fchmod(fd, 0600) < 0 || fsync(fd) < 0))
		r = -errno;
	if (r >= 0 && renameat(dir, NEW_NAME, dir, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir, NEW_NAME, 0); /* the next attempt takes the name anyway */
	else if (fsync(dir) < 0)
		r = -errno;
	return r;
}

/* Return: 1 it is read; 0 there is none; -EBADMSG it is no key; errno. */
static int read_secret(int dir, struct key *key)
{
	_cleanup_close_ int fd = openat(dir, KEY_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint8_t bytes[KEY_SECRET_SIZE + 1], secret[KEY_SECRET_SIZE];
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? 0 : errno == ELOOP ? -EBADMSG : -errno;
	n = read(fd, bytes, sizeof(bytes));
	if (n < 0)
		return errno == EISDIR ? -EBADMSG : -errno;
	if (n != KEY_SECRET_SIZE)
		return -EBADMSG;
	/* The public half follows from the seed: that finds a flipped bit in either. */
	crypto_sign_seed_keypair(key->public_half, secret, bytes);
	if (sodium_memcmp(secret, bytes, sizeof(secret)) != 0)
		return -EBADMSG;
	memcpy(key->secret, secret, sizeof(key->secret));
	sodium_memzero(bytes, sizeof(bytes));
	sodium_memzero(secret, sizeof(secret));
	if (fstat(fd, &st) == 0 && (st.st_mode & 077)) {
		log_warning("%s could be read by others (mode %04o): it is closed to them now; who "
			    "has read it can forge records",
			    KEY_FILE, (unsigned int)st.st_mode & 07777);
		if (fchmod(fd, 0600) < 0)
			return -errno;
	}
	return 1;
}

static bool parse_line(const char *line, uint8_t public_half[KEY_PUBLIC_SIZE])
{
	size_t n = 0;

	return sodium_hex2bin(public_half, KEY_PUBLIC_SIZE, line, PUBLIC_HEX, NULL, &n, NULL) ==
		       0 &&
	       n == KEY_PUBLIC_SIZE;
}

/* The public halves that are on file; what is no line of that kind says nothing. Return: whether
 * there is such a file. */
static bool read_known(int dir, struct key *key)
{
	int fd = openat(dir, KEY_PUBLIC_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_fclose_ FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[PUBLIC_LINE_MAX];

	if (!file) {
		close_fd(fd);
		return false;
	}
	while (key->n_known < KEY_KNOWN_MAX - 1 && fgets(line, sizeof(line), file))
		if (strlen(line) >= PUBLIC_HEX && parse_line(line, key->known[key->n_known]))
			key->n_known++;
	return true;
}

bool key_knows(const struct key *key, const uint8_t public_half[KEY_PUBLIC_SIZE])
{
	for (size_t i = 0; i < key->n_known; i++)
		if (memcmp(key->known[i], public_half, KEY_PUBLIC_SIZE) == 0)
			return true;
	return false;
}

/* All known ones, the present one last: "HEX" a line. */
static int write_known(int dir, struct key *key)
{
	char text[KEY_KNOWN_MAX * (PUBLIC_HEX + 1) + 1];
	size_t used = 0;

	memcpy(key->known[key->n_known++], key->public_half, KEY_PUBLIC_SIZE);
	for (size_t i = 0; i < key->n_known; i++) {
		hex_encode(key->known[i], KEY_PUBLIC_SIZE, text + used);
		used += PUBLIC_HEX;
		text[used++] = '\n';
	}
	return replace_file(dir, KEY_PUBLIC_FILE, text, used);
}

static int put_aside(int dir)
{
	uint64_t now = wall_usec();
	char name[80];

	snprintf(name, sizeof(name), KEY_FILE ".damaged-%llu.%06lluZ", now / USEC_PER_SEC,
		 now % USEC_PER_SEC);
	if (renameat(dir, KEY_FILE, dir, name) < 0)
		return -errno;
	log_error("%s is no key: it is kept as %s, and a new one made; what the old one signed "
		  "can still be checked, with " KEY_PUBLIC_FILE,
		  KEY_FILE, name);
	return 0;
}

static int make(int dir, struct key *key)
{
	crypto_sign_keypair(key->public_half, key->secret);
	return replace_file(dir, KEY_FILE, key->secret, sizeof(key->secret));
}

int key_load(struct key *key, const char *directory)
{
	_cleanup_close_ int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool has_public;
	int r;

	*key = (struct key){0};
	if (dir < 0)
		return -errno;
	if (sodium_init() < 0)
		return -EIO;
	has_public = read_known(dir, key);
	r = read_secret(dir, key);
	if (r == -EBADMSG) {
		key->state = KEY_DAMAGED;
		r = put_aside(dir);
	} else if (r == 0) {
		key->state = has_public ? KEY_LOST : KEY_MADE;
	}
	if (r == 0)
		r = make(dir, key);
	if (r >= 0 && key->state == KEY_LOST)
		log_error("%s is gone: a new one was made; what the old one signed can still be "
			  "checked, with " KEY_PUBLIC_FILE,
			  KEY_FILE);
	if (r >= 0 && !key_knows(key, key->public_half))
		r = write_known(dir, key);
	if (r < 0)
		key_clear(key);
	return r < 0 ? r : 0;
}

void key_clear(struct key *key)
{
	sodium_memzero(key, sizeof(*key));
}

void key_sign(const struct key *key, const void *message, size_t size,
	      uint8_t signature[KEY_SIGNATURE_SIZE])
{
	crypto_sign_detached(signature, NULL, message, size, key->secret);
}

bool key_check(const uint8_t public_half[KEY_PUBLIC_SIZE], const void *message, size_t size,
	       const uint8_t signature[KEY_SIGNATURE_SIZE])
{
	return crypto_sign_verify_detached(signature, message, size, public_half) == 0;
}
