# SPDX-License-Identifier: GPL-2.0-only
"""Many transfers in flight at a time, through python3-libusb1: their order, their cancellation,
and a pen that is pulled out from under them and comes back. Argument: the pens' control socket.
Says "done" at the end, after how many transfers came a second."""
import socket
import struct
import sys
import time

import usb1

IN_FLIGHT = 8
SAMPLES = 0x81
ENOUGH = 300
PATIENCE_S = 20


class Flights:
    def __init__(self, context, handle):
        self.context = context
        self.ends = []
        self.seqs = []
        self.flying = 0
        self.again = True
        self.transfers = []
        for _ in range(IN_FLIGHT):
            transfer = handle.getTransfer()
            transfer.setInterrupt(SAMPLES, 64, callback=self.landed)
            self.transfers.append(transfer)

    def start(self):
        self.ends = []
        self.again = True
        for transfer in self.transfers:
            transfer.submit()
            self.flying += 1

    def landed(self, transfer):
        status = transfer.getStatus()
        self.ends.append(status)
        if status == usb1.TRANSFER_COMPLETED:
            assert transfer.getActualLength() == 48
            self.seqs.append(struct.unpack_from("<I", transfer.getBuffer())[0])
            if self.again:
                transfer.submit()
                return
        self.flying -= 1

    def run_until(self, condition):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, (self.ends, self.flying)
            self.context.handleEventsTimeout(0.1)


def stream(handle, period_us):
    assert handle.controlWrite(0x21, 0x08, 0, 0, struct.pack("<I", period_us)) == 4


def check_order(flights, handle):
    flights.start()
    stream(handle, 1000)
    begin = time.monotonic()
    flights.run_until(lambda: len(flights.seqs) >= ENOUGH)
    seconds = time.monotonic() - begin
    seqs = flights.seqs[:]
    assert all(b > a for a, b in zip(seqs, seqs[1:])), seqs
    print("%.0f transfers/s" % (len(seqs) / seconds))


def check_cancel(flights, handle):
    stream(handle, 0)
    # the pen keeps samples for a host that is late: until it has no more
    seen = -1
    while seen != len(flights.seqs):
        seen = len(flights.seqs)
        end = time.monotonic() + 0.3
        flights.run_until(lambda: time.monotonic() > end)
    assert flights.flying == IN_FLIGHT
    flights.ends = []
    for transfer in flights.transfers:
        transfer.cancel()
    flights.run_until(lambda: flights.flying == 0)
    assert flights.ends == [usb1.TRANSFER_CANCELLED] * IN_FLIGHT, flights.ends


def check_unplug(flights, handle, do):
    flights.start()
    do("unplug")
    flights.run_until(lambda: flights.flying == 0)
    assert set(flights.ends) == {usb1.TRANSFER_NO_DEVICE}, flights.ends
    assert len(flights.ends) == IN_FLIGHT
    try:
        stream(handle, 1000)
    except usb1.USBError as error:
        assert error.value == usb1.ERROR_NO_DEVICE, error
    else:
        raise AssertionError("an unplugged pen has answered")


def main():
    hand = socket.socket(socket.AF_UNIX)
    hand.connect(sys.argv[1])

    def do(command):
        hand.sendall(command.encode() + b"\n")
        assert b'"ok"' in hand.recv(4096), command

    with usb1.USBContext() as context:
        handle = context.openByVendorIDAndProductID(0x1209, 0x0001)
        address = handle.getDevice().getDeviceAddress()
        handle.claimInterface(0)
        other = context.openByVendorIDAndProductID(0x1209, 0x0001)
        try:
            other.claimInterface(0)
        except usb1.USBErrorBusy:
            pass
        else:
            raise AssertionError("an interface was claimed twice")
        other.close()
        handle.setInterfaceAltSetting(0, 1)
        flights = Flights(context, handle)
        check_order(flights, handle)
        check_cancel(flights, handle)
        check_unplug(flights, handle, do)
        handle.close()
        do("replug")
        end = time.monotonic() + PATIENCE_S
        again = None
        while again is None:
            assert time.monotonic() < end, "the pen has not come back"
            context.handleEventsTimeout(0.1)
            again = context.openByVendorIDAndProductID(0x1209, 0x0001)
        assert again.getDevice().getDeviceAddress() != address
        assert len(again.controlRead(0xA1, 0x01, 0, 0, 64)) == 64
        again.close()
    print("done")


if __name__ == "__main__":
    main()
