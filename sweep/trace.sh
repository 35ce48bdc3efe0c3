# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# ./run.sh trace: attaches one tool of trace/, runs a workload under it, keeps what it says. Sourced by run.sh, which has
# sourced sweep.sh before: the run's folder, the revision and the kernel modules are handled there.

# What every default workload has; the tool's own header adds to it, the command line after that.
TRACE_POINT=(--server vhostlab --workload tx --size 64 --burst 64 --sink stack --packets 4096)

# Names and purposes of all tools, one a line.
trace_tools()
{
	local file name
	for file in "$ROOT"/trace/*.bt "$ROOT"/trace/*.perf; do
		[[ -f $file ]] || continue
		name=${file##*/}
		printf '  %-22s %s\n' "${name%.*}" "$(sed -n "s/^[ #*]*${name//./\\.}: //p" "$file" | head -n 1)"
	done
}

# The file of a tool by its name, on stdout.
trace_file()
{
	local suffix
	for suffix in bt perf; do
		[[ ! -f $ROOT/trace/$1.$suffix ]] || { printf '%s' "$ROOT/trace/$1.$suffix" && return; }
	done
	{ echo 'tools (./run.sh trace TOOL):' && trace_tools; } >&2
	die 2 "trace: $1: there is no such tool: choose one of the above"
}

