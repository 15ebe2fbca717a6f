// SPDX-License-Identifier: GPL-2.0-only
/* The table of identities. */
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/usb/identity.h"
#include "tests/gadget/usb/usbtest.h"

static const struct identity *const identities[] = {
	&identity_pen,
	&identity_usbtest,
	&identity_usbtest_mod63,
};

const struct identity *identity_find(const char *name)
{
	for (size_t i = 0; i < ELEMENTSOF(identities); i++)
		if (!strcmp(identities[i]->name, name))
			return identities[i];
	return NULL;
}

const char *identity_name(size_t number)
{
	return number < ELEMENTSOF(identities) ? identities[number]->name : NULL;
}
