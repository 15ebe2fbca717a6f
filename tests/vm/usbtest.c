// SPDX-License-Identifier: GPL-2.0-only
/*
 * usbtest NODE ITERATIONS: runs all cases of the kernel's driver usbtest that are not isochronous
 * on the device of a usbfs node, and prints a line for each. The kernel's own tools/usb/testusb.c
 * does the same, but no Debian package has it built.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <linux/usbdevice_fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CASES 30
#define LENGTH 1024
#define VARY 512
#define ENTRIES 8

/* As drivers/usb/misc/usbtest.c has it. */
struct usbtest_param {
	__u32 test_num;
	__u32 iterations;
	__u32 length;
	__u32 vary;
	__u32 entries; /* of a scatter list, or URBs in a queue */
	__s64 duration_sec;
	__s64 duration_usec;
};

#define USBTEST_REQUEST _IOWR('U', 100, struct usbtest_param)

static bool is_isochronous(unsigned int number)
{
	return number == 15 || number == 16 || number == 22 || number == 23;
}

static bool run_case(int fd, unsigned int number, unsigned int iterations)
{
	struct usbtest_param param = {
		.test_num = number,
		.iterations = iterations,
		.length = LENGTH,
		.vary = VARY,
		.entries = ENTRIES,
	};
	struct usbdevfs_ioctl wrapper = {
		.ifno = 0,
		.ioctl_code = (int)USBTEST_REQUEST,
		.data = &param,
	};

	if (ioctl(fd, USBDEVFS_IOCTL, &wrapper) < 0) {
		printf("case %u: %s\n", number, strerror(errno));
		return false;
	}
	printf("case %u: passed in %lld.%06lld s\n", number, (long long)param.duration_sec,
	       (long long)param.duration_usec);
	return true;
}

int main(int argc, char **argv)
{
	unsigned int passed = 0, ran = 0;
	int iterations = argc == 3 ? atoi(argv[2]) : 0;
	int fd;

	if (iterations <= 0) {
		fputs("Usage: usbtest NODE ITERATIONS\n", stderr);
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	for (unsigned int number = 0; number < CASES; number++) {
		if (is_isochronous(number))
			continue;
		ran++;
		passed += run_case(fd, number, (unsigned int)iterations);
		fflush(stdout);
	}
	close(fd);
	printf("%u of %u\n", passed, ran);
	return passed == ran ? 0 : 1;
}
