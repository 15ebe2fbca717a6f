# SPDX-License-Identifier: GPL-2.0-only
"""pyusb talks to the pen, in numbers of docs/protocol.md. Says "done" when all of it was right.
With the argument "die" it dies at work, with "look" it looks whether the pen is at rest."""
import errno
import os
import signal
import struct
import sys

import usb.core
import usb.util

GET_INFO, GET_STATUS, LEASE, SET_STREAM, GET_ERROR = 0x01, 0x02, 0x05, 0x08, 0x0B
BAD_STATE = 2
SET_FEATURE, SET_INTERFACE = 0x03, 0x0B
SAMPLES = 0x81
IDLE = 1


def ask(pen, request, size):
    answer = bytes(pen.ctrl_transfer(0xA1, request, 0, 0, size))
    assert len(answer) == size, (request, len(answer))
    return answer


def stream(pen, period_us):
    assert pen.ctrl_transfer(0x21, SET_STREAM, 0, 0, struct.pack("<I", period_us)) == 4


def fails(call, *numbers):
    try:
        call()
    except usb.core.USBError as error:
        assert error.errno in numbers, error
    else:
        raise AssertionError("was to fail with %s" % [errno.errorcode[n] for n in numbers])


def check_info(pen):
    info = struct.unpack("<10H3I16s2I8x", ask(pen, GET_INFO, 64))
    assert info[0] == 0x0100, info
    depth_min, depth_max, depth_step, tolerance = info[2:6]
    assert 0 < depth_min < depth_max and depth_max % depth_step == 0 and tolerance == 100, info
    assert info[6] < info[7] and info[8] < info[9], info
    assert info[13].rstrip(b"\0").isascii() and info[13][0] != 0, info


def read_samples(pen, count):
    last = None
    for _ in range(count):
        sample = bytes(pen.read(SAMPLES, 64, 2000))
        assert len(sample) == 48, len(sample)
        seq, state = struct.unpack_from("<I", sample)[0], sample[16]
        assert state == IDLE, state
        assert last is None or seq == last + 1, (last, seq)
        last = seq


def check_refusal(pen):
    lease = struct.pack("<QIIB7x", 1, 1, 0, 1)
    fails(lambda: pen.ctrl_transfer(0x21, LEASE, 0, 0, lease), errno.EPIPE)
    assert ask(pen, GET_ERROR, 8) == struct.pack("<BBHI", LEASE, BAD_STATE, 0, 1)


def check_halt(pen):
    stream(pen, 10000)
    pen.ctrl_transfer(0x02, SET_FEATURE, 0, SAMPLES)
    fails(lambda: pen.read(SAMPLES, 64, 2000), errno.EPIPE)
    assert bytes(pen.ctrl_transfer(0x82, 0, 0, SAMPLES, 2)) == b"\1\0"
    pen.clear_halt(SAMPLES)
    assert bytes(pen.ctrl_transfer(0x82, 0, 0, SAMPLES, 2)) == b"\0\0"
    read_samples(pen, 3)


def talk(pen):
    assert pen.product == "mnpen virtual pen" and pen.serial_number.startswith("VPEN"), pen
    check_info(pen)
    usb.util.claim_interface(pen, 0)
    # at rest nothing streams, and the endpoint is not even there
    fails(lambda: stream(pen, 10000), errno.EPIPE)
    fails(lambda: pen.read(SAMPLES, 64, 100), errno.EIO)
    pen.set_interface_altsetting(0, 1)
    check_refusal(pen)
    stream(pen, 10000)
    read_samples(pen, 20)
    # nothing to say is silence: the transfer is cancelled, and the next one works
    stream(pen, 0)
    fails(lambda: [pen.read(SAMPLES, 64, 100) for _ in range(100)], errno.ETIMEDOUT)
    stream(pen, 1000)
    read_samples(pen, 20)
    check_halt(pen)
    pen.set_interface_altsetting(0, 0)
    fails(lambda: pen.read(SAMPLES, 64, 100), errno.EIO)
    pen.set_interface_altsetting(0, 1)
    stream(pen, 1000)
    # an alternate setting that the pen does not have is refused, and ends the stream like any
    fails(lambda: pen.ctrl_transfer(0x01, SET_INTERFACE, 2, 0), errno.EPIPE)
    fails(lambda: [pen.read(SAMPLES, 64, 100) for _ in range(100)], errno.ETIMEDOUT)
    stream(pen, 1000)
    read_samples(pen, 3)
    pen.reset()
    fails(lambda: stream(pen, 10000), errno.EPIPE)
    assert ask(pen, GET_STATUS, 48)[16] == IDLE
    usb.util.dispose_resources(pen)
    print("done")


def die(pen):
    usb.util.claim_interface(pen, 0)
    pen.set_interface_altsetting(0, 1)
    stream(pen, 10000)
    read_samples(pen, 3)
    print("at work", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def look(pen):
    fails(lambda: stream(pen, 10000), errno.EPIPE)
    print("at rest")


if __name__ == "__main__":
    device = usb.core.find(idVendor=0x1209, idProduct=0x0001)
    assert device is not None, "no pen on the bus"
    {"die": die, "look": look}.get(sys.argv[1], talk)(device)
