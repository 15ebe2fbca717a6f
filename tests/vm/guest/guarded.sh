# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For scenarios of the daemon behind the kernel guard.

# The module, if this machine could build it.
guard_on()
{
	if [ -e $vm/no-module ]; then
		cat $vm/no-module
		exit 77
	fi
	[ -e /sys/module/mnpen ] || insmod $vm/mnpen.ko || fail "insmod"
}

guard_off()
{
	[ ! -e /sys/module/mnpen ] || rmmod mnpen || fail "rmmod"
}

# The name of the interface that the guard takes, as bind and unbind want it.
interface()
{
	local path
	for path in /sys/bus/usb/devices/*:1.0; do
		if [ "$(cat "${path%:1.0}/serial" 2>/dev/null)" = $serial ]; then
			basename "$path"
			return
		fi
	done
}

transport_is() # WORD
{
	[ "$(property Transport)" = "\"$1\"" ]
}

over() # WORD
{
	wait_for 5 "the pen is had over $1, not $(property Transport)" transport_is "$1"
}

# From here on pens come by a cable between two ends of this machine (dummy_hcd), not by vhci-hcd.
by_cable()
{
	pen_ready() { gadgetfs_pen "$@"; }
	plug() { true; } # a pen on a cable is there as soon as it is plugged in
}
