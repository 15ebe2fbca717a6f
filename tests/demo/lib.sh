# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A station of its own below a temporary folder: a private bus, a virtual pen, mnpend. Sourced.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${MNPEN_BUILD:-$top/build}
dir=
children=()

# A child dies with this shell, however that ends.
child() {
	local log=$1
	shift
	setpriv --pdeathsig KILL "$@" </dev/null >"$dir/$log" 2>&1 &
	children+=($!)
}

give_up() {
	echo "$1; what was said:" >&2
	tail -n 20 "$dir"/*.log >&2
	exit 1
}

# waited WHAT TEST...: until TEST succeeds, for at most 5 s
waited() {
	local what=$1 i
	shift
	for ((i = 0; i < 100; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	give_up "$what did not come up"
}

pen() {
	"$build/mnpen-gadget" --tell "$dir/pen.sock" "$@"
}

has_pen() {
	"$build/mnpenctl" --json pens | grep -q '"serial"'
}

# station_start [OPTION OF mnpen-gadget...]
station_start() {
	local port
	dir=$(mktemp -d "${TMPDIR:-/tmp}/mnpen-demo.XXXXXX")
	mkdir -p "$dir/etc" "$dir/state"
	sed "s/@USER@/$(id -un)/" "$top/daemon/data/org.mnpen1.conf.in" >"$dir/org.mnpen1.conf"
	sed "s,@DIR@,$dir,g" "$top/tests/demo/bus.conf.in" >"$dir/bus.conf"
	# A machine that does other work at the same time is late now and then; the demo is about
	# depth, so it allows as much as a station may.
	printf '[Station]\nMaxSampleAge=200ms\n' >"$dir/etc/mnpend.conf"
	export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$dir/bus"
	export PATH="$build:$PATH"
	export MNPEN_AFTERCARE="$build/data/aftercare.conf"

	child bus.log dbus-daemon --config-file="$dir/bus.conf" --nofork --nopidfile
	child gadget.log "$build/mnpen-gadget" --listen 127.0.0.1:0 --control "$dir/pen.sock" "$@"
	waited "the bus" test -S "$dir/bus"
	waited "the virtual pen" grep -q '^listening on' "$dir/gadget.log"
	port=$(sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' "$dir/gadget.log")
	child mnpend.log "$build/mnpend" --config "$dir/etc/mnpend.conf" --state-dir "$dir/state" \
		--data-dir "$build/data" --pen "usbip://127.0.0.1:$port/1-1"
	waited "mnpend" has_pen
}

# The daemon first and politely: it stops the pen and closes the record.
station_stop() {
	local i
	for ((i = ${#children[@]} - 1; i >= 0; i--)); do
		kill -TERM "${children[i]}" 2>/dev/null
		wait "${children[i]}" 2>/dev/null
	done
	children=()
	[ -n "$dir" ] && rm -rf "$dir"
	dir=
}
