# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2120 # used, and given arguments, by scenarios
#
# What scenarios are written with. A scenario is a bash script that ends at its first "fail". Times
# are nanoseconds of CLOCK_MONOTONIC, which the virtual pen's are too: daemon, pen and scenario run
# on one machine, and what is asserted is when the pen did what.

vm=/run/vm
serial=VPEN0001
socket=/run/pen.sock
gadgetfs=/run/gadgetfs
step="the start"
exec {nap_fd}<> <(:)
declare -A S=() gadgets=()
helpers=() # processes that end with the scenario, whatever they are doing

say()
{
	step=$*
	echo "- $*"
}

fail()
{
	echo "FAILED: $*"
	exit 1
}

# check TEXT TEST...: TEST has to succeed
check()
{
	local text=$1
	shift
	"$@" || fail "$text: $*"
}

# equal WHAT FOUND WANTED
equal()
{
	[ "$2" = "$3" ] || fail "$1 is \"$2\" and not \"$3\""
}

# Without a process of its own: those are dear in an emulated machine.
nap() # SECONDS
{
	read -r -t "$1" -u "$nap_fd" || true
}

# /proc/uptime has hundredths, so this is up to 10 ms early: no time measured from it is too short.
now_ns()
{
	local up
	read -r up _ </proc/uptime
	echo $((${up/./} * 10000000))
}

# wait_for SECONDS WHAT TEST... A look is a process, which is dear; what the guest sleeps costs nothing.
wait_for()
{
	local seconds=$1 what=$2 end
	shift 2
	end=$(($(now_ns) + seconds * 1000000000))
	until "$@" >/dev/null 2>&1; do
		[ "$(now_ns)" -lt $end ] || fail "$what: not after $seconds s"
		nap 0.25
	done
}

# --- the virtual pen ---

# gadget NAME [OPTION...]: a process with virtual pens; its control socket is /run/NAME.sock
gadget()
{
	local name=$1
	shift
	mnpen-gadget "$@" >"/run/$name.log" 2>&1 &
	gadgets[$name]=$!
	wait_for 5 "the gadget $name" grep -qE '^(listening on|plugged into)' "/run/$name.log"
}

pen()
{
	local reply
	reply=$(mnpen-gadget --tell $socket "$@") || fail "pen $*: $reply"
}

