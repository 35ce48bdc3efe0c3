# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Results out of the lab VM, and what is checked before they count. Sourced by sweep.sh.
#
# Inside the VM the run's folder is read-only. What it measures comes out through a port
# (sweep/records.h), and a process out here owns the files: no kernel inside can damage them.

# keep_records: opens $RECORDS for lab/run; the keeper of $RUN_DIR reads its other end. When that
# fails, say because the disk is full, nothing more can be kept, so it asks this shell (USR1) to end
# $child.
keep_records()
{
	KEEPER_FAILED=0 child=''
	# shellcheck disable=SC2154 # child belongs to the caller
	trap 'KEEPER_FAILED=1; [[ -z $child ]] || kill -TERM "$child" 2>/dev/null || true' USR1
	exec {RECORDS}> >(
		trap '' INT TERM HUP
		[[ -z ${lock:-} ]] || exec {lock}>&-
		[[ -z ${progress:-} ]] || exec {progress}>&-
		"$BENCH/records" keep "$RUN_DIR" || kill -USR1 $$
	)
	KEEPER=$!
}

# kept_records: waits until all of it is stored; fails when it was not.
kept_records()
{
	exec {RECORDS}>&-
	wait "$KEEPER" || true
	trap - USR1
	[[ $KEEPER_FAILED == 0 ]]
}

# Is this the inside of a lab VM whose results leave through the port?
by_port()
{
	in_lab && [[ -n ${VHOSTLAB_RECORDS:-} ]]
}

# send_files FILE NAME...: from inside the lab VM into the run's folder
send_files()
{
	"$BENCH/records" send "$@" || die 1 "results: they cannot leave the lab VM: see the line above"
}

# verify_cut, verify_whole: read back what is in the run's folder, of a sweep that was cut off or
# that came to its end; they say what is wrong with it.
verify_cut()
{
	"$BENCH/verify" --cut "$RUN_DIR"
}

verify_whole()
{
	"$BENCH/plan" "${PLAN_OPTIONS[@]}" --schedule "$CONFIG" | "$BENCH/verify" --whole "$RUN_DIR"
}
