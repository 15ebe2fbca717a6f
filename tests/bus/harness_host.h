/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A USB/IP host of raw bytes over TCP, for what no sane host does: written by hand from the
 * kernel's document, and not through mnpen's own driver.
 */
#ifndef MNPEN_HARNESS_HOST_H
#define MNPEN_HARNESS_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_HEADER 48
#define HOST_DEVICE 312
#define HOST_OP 8
#define HOST_SUBMIT 1u
#define HOST_UNLINK 2u
#define HOST_RET_SUBMIT 3u
#define HOST_RET_UNLINK 4u

void host_put32(uint8_t *p, uint32_t value);
uint32_t host_get32(const uint8_t *p);

/** host_connect() - to 127.0.0.1:@port; reads and writes of it take 10 s at most */
int host_connect(const char *port);

void host_send(int fd, const void *data, size_t len);

/** host_read() - exactly @len bytes; fails the test when they do not come */
void host_read(int fd, void *data, size_t len);

/** host_await_end() - until the server has closed; whatever comes before is thrown away */
void host_await_end(int fd);

/** host_drop() - close with a reset, so that no port of this machine stays occupied */
void host_drop(int fd);

/** host_ask_import() - send the request for pen @number, from 1 */
void host_ask_import(int fd, unsigned int number);

/** host_import() - import pen @number on a new connection; *@ret_fd is it, if the status is 0 */
uint32_t host_import(const char *port, unsigned int number, int *ret_fd);

/** host_attach() - as before; a refusal fails the test */
int host_attach(const char *port, unsigned int number);

/** host_ask_status() - GET_STATUS, 48 bytes of it */
void host_ask_status(int fd, unsigned int number, uint32_t seqnum, uint8_t sample[48]);

/** host_make_submit() - a CMD_SUBMIT to pen @number; @setup: 8 bytes or NULL */
void host_make_submit(uint8_t buf[HOST_HEADER], unsigned int number, uint32_t seqnum, bool in,
		      uint32_t endpoint, uint32_t length, const uint8_t *setup);

/** host_control_in() - a control request with an answer of at most @len bytes at @data
 * Return: its length, or the negative status */
int host_control_in(int fd, unsigned int number, uint32_t seqnum, const uint8_t setup[8],
		    uint8_t *data, size_t len);

/** host_control_out() - one without data; its status */
int host_control_out(int fd, unsigned int number, uint32_t seqnum, const uint8_t setup[8]);

/** host_count_fds() - open descriptors of a process; host_rss_kb() - its resident memory */
unsigned int host_count_fds(int pid);
unsigned long host_rss_kb(int pid);

/** host_await_fds() - until the process has no more than @count descriptors */
void host_await_fds(int pid, unsigned int count);

#endif
