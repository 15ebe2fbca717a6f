// SPDX-License-Identifier: GPL-2.0-only
/*
 * usbip://HOST:PORT/BUSID. No name is ever looked up: a resolver can block for seconds, and where
 * a pen is reached must not depend on one.
 */
#include "driver/host/usbip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define URL_SCHEME "usbip://"
#define URL_HOST_SIZE (INET6_ADDRSTRLEN + 2)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bus ids as usbip and udev write them: "1-1", "3-2.4". */
static bool busid_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
	       c == '.' || c == '_';
}

static int parse_port(const char *text, size_t len, uint16_t *ret)
{
	unsigned int port = 0;

	if (len < 1 || len > 5)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(text[i]))
			return -EINVAL;
		port = port * 10 + (unsigned int)(text[i] - '0');
	}
	if (port < 1 || port > UINT16_MAX)
		return -EINVAL;
	*ret = (uint16_t)port;
	return 0;
}

static int parse_v4(struct usbip_url *url, const char *host, uint16_t port)
{
	struct sockaddr_in *in = &url->address.in;

	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	url->address_len = sizeof(*in);
	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	return inet_pton(AF_INET, host, &in->sin_addr) == 1 ? 0 : -EINVAL;
}

static int parse_v6(struct usbip_url *url, const char *host, uint16_t port)
{
	struct sockaddr_in6 *in6 = &url->address.in6;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	url->address_len = sizeof(*in6);
	return inet_pton(AF_INET6, host, &in6->sin6_addr) == 1 ? 0 : -EINVAL;
}

/* "HOST", "HOST:PORT", "[V6]", "[V6]:PORT" in text[0..len) */
static int parse_authority(struct usbip_url *url, const char *text, size_t len)
{
	bool v6 = len > 0 && text[0] == '[';
	const char *host = v6 ? text + 1 : text;
	const char *host_end = memchr(text, v6 ? ']' : ':', len);
	const char *end = text + len;
	const char *rest;
	char buf[URL_HOST_SIZE];
	uint16_t port = USBIP_DEFAULT_PORT;

	if (!host_end) {
		if (v6)
			return -EINVAL;
		host_end = end;
	}
	rest = v6 ? host_end + 1 : host_end;
	if (rest < end && (*rest != ':' || parse_port(rest + 1, (size_t)(end - rest - 1), &port)))
		return -EINVAL;
	if ((size_t)(host_end - host) >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, host, (size_t)(host_end - host));
	buf[host_end - host] = '\0';
	return v6 ? parse_v6(url, buf, port) : parse_v4(url, buf, port);
}

int usbip_url_parse(struct usbip_url *ret, const char *text)
{
	struct usbip_url url = {0};
	const char *authority, *busid;
	size_t len;

	if (strlen(text) >= sizeof(url.text) || strncmp(text, URL_SCHEME, strlen(URL_SCHEME)) != 0)
		return -EINVAL;
	authority = text + strlen(URL_SCHEME);
	busid = strchr(authority, '/');
	if (!busid || parse_authority(&url, authority, (size_t)(busid - authority)))
		return -EINVAL;
	busid++;
	len = strlen(busid);
	if (len < 1 || len >= sizeof(url.busid))
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (!busid_char(busid[i]))
			return -EINVAL;
	memcpy(url.busid, busid, len + 1);
	memcpy(url.text, text, strlen(text) + 1);
	*ret = url;
	return 0;
}

bool usbip_url_is_loopback(const struct usbip_url *url)
{
	if (url->address.sa.sa_family == AF_INET)
		return ntohl(url->address.in.sin_addr.s_addr) >> 24 == 127;
	return url->address.sa.sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&url->address.in6.sin6_addr);
}