# Members of flat JSON into S, "key" as ${S[key]}; lists with commas. Without jq, which takes longer to
# start in an emulated machine than all that is waited for.
members() # JSON
{
	local rest=${1#*\{}
	local member='^[, ]*"([a-z_0-9]+)": *("([^"]*)"|\[([^]]*)\]|([^,}]*))'
	while [[ $rest =~ $member ]]; do
		S[${BASH_REMATCH[1]}]=${BASH_REMATCH[3]}${BASH_REMATCH[4]//\"/}${BASH_REMATCH[5]}
		rest=${rest:${#BASH_REMATCH[0]}}
	done
}

# The pen's truth into S: ${S[state]}, ${S[motor_off_ns]}, ...
look()
{
	members "$(mnpen-gadget --tell $socket state)"
}

# The value of the first member of that name, a string or a number.
member() # NAME JSON
{
	local rest=${2#*\""$1"\":}
	[ "$rest" != "$2" ] || fail "no \"$1\" in $2"
	[[ $rest =~ ^\ *\"?([^\",}]*) ]]
	echo "${BASH_REMATCH[1]}"
}

pen_is() # KEY VALUE
{
	look
	[ "${S[$1]}" = "$2" ]
}

await_pen() # KEY VALUE SECONDS
{
	wait_for "$3" "the pen's $1 is ${S[$1]:-not known}, and $2" pen_is "$1" "$2"
}

# off_within MS SINCE_NS WHY: the drive was on at SINCE and went off at most MS later
off_within()
{
	local took
	await_pen motor false 5
	if [ "${S[motor_on_ns]}" -ge "$2" ]; then
		fail "$3: the drive went on after it"
	fi
	took=$(((S[motor_off_ns] - $2) / 1000))
	if [ $took -lt 0 ]; then
		fail "$3: the drive was off before it, by $((-took)) us"
	fi
	echo "  $3: drive off after $took us (reason ${S[stop_reason]}, last command ${S[last_command]})"
	[ $took -le $(($1 * 1000)) ] || fail "$3: that is more than $1 ms"
}

# --- cable ---

plug() # [BUSID [PORT]]
{
	usbip --tcp-port "${2:-3240}" attach -r 127.0.0.1 -b "${1:-1-1}" || fail "usbip attach"
}

# Ports that are in use. "usbip port" would read the names of all devices in the world first.
ports()
{
	local hub port state rest
	while read -r hub port state rest; do
		[ "$state" != 006 ] || echo "$port"
	done </sys/devices/platform/vhci_hcd.0/status
}

unplug_all()
{
	local port
	for port in $(ports); do
		usbip detach -p "$port" >/dev/null 2>&1
	done
}

# listen: from now on the daemon's signals are lines at $told_fd. To wait for one, nothing has to start.
listen()
{
	exec {told_fd}< <(exec gdbus monitor --system --dest org.mnpen1 --object-path /org/mnpen1)
	listen_pid=$!
	read -r -t 10 -u "$told_fd" _ || fail "gdbus does not start"
}

await_told() # SIGNAL, with the pen in it
{
	local line
	while read -r -t 10 -u "$told_fd" line; do
		[[ $line != *$1*"/org/mnpen1/pens/$serial'"* ]] || return 0
	done
	fail "the daemon has not told of $1"
}

# The address BUS/DEVICE of the first pen, or nothing.
address()
{
	lsusb -d 1209:0001 | sed -n '1s,^Bus \([0-9]*\) Device \([0-9]*\):.*,\1/\2,p'
}

# --- the station ---

ctl()
{
	mnpenctl --no-pager "$@"
}

station() # LINE...: the whole of [Station], beside what an emulated machine needs
{
	mkdir -p /etc/mnpen/mnpend.conf.d
	printf '%s\n' '[Station]' MaxSampleAge=200ms StreamPeriod=4ms "$@" >/etc/mnpen/mnpend.conf.d/vm.conf
}

daemon_pid()
{
	systemctl show -P MainPID mnpend.service
}

start_daemon()
{
	systemctl start mnpend.service || fail "mnpend.service does not start"
}

# pens_are SERIAL...: these, in any order, are the daemon's
pens_are()
{
	local found one
	found=$(ctl --json pens) || return
	for one in "$@"; do
		[[ $found == *\"serial\":\"$one\"* ]] || return
		found=${found/\"serial\":\"$one\"/}
	done
	[[ $found == *'"pens":'* && $found != *'"serial":'* ]]
}

# What a scenario before this one left of the kernel guard.
forget_guard()
{
	[ ! -e /run/systemd/system/mnpend.service ] || systemctl unmask --runtime mnpend.service
	[ ! -e /sys/module/mnpen ] || wait_for 5 "the module is unloaded" rmmod mnpen
}

start_over()
{
	systemctl stop mnpend.service
	unplug_all
	forget_guard
	rm -rf /var/lib/mnpen/* /etc/mnpen/mnpend.conf.d
	station
	systemctl reset-failed mnpend.service 2>/dev/null
	start_daemon
}

clean_up()
{
	[ -z "${listen_pid:-}" ] || kill "$listen_pid" 2>/dev/null
	[ -z "${arm_pid:-}" ] || kill "$arm_pid" 2>/dev/null
	unplug_all
	[ ${#gadgets[@]} -eq 0 ] || kill "${gadgets[@]}" 2>/dev/null
	[ ${#helpers[@]} -eq 0 ] || kill -KILL "${helpers[@]}" 2>/dev/null
	[ -z "${pedal_PID:-}" ] || kill "$pedal_PID" 2>/dev/null
	wait
}

tell_state()
{
	echo "--- pens as they are"
	mnpen-gadget --tell $socket state
	mnpen-gadget --tell $socket log 20
	echo "--- pens as the daemon has them"
	timeout 5 mnpenctl --no-pager status
	lsusb
	echo "--- arm said"
	uniq /run/arm.log | tail -n 20
} 2>/dev/null

dmesg_since()
{
	journalctl --quiet --no-pager --output=cat --dmesg ${cursor:+--after-cursor="$cursor"}
}

# --- a session ---

# pen_ready [GADGET OPTION...]: a pen that the daemon has
pen_ready()
{
	gadget pen --control $socket --serial $serial "$@"
	plug
	wait_for 5 "the daemon has the pen" pens_are $serial
}

# Nothing stands in the way of these clients, each of whom is treated once.
answers=/usr/share/doc/mnpen/examples/answers
clients=0

# gadgetfs_ready: a USB device controller, of dummy_hcd, and GadgetFS for it
gadgetfs_ready()
{
	mkdir -p $gadgetfs
	if ! mountpoint -q $gadgetfs; then
		modprobe -a dummy_hcd gadgetfs || fail "modprobe"
		mount -t gadgetfs gadgetfs $gadgetfs || fail "mount"
	fi
}

# gadgetfs_pen [GADGET OPTION...]: a pen on a cable between two ends of this machine, that the daemon
# has. Unlike one over vhci-hcd it lets the machine sleep.
gadgetfs_pen()
{
	gadgetfs_ready
	gadget pen --gadgetfs $gadgetfs --control $socket --serial $serial "$@"
	wait_for 5 "the daemon has the pen" pens_are $serial
}

begin()
{
	clients=$((clients + 1))
	id=$(ctl session begin --profile fine-lines --area cheek --client VM-$clients \
		--screening $answers) || fail "session begin"
	ctl target --depth 0.5mm --speed 6000rpm >/dev/null || fail "target"
}

# A shell starts what runs in the background with SIGINT ignored, and that is how arm is ended.
arm()
{
	env --default-signal mnpenctl --no-pager arm >/run/arm.log 2>&1 </dev/null &
	arm_pid=$!
	await_pen state armed 5
}

# The lease that lets the trigger work comes after the confirmed target.
may_run()
{
	await_pen enable true 5
}

has_strokes() # NUMBER
{
	look
	[ "${S[state]}" = running ] && [ "${S[strokes]}" -ge "$1" ]
}

run()
{
	pen trigger press
	wait_for 5 "needles that run" has_strokes 10
}

session_runs()
{
	begin
	arm
	may_run
	run
}

arm_ended()
{
	! kill -0 "$arm_pid" 2>/dev/null
}

session_is() # ID OUTCOME
{
	[ "$(member outcome "$(ctl --json session show "$1")")" = "$2" ]
}

two_on_the_bus()
{
	[ "$(lsusb -d 1209:0001 | wc -l)" -eq 2 ]
}

# --- looking ---

# The event node of the pen's buttons.
input_node()
{
	local path
	for path in /sys/class/input/event*/device/uniq; do
		if [ "$(cat "$path")" = $serial ]; then
			path=${path%/device/uniq}
			echo "/dev/input/${path##*/}"
			return
		fi
	done
}

open_as() # USER FILE
{
	runuser -u "$1" -- dd "if=$2" of=/dev/null bs=1 count=0 status=none
}

property() # NAME, of the pen
{
	local json
	json=$(busctl --json=short get-property org.mnpen1 "/org/mnpen1/pens/${serial//-/_2d}" org.mnpen1.Pen "$1")
	json=${json#*\"data\":}
	echo "${json%\}}"
}

session_path()
{
	local path
	path=$(property Session)
	echo "${path//\"/}"
}

profile_path()
{
	busctl tree --list org.mnpen1 | grep '^/org/mnpen1/profiles/' | head -n 1
}
