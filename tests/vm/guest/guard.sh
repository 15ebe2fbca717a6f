# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For scenarios of the kernel guard alone, in which no daemon runs.

# The module, and an empty socket.
guard_load()
{
	if [ -e $vm/no-module ]; then
		cat $vm/no-module
		exit 77
	fi
	systemctl mask --runtime --now mnpend.service >/dev/null 2>&1
	unplug_all
	# anew: ceilings and counters belong to a pen, and minors to the module
	[ ! -e /sys/module/mnpen ] || wait_for 5 "the module is unloaded" rmmod mnpen
	insmod $vm/mnpen.ko || fail "insmod"
}

guard_node()
{
	node=/dev/mnpen0
	[ -c $node ] && [ -e /sys/class/mnpen/mnpen0/guard_stops ]
}

# A pen with its node in $node.
guard_pen() # [GADGET OPTION...]
{
	guard_load
	gadget pen --control $socket --serial $serial "$@"
	plug
	wait_for 5 "the pen has a node" guard_node
}

guard_shows() # FILE
{
	cat "/sys/class/mnpen/${node##*/}/$1"
}

# A process that owns the pen (tests/vm/guard.c): $owner, and what it is asked by.
own()
{
	rm -f /run/own.to /run/own.from
	mkfifo /run/own.to /run/own.from
	$vm/bin/guard $node </run/own.to >/run/own.from 2>/run/own.log &
	owner=$!
	helpers=($owner)
	exec {to_owner}>/run/own.to {from_owner}</run/own.from
	read -r -t 5 said <&$from_owner || fail "the owner does not start"
	equal "the owner" "$said" open
}

# ask COMMAND...: the answer into $said
ask()
{
	echo "$*" >&$to_owner
	read -r -t 10 said <&$from_owner || fail "owner: no answer to $*"
}

# must COMMAND...: it succeeds
must()
{
	ask "$@"
	equal "the answer to $*" "$said" 0
}

# It closes the pen, or is dead already.
disown()
{
	exec {to_owner}>&- {from_owner}<&-
	wait "$owner" 2>/dev/null
	helpers=()
}

# A pen that runs in a hand.
guard_runs() # as far as run() of lib.sh
{
	must start 500 5000
	run
}
