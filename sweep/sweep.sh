# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# ./run.sh sweep: plans, boots the lab once, measures every point inside it. Sourced by run.sh.

# shellcheck source=sweep/keep.sh
source "$ROOT/sweep/keep.sh"

sweep_options()
{
	CONFIG='' CLOCK='' HOST=0 OUT='' RESUME=0 DRY=0 SEED=''
	PLAN_OPTIONS=()
	local before
	while [[ $# -gt 0 ]]; do
		case $1 in
		--clock | --out | --only | --seed)
			before=
			case $1 in --clock) before=$CLOCK ;; --out) before=$OUT ;; --seed) before=$SEED ;; esac
			need_value "$1" $# "${2-}" "$before"
			;;&
		--clock) CLOCK=$2 && shift 2 ;;
		--out) OUT=$2 && shift 2 ;;
		--only) PLAN_OPTIONS+=(--only "$2") && shift 2 ;;
		--seed) SEED=$2 && shift 2 ;;
		--host) HOST=1 && shift ;;
		--resume) RESUME=1 && shift ;;
		--dry-run) DRY=1 && shift ;;
		-*) die 2 "sweep: $1: there is no such option: see \`./run.sh help\`" ;;
		*)
			[[ -z $CONFIG ]] || die 2 "sweep: $1: one configuration at a time: remove it"
			CONFIG=$1
			shift
			;;
		esac
	done
	[[ -n $CONFIG ]] || die 2 "sweep: which configuration? name one: $(cd "$ROOT" && echo configs/*.conf)"
	[[ -z $CLOCK || $CLOCK == insn || $CLOCK == wall ]] || die 2 "--clock: $CLOCK is not known; allowed: insn, wall"
	choose_seed
	[[ $SEED =~ ^(0|[1-9][0-9]{0,8})$ ]] || die 2 "--seed: $SEED is not known; allowed: a whole number from 0 to 999999999"
	[[ $RESUME == 0 || -n $OUT ]] || die 2 "--resume: which run? add --out DIR; \`./run.sh list\` names the runs"
	# What was asked for once more, to go on with after an end before its time.
	AGAIN="./run.sh sweep $CONFIG"
	[[ ${#PLAN_OPTIONS[@]} -eq 0 ]] || AGAIN+=" ${PLAN_OPTIONS[*]@Q}"
	[[ -z $CLOCK ]] || AGAIN+=" --clock $CLOCK"
	[[ $HOST == 0 ]] || AGAIN+=' --host'
	PLAN_OPTIONS+=(--seed "$SEED")
	[[ -z $CLOCK ]] || PLAN_OPTIONS+=(--clock "$CLOCK")
}

# The order of a run is that of its first part: what is resumed keeps its seed.
choose_seed()
{
	local recorded=''
	[[ $RESUME == 0 || ! -s $OUT/env.json ]] || recorded=$(jq -r '.seed // empty' "$OUT/env.json")
	[[ -z $SEED || -z $recorded || $SEED == "$recorded" ]] ||
		die 2 "--seed: $SEED: this run began with seed $recorded: leave out --seed"
	SEED=${SEED:-${recorded:-1}}
}

# A folder nobody has used: results/<day>-<config>-<counter>, or --out when it has no points yet.
new_run_dir()
{
	local experiment=$1 counter=1 base
	if [[ -n $OUT ]]; then
		mkdir -p -- "$OUT" 2>/dev/null || die 1 "--out: $OUT: cannot be created: choose a folder you may write"
		[[ ! -s $OUT/points.jsonl ]] ||
			die 2 "--out: $OUT: it holds the points of an earlier run: add --resume to go on with it, or choose another folder"
		RUN_DIR=$(cd -- "$OUT" && pwd -P)
		return
	fi
	mkdir -p -- "$RESULTS" 2>/dev/null || die 1 "results: $RESULTS: cannot be created: choose a folder with --out"
	base=$RESULTS/$(date -u +%Y-%m-%d)-$experiment
	until mkdir -- "$(printf '%s-%02d' "$base" "$counter")" 2>/dev/null; do
		[[ -w $RESULTS && $counter -lt 999 ]] ||
			die 1 "results: $RESULTS: no new folder can be created there: choose one with --out"
		counter=$((counter + 1))
	done
	RUN_DIR=$(printf '%s-%02d' "$base" "$counter")
}

old_run_dir()
{
	[[ -d $OUT ]] || die 2 "--resume: $OUT: there is no such run: name a folder of results/"
	RUN_DIR=$(cd -- "$OUT" && pwd -P)
	local file
	while read -r file; do
		[[ ! -f $RUN_DIR/$(basename "$file") ]] || cmp -s -- "$file" "$RUN_DIR/$(basename "$file")" ||
			die 2 "--resume: $file: it is not the configuration this run began with: use $RUN_DIR/$(basename "$CONFIG")"
	done < <(config_files)
}

# The configuration and those it includes, a path a line.
config_files()
{
	printf '%s\n' "$CONFIG"
	"$BENCH/plan" --get files "$CONFIG" | sed "s|^|$(dirname -- "$CONFIG")/|"
}

# They lie in the run's folder, too: it can be measured again from there.
keep_config()
{
	local file
	while read -r file; do
		[[ $file -ef $RUN_DIR/$(basename "$file") ]] ||
			cp -- "$file" "$RUN_DIR/" 2>/dev/null ||
			die 1 "--out: $RUN_DIR: it cannot be written (read-only or full): choose another folder"
	done < <(config_files)
}

# What a sweep will take, in words; the model stands in sweep/estimate.c.
estimate()
{
	local seconds
	seconds=$("$BENCH/plan" "${PLAN_OPTIONS[@]}" --get seconds "$CONFIG")
	if [[ $seconds -lt 120 ]]; then
		echo "about $seconds seconds on two processors without KVM"
	else
		echo "about $(((seconds + 30) / 60)) minutes on two processors without KVM"
	fi
}

# What the measuring machine must not know by itself; see sweep/env.sh.
revision()
{
	VHOSTLAB_REVISION=$(git -C "$ROOT" rev-parse --verify -q HEAD 2>/dev/null || true)
	VHOSTLAB_DIRTY=null
	if [[ -n $VHOSTLAB_REVISION ]]; then
		VHOSTLAB_DIRTY=false
		[[ -z $(git -C "$ROOT" status --porcelain 2>/dev/null) ]] || VHOSTLAB_DIRTY=true
	fi
	VHOSTLAB_DATE=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	export VHOSTLAB_REVISION VHOSTLAB_DIRTY VHOSTLAB_DATE
}

cmd_sweep()
{
	sweep_options "$@"
	if [[ -n ${VHOSTLAB_INNER:-} ]]; then
		RUN_DIR=$OUT
		measure_here
		return
	fi
	if [[ $HOST == 0 && $DRY == 0 ]]; then
		if [[ -t 0 ]]; then ensure_packages; else ensure_packages --yes; fi
	fi
	build_tools
	local plan=("$BENCH/plan" "${PLAN_OPTIONS[@]}") experiment kernel steps clock
	experiment=$("${plan[@]}" --get experiment "$CONFIG") || exit $?
	if [[ $DRY == 1 ]]; then
		"${plan[@]}" --schedule "$CONFIG" |
			jq -r '"\(.step)/\(.steps) \(.point) rep \(.rep): \(.argv | join(" "))"'
		note "sweep $experiment: $("${plan[@]}" --get points "$CONFIG") points, $("${plan[@]}" --get steps "$CONFIG") measurements, $(estimate)"
		return
	fi
	clock=$("${plan[@]}" --get clock "$CONFIG")
	kernel=$("${plan[@]}" --get kernel "$CONFIG")
	steps=$("${plan[@]}" --get steps "$CONFIG")
	if [[ $HOST == 1 && $clock == insn && ${VHOSTLAB_CLOCK:-} != insn ]]; then
		die 77 "sweep --host: the instruction clock exists in the lab VM only: leave out --host, or add --clock wall"
	fi
	[[ $RESUME == 0 ]] || old_run_dir
	[[ -n ${VHOSTLAB_POINT:-} && $HOST == 1 ]] || build_all "$kernel"
	if "${plan[@]}" --schedule "$CONFIG" | grep '"trace=out"' >/dev/null; then
		"$ROOT/kmod/build" "$kernel" no-trace >&2 ||
			die 1 "build: $ROOT: the module without tracepoints cannot be built: see the lines above"
	fi
	[[ $RESUME == 1 ]] || new_run_dir "$experiment"
	keep_config
	[[ $RESUME == 0 ]] || verify_cut ||
		die 1 "--resume: $RUN_DIR: its results are damaged: see the lines above"
	exec {lock}>"$RUN_DIR/.lock" || die 1 "--out: $RUN_DIR: it cannot be written (read-only or full): choose another folder"
	flock -n "$lock" || die 1 "--out: $RUN_DIR: another sweep is writing there: wait for it or choose another folder"
	revision
	note "sweep $experiment: $steps measurements, clock $clock, $(estimate), results in ${RUN_DIR#"$ROOT"/}"
	supervise "$clock" "$kernel" "$steps"
}

# Starts the measurement, here or in the lab VM, and sees it through an interruption.
supervise()
{
	local clock=$1 kernel=$2 steps=$3 child code=0 filter kept inner command
	local shown=${RUN_DIR#"$ROOT"/} nested=() limit stored=1
	! "$BENCH/plan" "${PLAN_OPTIONS[@]}" --schedule "$CONFIG" | grep '"guest": *"qemu"' >/dev/null || nested=(--nested)
	inner=("$ROOT/run.sh" sweep "$RUN_DIR/$(basename "$CONFIG")" --host --out "$RUN_DIR" "${PLAN_OPTIONS[@]}")
	[[ -n $CLOCK ]] || inner+=(--clock "$clock")
	# Each point says that it begins and how it ended; ten real seconds are more than enough for a second of its own limit.
	limit=$("$BENCH/plan" --get timeout "$CONFIG")
	if [[ $HOST == 1 ]]; then
		command=(env VHOSTLAB_INNER=1 "${inner[@]}")
	else
		keep_records
		command=("$ROOT/lab/run" --clock "$clock" --kernel "$kernel" --timeout $((600 + 10 * limit)) "${nested[@]}"
			--ro "$RUN_DIR" --records "$RECORDS" -- env VHOSTLAB_INNER=1 "VHOSTLAB_DATE=$VHOSTLAB_DATE"
			"VHOSTLAB_REVISION=$VHOSTLAB_REVISION" "VHOSTLAB_DIRTY=$VHOSTLAB_DIRTY"
			${VHOSTLAB_POINT:+"VHOSTLAB_POINT=$VHOSTLAB_POINT"} "${inner[@]}")
	fi
	INTERRUPTED=0
	exec {progress}> >([[ -z ${RECORDS:-} ]] || exec {RECORDS}>&-; exec "$BENCH/progress")
	filter=$!
	"${command[@]}" </dev/null 2>&"$progress" {progress}>&- {lock}>&- &
	child=$!
	[[ ${KEEPER_FAILED:-0} == 0 ]] || kill -TERM "$child" 2>/dev/null || true
	# A shell starts its background children deaf to SIGINT, so it is handed on as SIGTERM.
	trap 'INTERRUPTED=1; kill -TERM "$child" 2>/dev/null || true' INT TERM HUP
	code=0
	wait_for "$child" || code=$?
	trap - INT TERM HUP
	exec {progress}>&-
	wait "$filter" || true
	[[ $HOST == 1 ]] || kept_records || stored=0

	kept=$(($(whole_lines "$RUN_DIR/points.jsonl") + $(whole_lines "$RUN_DIR/control.jsonl")))
	if [[ $code -eq 0 && $stored == 1 ]]; then verify_whole; else verify_cut; fi || stored=0
	[[ $stored == 0 ]] || above_floor "$RUN_DIR/points.jsonl"
	if [[ $INTERRUPTED == 1 ]]; then
		die 1 "sweep: interrupted, $kept of $steps measurements kept: resume with $AGAIN --resume --out $shown"
	fi
	if [[ $stored == 0 ]]; then
		die 1 "sweep: the results in $shown are damaged or not complete: see the lines above"
	fi
	if [[ $code -eq 0 && $kept -lt $steps ]]; then
		note "sweep: $((steps - kept)) of $steps measurements were skipped, with the reasons above"
	fi
	case $code in
	0)
		note "sweep: done, $kept of $steps measurements in $shown"
		say_control
		;;
	2 | 77) exit "$code" ;;
	*) die 1 "sweep: failed, $kept of $steps measurements kept: see the lines above, then resume with $AGAIN --resume --out $shown" ;;
	esac
}

