/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The station's key: an Ed25519 pair that signs where the chain stands. Who has the secret half can
 * write a record that verifies; nobody else can, whatever else they can write.
 *
 * Blocking; at start only. Afterwards nothing here changes, and every thread may read it.
 */
#ifndef MNPEN_STORE_KEY_H
#define MNPEN_STORE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_FILE "station.key" /* 64 bytes, mode 0600: the seed, then the public half */
#define KEY_PUBLIC_FILE                                                                            \
	"station.pub" /* a line for each key that there ever was, the last counts                  \
		       */
#define KEY_PUBLIC_SIZE 32
#define KEY_SECRET_SIZE 64
#define KEY_SIGNATURE_SIZE 64
#define KEY_KNOWN_MAX 64

/** enum key_state - how the key came to be there */
enum key_state {
	KEY_FOUND,
	KEY_MADE,    /* the first one */
	KEY_LOST,    /* there was one and it is gone: this is a new one */
	KEY_DAMAGED, /* there is one that cannot be used, put aside: this is a new one */
};

/** struct key - key_load(), key_clear() */
struct key {
	enum key_state state;
	uint8_t secret[KEY_SECRET_SIZE];
	uint8_t public_half[KEY_PUBLIC_SIZE];
	size_t n_known; /* public halves of this key and of earlier ones */
	uint8_t known[KEY_KNOWN_MAX][KEY_PUBLIC_SIZE];
};

/**
 * key_load() - read the pair, or make one: written beside its place, synced, renamed over it
 * Return: 0; -ENOMEM; an errno of open(2), write(2) or rename(2): there is no key to sign with.
 */
int key_load(struct key *key, const char *directory);
void key_clear(struct key *key);

/** key_state_name() - "found", "made", "lost", "damaged" */
const char *key_state_name(enum key_state state);

/** key_knows() - whether @public_half is, or was, this station's */
bool key_knows(const struct key *key, const uint8_t public_half[KEY_PUBLIC_SIZE]);

void key_sign(const struct key *key, const void *message, size_t size,
	      uint8_t signature[KEY_SIGNATURE_SIZE]);
bool key_check(const uint8_t public_half[KEY_PUBLIC_SIZE], const void *message, size_t size,
	       const uint8_t signature[KEY_SIGNATURE_SIZE]);

#endif
