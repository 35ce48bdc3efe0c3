# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The folder of a run: a new one or an older one, and what is kept in it beside results. Sourced by
# cmd/sweep and cmd/trace.

# An unused folder: results/<day>-<config>-<counter>, or --out when it has no points yet.
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
	[[ ! -e $OUT/submit.json ]] ||
		die 2 "--resume: $OUT: several machines measure it: use ./run.sh submit --resume --out $OUT"
	RUN_DIR=$(cd -- "$OUT" && pwd -P)
	local file
	while read -r file; do
		[[ ! -f $RUN_DIR/$(basename "$file") ]] || cmp -s -- "$file" "$RUN_DIR/$(basename "$file")" ||
			die 2 "--resume: $file: it is not the configuration this run began with: use $RUN_DIR/$(basename "$CONFIG")"
	done < <(config_files)
	same_policy
	same_node
}

# differing A B FIELD...: names of what differs between two env.json and must not within one run,
# these fields with it
differing()
{
	jq -rn --slurpfile a "$1" --slurpfile b "$2" \
		'[("kernel", "clock", "accel", "qemu", $ARGS.positional[] | select($a[0][.] != $b[0][.])),
		  (if $a[0].module.sha256 != $b[0].module.sha256 then "module" else empty end)] | join(", ")' --args "${@:3}"
}

# Pairs measured in time stay on one machine, whatever kernel comes next: see sweep/share.h.
same_node()
{
	local node
	[[ -n ${VHOSTLAB_NODE:-} && -s $RUN_DIR/env.json ]] || return 0
	node=$(jq -r 'select(.clock != "insn") | .node // empty' "$RUN_DIR/env.json")
	[[ -z $node || $node == "$VHOSTLAB_NODE" ]] ||
		die 2 "--resume: $RUN_DIR: measured with another node, $node, and not $VHOSTLAB_NODE: go on there"
}

# Points that do not name a scheduling policy have that of their time, and a run has one throughout.
same_policy()
{
	local usual other
	[[ -s $RUN_DIR/points.jsonl ]] || return 0
	usual=$("$BENCH/plan" --defaults | jq -r .policy)
	other=$(jq -Rrn --arg usual "$usual" 'first(inputs | fromjson? |
		select(.guest == "process" and .knobs.policy == null) | .detail.policy // "batch" |
		select(. != $usual))' "$RUN_DIR/points.jsonl")
	other=${other%%$'\n'*}
	[[ -z $other ]] ||
		die 2 "--resume: $RUN_DIR: measured under scheduling policy $other, which is $usual now: start a new run instead"
}

# The configuration and those it includes, one path per line.
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
