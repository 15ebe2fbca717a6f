// SPDX-License-Identifier: GPL-2.0-only
/* The recorded host's numbers, and those that the live host uses in their place. */
#include "driver/base/cleanup.h"
#include "tests/gadget/replay/replay_parts.h"

void replay_pair(struct replay_pairs *pairs, uint64_t recorded, uint64_t live)
{
	pairs->pairs[pairs->n++ % REPLAY_PAIRS] = (struct replay_pair){recorded, live};
}

bool replay_live(const struct replay_pairs *pairs, uint64_t recorded, uint64_t *ret)
{
	unsigned int n = MIN(pairs->n, REPLAY_PAIRS);

	for (unsigned int i = 1; i <= n; i++) {
		const struct replay_pair *pair = &pairs->pairs[(pairs->n - i) % REPLAY_PAIRS];

		if (pair->recorded != recorded)
			continue;
		*ret = pair->live;
		return true;
	}
	return false;
}

bool replay_token_of_host(const struct recording *recording, uint64_t token)
{
	for (size_t i = 0; i < recording->n; i++) {
		const struct recorded *entry = &recording->entries[i];
		struct mnpen_claim claim;

		/* Each of these records begins with a token and is as long as a claim at least. */
		if ((recorded_is(entry, MNPEN_REQ_CLAIM_CARTRIDGE) ||
		     recorded_is(entry, MNPEN_REQ_ARM) ||
		     recorded_is(entry, MNPEN_REQ_SET_TARGET) ||
		     recorded_is(entry, MNPEN_REQ_LEASE)) &&
		    entry->len >= MNPEN_CLAIM_SIZE) {
			mnpen_claim_unpack(&claim, entry->data);
			if (claim.token == token)
				return true;
		}
	}
	return false;
}
