# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# On the measuring machine: environment, then one point after the other. Sourced by cmd/sweep.

# Guests live longer than a measurement, so the process that starts the measurements keeps them: see
# bench/vm/session.
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

# On the measuring machine: environment, then one point after the other.
measure_here()
{
	local new=$RUN_DIR/.env.new release ko port=()
	! by_port || new=$(mktemp)
	release=$(uname -r)
	ko=${VHOSTLAB_KO:-$BUILD/kmod/$release/vhostlab_net.ko}
	trap 'end_session; unload_modules' EXIT
	load_modules "$ko"
	VHOSTLAB_APPEND=$("$BENCH/plan" --get append "$CONFIG")
	export VHOSTLAB_KO=$ko VHOSTLAB_SEED=$SEED VHOSTLAB_APPEND
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