# What the A/A control says of this run: one cell, measured twice as if it were two.
say_control()
{
	[[ -s $RUN_DIR/control.jsonl ]] || return 0
	report_program --control "$RUN_DIR" >&2
}

# Kernel modules the three servers and the far ends need. Loaded before the first
# point, so that no point pays for it.
MODULES=(tun vhost_net pktgen dummy sch_ingress cls_matchall act_mirred)

# Loads what is missing; what was loaded is in $LOADED, to be unloaded by unload_modules.
load_modules()
{
	local name ko=$1
	LOADED=()
	[[ $EUID -eq 0 ]] && { in_lab || [[ -z ${VHOSTLAB_POINT:-} ]]; } || return 0
	# The in-tree server takes 64 memory regions unless it is told to take as many as QEMU may have.
	if [[ ! -d /sys/module/vhost ]] && modprobe -q vhost max_mem_regions=509; then LOADED=(vhost); fi
	for name in "${MODULES[@]}"; do
		[[ ! -d /sys/module/$name ]] || continue
		if modprobe -q "$name"; then LOADED=("$name" "${LOADED[@]}"); fi
	done
	if ! in_lab && [[ ! -e /dev/vhostlab-net && -r $ko ]]; then
		insmod "$ko" || die 77 "sweep --host: $ko: this kernel does not load it: leave out --host"
		LOADED=(vhostlab_net "${LOADED[@]}")
	fi
}

