# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # pedal_ns is for scenarios
# A foot pedal, marked as the administrator would, for a station that requires one. Sourced.

pedal_plug()
{
	modprobe -a uinput evdev
	mkdir -p /run/udev/rules.d
	printf '%s\n' 'SUBSYSTEM=="input", KERNELS=="input*", ATTRS{id/vendor}=="0911", ATTRS{id/product}=="1844", ENV{MNPEN_PEDAL}="1"' \
		>/run/udev/rules.d/71-vm-pedal.rules
	udevadm control --reload
	coproc pedal { exec /run/vm/bin/pedal; }
	wait_for 5 "the daemon has the pedal" pedal_is released
}

# pedal press|release: the moment at which it did so goes to pedal_ns
pedal()
{
	echo "$1" >&"${pedal[1]}"
	read -r -t 5 -u "${pedal[0]}" pedal_ns || fail "the pedal takes no $1"
}

pedal_unplug()
{
	local fd=${pedal[1]}
	exec {fd}>&-
}

pedal_is()
{
	[ "$(property Pedal)" = "\"$1\"" ]
}

pedal_node()
{
	local path
	for path in /sys/class/input/event*/device/name; do
		if [ "$(cat "$path")" = "VM foot pedal" ]; then
			path=${path%/device/name}
			echo "/dev/input/${path##*/}"
		fi
	done
}

# Foot first, then the hand.
pedal_runs()
{
	pedal press
	may_run
	run
}

station Pedal=required
systemctl restart mnpend.service || fail "restart"
pen_ready
pedal_plug
begin