trace_options()
{
	TOOL='' CLOCK=insn HOST=0 OUT='' KERNEL=default WORKLOAD=()
	while [[ $# -gt 0 ]]; do
		case $1 in
		--clock | --out | --kernel)
			need_value "$1" $#
			;;&
		--clock) CLOCK=$2 && CLOCK_GIVEN=1 && shift 2 ;;
		--out) OUT=$2 && shift 2 ;;
		--kernel) KERNEL=$2 && shift 2 ;;
		--host) HOST=1 && shift ;;
		--)
			shift
			WORKLOAD=("$@")
			[[ $# -gt 0 ]] || die 2 "trace: --: nothing follows it: name a command, or options of the bench, or leave it out"
			break
			;;
		-*) die 2 "trace: $1: there is no such option: see \`./run.sh help\`; options of the workload go after --" ;;
		*)
			[[ -z $TOOL ]] || die 2 "trace: $1: one tool at a time: remove it, or write -- before a workload"
			TOOL=$1
			shift
			;;
		esac
	done
	[[ -n $TOOL ]] || { trace_tools >&2 && die 2 "trace: which tool? name one of the above"; }
	TOOL=${TOOL%.bt}
	TOOL=${TOOL%.perf}
	[[ $TOOL != */* ]] || die 2 "trace: $TOOL: tools are named without a folder: see \`./run.sh list\`"
	TOOL_FILE=$(trace_file "$TOOL") || exit $?
	[[ $CLOCK == insn || $CLOCK == wall ]] || die 2 "--clock: $CLOCK is not known; allowed: insn, wall"
	if [[ $HOST == 1 ]] && ! in_lab; then
		[[ -z ${CLOCK_GIVEN:-} ]] || [[ $CLOCK == wall ]] ||
			die 77 "trace --host: the instruction clock exists in the lab VM only: leave out --host, or add --clock wall"
		CLOCK=wall
	fi
}

# What is measured: a command, or one point of the bench with the tool's and the caller's options.
trace_workload()
{
	local own=()
	if [[ ${#WORKLOAD[@]} -gt 0 && ${WORKLOAD[0]} != --* ]]; then
		COMMAND=("${WORKLOAD[@]}")
		return
	fi
	read -ra own < <(sed -n 's/^[ #*]*Workload: //p' "$TOOL_FILE") || true
	COMMAND=("$BENCH/point" "${TRACE_POINT[@]}" ${own[@]+"${own[@]}"} --clock "$CLOCK" ${WORKLOAD[@]+"${WORKLOAD[@]}"})
}

cmd_trace()
{
	local child code=0 shown command asked=0
	trace_options "$@"
	if [[ -n ${VHOSTLAB_INNER:-} ]]; then
		RUN_DIR=$OUT
		trace_here
		return
	fi
	if [[ $HOST == 1 ]]; then
		trace_possible
	elif [[ -t 0 ]]; then
		ensure_packages
	else
		ensure_packages --yes
	fi
	build_all "$KERNEL"
	[[ -z $OUT || -z $(ls -A -- "$OUT" 2>/dev/null) ]] ||
		die 2 "--out: $OUT: it holds files already and nothing is overwritten: choose another folder"
	new_run_dir "trace-$TOOL"
	shown=${RUN_DIR#"$ROOT"/}
	revision
	command=("$ROOT/run.sh" trace "$TOOL" --host --clock "$CLOCK" --out "$RUN_DIR" ${WORKLOAD[@]+-- "${WORKLOAD[@]}"})
	if [[ $HOST == 1 ]]; then
		command=(env VHOSTLAB_INNER=1 "${command[@]}")
	else
		keep_records
		command=("$ROOT/lab/run" --quiet --clock "$CLOCK" --kernel "$KERNEL" --timeout "${VHOSTLAB_TRACE_TIMEOUT:-1800}"
			--ro "$RUN_DIR" --records "$RECORDS" -- env VHOSTLAB_INNER=1 "VHOSTLAB_DATE=$VHOSTLAB_DATE"
			"VHOSTLAB_REVISION=$VHOSTLAB_REVISION" "VHOSTLAB_DIRTY=$VHOSTLAB_DIRTY" "${command[@]}")
	fi
	note "trace $TOOL: clock $CLOCK, results in $shown; Ctrl-C ends the workload and prints the summary"
	"${command[@]}" </dev/null &
	child=$!
	# The first Ctrl-C asks the tool for its summary, through a file since the lab VM hears no signal; the second ends all.
	trap 'asked=$((asked + 1)); if [[ $asked == 1 ]]; then : >"$RUN_DIR/.stop"; else kill -TERM "$child" 2>/dev/null || true; fi' INT TERM HUP
	code=0
	wait_for "$child" || code=$?
	trap - INT TERM HUP
	rm -f -- "$RUN_DIR/.stop"
	[[ $HOST == 1 ]] || kept_records || code=1
	[[ $code -eq 0 ]] || rmdir -- "$RUN_DIR" 2>/dev/null || true
	case $code in
	0) note "trace $TOOL: done, kept in $shown" ;;
	2 | 77) exit "$code" ;;
	*) die 1 "trace $TOOL: failed: see the lines above and $shown" ;;
	esac
}

# Ends with 77 where this machine lacks what the tool needs.
trace_possible()
{
	local events=/sys/kernel/tracing/events program=bpftrace package=bpftrace
	[[ $TOOL_FILE == *.bt ]] || program=perf package=linux-perf
	# (command -v alone also names a file that cannot be run)
	[[ -x $(command -v "$program") ]] ||
		die 77 "trace $TOOL: $program is not installed: run ./run.sh setup (package $package)"
	[[ $EUID -eq 0 ]] || die 77 "trace $TOOL: tracing is for root: use sudo, or leave out --host"
	[[ -d $events ]] || events=/sys/kernel/debug/tracing/events
	[[ -d $events ]] || die 77 "trace $TOOL: there is no tracefs at /sys/kernel/tracing: mount it, or leave out --host"
}

# The same for what shows only when the modules are loaded: their events and functions.
trace_probes()
{
	local name
	if grep -q 'vhostlab:' "$TOOL_FILE" && [[ ! -d /sys/kernel/tracing/events/vhostlab && ! -d /sys/kernel/debug/tracing/events/vhostlab ]]; then
		die 77 "trace $TOOL: the module vhostlab_net is not loaded: insmod it, or leave out --host"
	fi
	while read -r name; do
		grep -qE "^[0-9a-f]+ [tT] ${name%\*}" /proc/kallsyms ||
			die 77 "trace $TOOL: this kernel has no function $name to probe: load vhost_net, or use another kernel"
	done < <(sed -n 's/^kprobe:\([a-z_0-9]*\*\{0,1\}\),\{0,1\}$/\1/p' "$TOOL_FILE")
}

# The child of the tool: the workload with its output kept apart, ended with the tool.
trace_job()
{
	cat <<-JOB
		trap 'kill -TERM "\$child" 2>/dev/null' TERM INT HUP
		cd $(printf %q "$PWD")
		$(printf '%q ' "${COMMAND[@]}") </dev/null >$(printf %q "$RUN_DIR/workload.out") 2>$(printf %q "$RUN_DIR/workload.err") &
		child=\$!
		while :; do
			wait "\$child"
			code=\$?
			kill -0 "\$child" 2>/dev/null || break
		done
		echo "\$code" >$TMP_TRACE/code
	JOB
}

# Waits for the tool; a file named .stop, or a signal, makes it end the workload and print its summary.
trace_wait()
{
	local tool=$1 nap watcher code
	exec {nap}<> <(:)
	(
		# A pipe nobody writes to: a wait that starts no process, which would show in what is measured.
		until [[ -e $STOP ]]; do read -rt 0.5 -u "$nap" _ || true; done
		kill -INT "$tool" 2>/dev/null || true
	) &
	watcher=$!
	trap 'kill -INT "$tool" 2>/dev/null || true' INT TERM HUP
	code=0
	wait_for "$tool" || code=$?
	trap - INT TERM HUP
	kill "$watcher" 2>/dev/null || true
	wait "$watcher" 2>/dev/null || true
	exec {nap}<&-
	return "$code"
}

# Out of the lab VM, however the tool ended.
trace_send()
{
	local file words=()
	by_port || return 0
	for file in "$RUN_DIR"/*; do
		[[ ! -f $file ]] || words+=("$file" "${file##*/}")
	done
	[[ ${#words[@]} -eq 0 ]] || send_files "${words[@]}"
}

# On the measuring machine: modules, environment, the tool with the workload as its child.
trace_here()
{
	local tool sink printer code=0 done=''
	TMP_TRACE=$(mktemp -d /tmp/vhostlab-trace.XXXXXX)
	STOP=$RUN_DIR/.stop
	if by_port; then
		RUN_DIR=$TMP_TRACE/out
		mkdir -- "$RUN_DIR"
	fi
	export VHOSTLAB_KO=${VHOSTLAB_KO:-$BUILD/kmod/$(uname -r)/vhostlab_net.ko}
	# shellcheck disable=SC2034 # for unload_modules
	LOADED=()
	trap 'unload_modules; trace_send; rm -rf -- "$TMP_TRACE"' EXIT
	trace_possible
	load_modules "$VHOSTLAB_KO"
	trace_probes
	trace_workload
	{
		"$ROOT/sweep/env.sh" "$TOOL_FILE" "$CLOCK" >"$RUN_DIR/env.json" &&
			printf '%q ' "${COMMAND[@]}" >"$RUN_DIR/command" && echo >>"$RUN_DIR/command" &&
			cp -- "$TOOL_FILE" "$RUN_DIR/" && trace_job >"$TMP_TRACE/job"
	} || die 1 "--out: $RUN_DIR: it cannot be written (read-only or full): choose another folder"

	exec {sink}> >(exec cat -s >"$RUN_DIR/trace.txt")
	printer=$!
	if [[ $TOOL_FILE == *.bt ]]; then
		# Types come from the kernel's BTF and the events' formats; headers that lack a part would only disturb.
		BPFTRACE_KERNEL_SOURCE='' bpftrace -B line -c "/bin/bash $TMP_TRACE/job" "$TOOL_FILE" "$CLOCK" \
			>&"$sink" 2>"$RUN_DIR/trace.err" {sink}>&- &
	else
		bash "$TOOL_FILE" "$RUN_DIR" "$TMP_TRACE/job" >&"$sink" 2>"$RUN_DIR/trace.err" {sink}>&- &
	fi
	tool=$!
	trace_wait "$tool" || code=$?
	exec {sink}>&-
	wait "$printer" || true
	[[ ! -f ${TOOL_FILE%.*}.py ]] || python3 "${TOOL_FILE%.*}.py" <"$RUN_DIR/trace.txt" >"$RUN_DIR/summary.txt"
	cat -- "$RUN_DIR/trace.txt"
	[[ ! -s $RUN_DIR/summary.txt ]] || cat -- "$RUN_DIR/summary.txt"
	grep -v '^Attaching' "$RUN_DIR/trace.err" >&2 || true
	[[ -s $RUN_DIR/trace.err ]] || rm -f -- "$RUN_DIR/trace.err"
	[[ $code -eq 0 ]] || die 1 "trace $TOOL: ${TOOL_FILE##*.} tool ended with $code: see the lines above"

	[[ ! -f $TMP_TRACE/code ]] || done=$(cat "$TMP_TRACE/code")
	if [[ -e $STOP || -z $done ]]; then
		note "trace $TOOL: interrupted: the figures above are those until then"
	elif [[ $done -ne 0 ]]; then
		cat -- "$RUN_DIR/workload.err" >&2
		[[ $done -eq 2 || $done -eq 77 ]] || done=1
		die "$done" "trace $TOOL: the workload ended with $done: see $(printf '%q ' "${COMMAND[@]}")"
	fi
}
