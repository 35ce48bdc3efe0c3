# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# On the measuring machine: environment, then one point after the other. Sourced by cmd/sweep.

# Guests live longer than a measurement, so the process that starts the measurements keeps them: see
# bench/vm/session.
SESSION='' SESSION_KEEPER=''
start_session()
{
	"$BENCH/plan" "${PLAN_OPTIONS[@]}" --schedule "${part[@]}" "$CONFIG" | grep '"guest":"qemu"' >/dev/null || return 0
	load_kvm
	SESSION=$(mktemp -d)
	VHOSTLAB_CPUS=$CPUS setpriv --pdeathsig TERM "$ROOT/bench/vm/session" "$SESSION" </dev/null >/dev/null &
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

# keep_env FILE: the environment into the run's folder, which has that of the first kernel as
# env.json, and that of each as env-KERNEL.json where there are several.
keep_env()
{
	local name code names=("env${PART:+-$PART}.json")
	[[ -z $PART || -s $RUN_DIR/env.json ]] || names+=(env.json)
	for name in "${names[@]}"; do
		if by_port; then
			send_files "$1" "$name"
		else
			{ cp -- "$1" "$1.copy" && sync "$1.copy" && mv -- "$1.copy" "$RUN_DIR/$name"; } || code=$?
			[[ ${code:-0} -eq 0 ]] ||
				die 1 "--out: $RUN_DIR/$name: cannot be written: free some space or choose another folder"
		fi
	done
}

# What the cost model takes from this machine, once more at the end: walk has measured it before each
# repetition. The sweep is right without it; then the page says what is missing.
measure_constants()
{
	[[ -s $RUN_DIR/constants.jsonl ]] || return 0
	"$BENCH/constants" >>"$RUN_DIR/constants.jsonl" ||
		note "sweep: constants of this machine: not measured at the end, see the line above"
}

# watched CHILD: waits for it, and ends it when this ends; its exit code other than 0 ends this, too, but
# 77 where $2 allows that.
watched()
{
	local child=$1 code=0
	trap 'kill -TERM "$child" 2>/dev/null || true' INT TERM HUP
	wait_for "$child" || code=$?
	trap - INT TERM HUP
	[[ $code -eq 0 || $code -eq ${2:-0} ]] || exit "$code"
}

# What each cell of the native rig executes, once, into counts/ of the run, for the cost model.
count_cells()
{
	[[ -s $RUN_DIR/constants.jsonl ]] || return 0
	mkdir -p "$RUN_DIR/counts"
	"$BENCH/plan" "${PLAN_OPTIONS[@]}" --schedule --done "$RUN_DIR/counts/points.jsonl" "$CONFIG" |
		jq -c 'select(.rep == 1 and .sink != "check" and (.control | not))' >"$RUN_DIR/counts/.schedule"
	[[ -s $RUN_DIR/counts/.schedule ]] || return 0
	note "sweep: counting what $(wc -l <"$RUN_DIR/counts/.schedule") cells execute, for the cost model"
	# Its progress is not the sweep's.
	VHOSTLAB_CONSTANTS=$RUN_DIR/constants.jsonl setpriv --pdeathsig TERM "$BENCH/walk" --point "$BENCH/counted" \
		--out "$RUN_DIR/counts" <"$RUN_DIR/counts/.schedule" 2> >(exec grep -v '^@' >&2) &
	watched $! 77
	rm -f -- "$RUN_DIR/counts/.schedule"
}

# On the measuring machine: environment, then one point after the other.
measure_here()
{
	local new=$RUN_DIR/.env.new release ko port=() PART=${VHOSTLAB_PART:-}
	local part=(${PART:+--part "$PART"})
	local env=$RUN_DIR/env${PART:+-$PART}.json
	! by_port || new=$(mktemp)
	release=$(uname -r)
	ko=${VHOSTLAB_KO:-$BUILD/kmod/$release/vhostlab_net.ko}
	trap 'end_session; unload_modules; host_end' EXIT
	host_begin
	[[ $CLOCK == native ]] || load_modules "$ko"
	VHOSTLAB_APPEND=$("$BENCH/plan" --get append "$CONFIG")
	export VHOSTLAB_KO=$ko VHOSTLAB_SEED=$SEED VHOSTLAB_APPEND
	VHOSTLAB_CPUS=$CPUS "$ROOT/sweep/env.sh" "$CONFIG" "$CLOCK" >"$new" ||
		die 1 "--out: $RUN_DIR: env.json cannot be made: see the line above; free some space or choose another folder"
	if [[ -s $env ]]; then
		local difference
		difference=$(differing "$env" "$new" share)
		[[ -z $difference ]] || {
			rm -f -- "$new"
			die 2 "--resume: $RUN_DIR: measured with another $difference: start a new run instead"
		}
	else
		keep_env "$new"
	fi
	rm -f -- "$new"
	! by_port || port=(--records "$VHOSTLAB_RECORDS")
	[[ -z $CPUS ]] || port+=(--cpus "$CPUS" ${NOISE:+--noise-limit "$NOISE"})

	[[ $CLOCK != native ]] || port+=(--constants "$BENCH/constants")
	start_session
	"$BENCH/plan" "${PLAN_OPTIONS[@]}" --schedule "${part[@]}" --done "$RUN_DIR/points.jsonl" --done "$RUN_DIR/control.jsonl" "$CONFIG" |
		setpriv --pdeathsig TERM "$BENCH/walk" --point "${VHOSTLAB_POINT:-$ROOT/bench/point}" --out "$RUN_DIR" "${port[@]}" &
	watched $!
	[[ $CLOCK != native ]] || { measure_constants && count_cells; }
}
