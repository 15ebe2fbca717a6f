/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The D-Bus names that daemon and clients share. The interfaces themselves are described by the
 * XML files beside this one, which are the source of truth for methods and properties.
 */
#ifndef MNPEN_API_NAMES_H
#define MNPEN_API_NAMES_H

#define API_BUS_NAME "org.mnpen1"
#define API_ROOT "/org/mnpen1"
#define API_PENS API_ROOT "/pens"
#define API_PROFILES API_ROOT "/profiles"
#define API_SESSIONS API_ROOT "/sessions"

#define API_MANAGER "org.mnpen1.Manager"
#define API_PEN "org.mnpen1.Pen"
#define API_PROFILE "org.mnpen1.Profile"
#define API_SESSION "org.mnpen1.Session"

#define API_ERROR(name) "org.mnpen1.Error." name

#define API_ACTION_OPERATE "org.mnpen1.operate"
#define API_ACTION_READ_RECORDS "org.mnpen1.read-records"
#define API_ACTION_MANAGE_PROFILES "org.mnpen1.manage-profiles"
#define API_ACTION_ERASE "org.mnpen1.erase"

#endif
