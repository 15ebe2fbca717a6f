# SPDX-License-Identifier: GPL-2.0-only
"""hidapi reads the pen's buttons. Argument: the pens' control socket. Says "done" at the end."""
import socket
import sys

import hid


def main():
    hand = socket.socket(socket.AF_UNIX)
    hand.connect(sys.argv[1])

    def do(command):
        hand.sendall(command.encode() + b"\n")
        assert b'"ok"' in hand.recv(4096), command

    found = hid.enumerate(0x1209, 0x0001)
    # the pen's own interface is none of HID's
    assert [f["interface_number"] for f in found] == [1], found
    assert found[0]["manufacturer_string"] == "mnpen", found
    assert found[0]["serial_number"].startswith("VPEN"), found
    pen = hid.device()
    pen.open_path(found[0]["path"])
    assert pen.get_product_string() == "mnpen virtual pen"
    do("trigger press")
    reports = {}
    while reports.get(1, [0, 0])[1] & 1 == 0:
        report = pen.read(8, 5000)
        assert report, "no report of the trigger"
        reports[report[0]] = report
    do("trigger release")
    while reports[1][1] & 1:
        report = pen.read(8, 5000)
        assert report, "no report of the release"
        reports[report[0]] = report
    do("dial -3")
    while reports[1][2] != 0x100 - 3:
        report = pen.read(8, 5000)
        assert report, "no report of the dial"
        reports[report[0]] = report
    # there are no feature reports
    try:
        answer = pen.get_feature_report(3, 8)
    except (IOError, ValueError):
        answer = []
    assert not answer, answer
    pen.close()
    print("done")


if __name__ == "__main__":
    main()
