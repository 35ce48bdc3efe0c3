# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Starts a measurement, here or in the lab VM, watches it, and checks its results. Sourced by
# cmd/sweep.

# run_part CLOCK KERNEL: what of the sweep is measured on that kernel, here or in its lab VM. Its
# exit code; $INTERRUPTED as see_through() has it, and $STORED is 0 if not all was kept.
run_part()
{
	local clock=$1 kernel=$2 child code=0 inner command nested=() append=() profile=() limit word
	local plan=("$BENCH/plan" "${PLAN_OPTIONS[@]}")
	! "${plan[@]}" --schedule --part "$kernel" "$CONFIG" | grep '"guest": *"qemu"' >/dev/null || nested=(--nested)
	[[ $clock != insn ]] || ! "${plan[@]}" --schedule --part "$kernel" "$CONFIG" |
		grep '"trace=functions"' >/dev/null || profile=(--profile)
	inner=("$ROOT/run.sh" sweep "$RUN_DIR/$(basename "$CONFIG")" --host --out "$RUN_DIR" "${PLAN_OPTIONS[@]}")
	[[ -n $CLOCK ]] || inner+=(--clock "$clock")
	[[ -z $CPUS ]] || inner+=(--cpus "$CPUS" ${NOISE:+--noise-limit "$NOISE"})
	[[ $TUNE == 0 ]] || inner+=(--tune)
	# Of several kernels' points this one's; the lab VM knows it by this name.
	[[ ${#KERNELS[@]} -eq 1 ]] || inner=(env "VHOSTLAB_PART=$kernel" "${inner[@]}")
	# Each point says that it begins and how it ended; ten real seconds are more than enough for
	# a second of its own limit.
	limit=$("${plan[@]}" --get timeout "$CONFIG")
	for word in $("${plan[@]}" --get append "$CONFIG"); do
		append+=(--append "$word")
	done
	if [[ $HOST == 1 ]]; then
		command=(env VHOSTLAB_INNER=1 "${inner[@]}")
	else
		keep_records
		command=("$ROOT/lab/run" --clock "$clock" --kernel "$kernel" --timeout $((600 + 10 * limit))
			"${nested[@]}" "${profile[@]}" "${append[@]}"
			--ro "$RUN_DIR" --records "$RECORDS" -- env VHOSTLAB_INNER=1 "VHOSTLAB_DATE=$VHOSTLAB_DATE"
			"VHOSTLAB_REVISION=$VHOSTLAB_REVISION" "VHOSTLAB_DIRTY=$VHOSTLAB_DIRTY"
			${VHOSTLAB_SHARE:+"VHOSTLAB_SHARE=$VHOSTLAB_SHARE" "VHOSTLAB_NODE=$VHOSTLAB_NODE"}
			${VHOSTLAB_POINT:+"VHOSTLAB_POINT=$VHOSTLAB_POINT"} "${inner[@]}")
	fi
	# If this sweep is killed outright, what it started ends as well, and does not measure on.
	# shellcheck disable=SC2154 # supervise() opens progress, cmd/sweep holds the lock
	setpriv --pdeathsig TERM "${command[@]}" </dev/null 2>&"$progress" {progress}>&- {lock}>&- &
	child=$!
	[[ ${KEEPER_FAILED:-0} == 0 ]] || kill -TERM "$child" 2>/dev/null || true
	see_through "$child" || code=$?
	[[ $HOST == 1 ]] || kept_records || STORED=0
	return "$code"
}

# run_parts CLOCK: all of them, one kernel after the other. What was asked for and failed on one does
# not keep the others from being measured. The exit code of the first that failed; 77 when there was
# nothing to measure on any.
run_parts()
{
	local clock=$1 kernel code first=0 skipped=0
	INTERRUPTED='' STORED=1
	for kernel in "${KERNELS[@]}"; do
		if [[ ${#KERNELS[@]} -gt 1 ]]; then
			# No boot for a part that an earlier attempt has finished.
			[[ -n $("$BENCH/plan" "${PLAN_OPTIONS[@]}" --schedule --part "$kernel" --done "$RUN_DIR/points.jsonl" \
				--done "$RUN_DIR/control.jsonl" "$CONFIG") ]] || continue
			note "sweep: kernel $kernel"
		fi
		code=0
		run_part "$clock" "$kernel" || code=$?
		case $code in
		0) ;;
		77) skipped=$((skipped + 1)) ;;
		*) [[ $first -ne 0 ]] || first=$code ;;
		esac
		[[ $code -ne 2 && -z $INTERRUPTED && $STORED == 1 ]] || break
	done
	[[ $first -ne 0 || $skipped -lt ${#KERNELS[@]} ]] || first=77
	return "$first"
}

# Starts the measurement, and sees it through an interruption.
supervise()
{
	local clock=$1 steps=$2 code=0 filter kept shown=${RUN_DIR#"$ROOT"/}
	exec {progress}> >(exec "$BENCH/progress" <(printf '%s\n' "$PACE") "$RUN_DIR/.pace")
	filter=$!
	run_parts "$clock" || code=$?
	exec {progress}>&-
	wait "$filter" || true

	kept=$(($(whole_lines "$RUN_DIR/points.jsonl") + $(whole_lines "$RUN_DIR/control.jsonl")))
	if [[ $code -eq 0 && $STORED == 1 ]]; then verify_whole; else verify_cut; fi || STORED=0
	[[ $STORED == 0 ]] || above_floor "$RUN_DIR/points.jsonl"
	if [[ -n $INTERRUPTED ]]; then
		note "sweep: interrupted, $kept of $steps measurements kept: resume with $AGAIN --resume --out $shown"
		[[ $INTERRUPTED != INT ]] || end_by_sigint
		exit 1
	fi
	if [[ $STORED == 0 ]]; then
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

# What the A/A controls say of this run: cells measured again, and the halves of each.
say_control()
{
	[[ -s $RUN_DIR/control.jsonl ]] || return 0
	(report_program --control "$RUN_DIR") >&2
}

# above_floor POINTS: fills in what only the whole run can tell; the file is replaced whole, or not
# at all.
above_floor()
{
	[[ -s $1 ]] && grep -q '"server": *"floor"' "$1" || return 0
	"$BENCH/floor" "$1"
}
