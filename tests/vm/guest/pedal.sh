# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # pedal_ns and pedal_node are for scenarios
# A foot pedal, marked as the administrator would, for a station that requires one. Sourced.

pedal_plug()
{
	modprobe -a uinput evdev
	mkdir -p /run/udev/rules.d
	echo 'SUBSYSTEM=="input", KERNELS=="input*", ATTRS{name}=="mnpen test pedal", ENV{MNPEN_PEDAL}="1"' \
		>/run/udev/rules.d/71-vm-pedal.rules
	udevadm control --reload
	coproc pedal { exec /run/vm/bin/pedal; }
	read -r -t 5 -u "${pedal[0]}" _ pedal_node || fail "the pedal's program is not ready"
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