# Guests live longer than a measurement, so whoever starts the measurements keeps them: see bench/vm/session.
SESSION='' SESSION_KEEPER=''
start_session()
{
	"$BENCH/plan" "${PLAN_OPTIONS[@]}" "$CONFIG" | grep '"guest":"qemu"' >/dev/null || return 0
	SESSION=$(mktemp -d)
	setpriv --pdeathsig TERM "$ROOT/bench/vm/session" "$SESSION" </dev/null >/dev/null &
	SESSION_KEEPER=$!
	export VHOSTLAB_SESSION=$SESSION
}

end_session()
{
	[[ -n $SESSION ]] || return 0
	kill -TERM "$SESSION_KEEPER" 2>/dev/null || true
	wait "$SESSION_KEEPER" 2>/dev/null || true
	rm -rf -- "$SESSION"
}

# The lab VM is thrown away; a bare host is left as it was.
unload_modules()
{
	local name
	! in_lab || return 0
	for name in "${LOADED[@]}"; do
		rmmod "$name" 2>/dev/null || note "sweep: module $name is in use and stays loaded"
	done
}

# On the measuring machine: environment, then one point after the other.
measure_here()
{
	local new=$RUN_DIR/.env.new release ko port=()
	! by_port || new=$(mktemp)
	release=$(uname -r)
	ko=${VHOSTLAB_KO:-$BUILD/kmod/$release/vhostlab_net.ko}
	trap 'end_session; unload_modules' EXIT
	load_modules "$ko"
	export VHOSTLAB_KO=$ko VHOSTLAB_SEED=$SEED
	"$ROOT/sweep/env.sh" "$CONFIG" "$CLOCK" >"$new" ||
		die 1 "--out: $RUN_DIR: env.json cannot be made: see the line above; free some space or choose another folder"
	if [[ -s $RUN_DIR/env.json ]]; then
		local difference
		difference=$(jq -rn --slurpfile a "$RUN_DIR/env.json" --slurpfile b "$new" \
			'[["kernel", "clock", "accel", "qemu"][] | select($a[0][.] != $b[0][.])]
			 + (if $a[0].module.sha256 != $b[0].module.sha256 then ["module"] else [] end) | join(", ")')
		rm -f -- "$new"
		[[ -z $difference ]] ||
			die 2 "--resume: $RUN_DIR: measured with another $difference: start a new run instead"
	elif by_port; then
		send_files "$new" env.json
		rm -f -- "$new"
	else
		sync "$new" && mv -- "$new" "$RUN_DIR/env.json"
	fi
	! by_port || port=(--records "$VHOSTLAB_RECORDS")

	local child code=0
	start_session
	"$BENCH/plan" "${PLAN_OPTIONS[@]}" --schedule --done "$RUN_DIR/points.jsonl" --done "$RUN_DIR/control.jsonl" "$CONFIG" |
		"$BENCH/walk" --point "${VHOSTLAB_POINT:-$ROOT/bench/point}" --out "$RUN_DIR" "${port[@]}" &
	child=$!
	trap 'kill -TERM "$child" 2>/dev/null || true' INT TERM HUP
	code=0
	wait_for "$child" || code=$?
	trap - INT TERM HUP
	[[ $code -eq 0 ]] || exit "$code"
}

# above_floor POINTS: fills in what only the whole run can tell; the file is replaced whole, or not at all.
above_floor()
{
	[[ -s $1 ]] && grep -q '"server": *"floor"' "$1" || return 0
	"$BENCH/floor" "$1"
}
