# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# One run of what several machines have measured: what must be equal, what is missing, the joined
# files. Sourced by cmd/submit.

# read_submitted DIR: what was asked for, in $RUN_DIR, $CONFIG, $SHARES and $PLAN_OPTIONS.
read_submitted()
{
	[[ -s $1/submit.json ]] || die 2 "submit: $1: no run was submitted there: name its folder in results/"
	RUN_DIR=$(cd -- "$1" && pwd -P)
	CONFIG=$RUN_DIR/$(jq -r .config "$RUN_DIR/submit.json")
	SHARES=$(jq -r .shares "$RUN_DIR/submit.json")
	mapfile -t PLAN_OPTIONS < <(jq -r '.options[]' "$RUN_DIR/submit.json")
}

# missing_of K: how many measurements of that share are neither there nor known to be impossible.
# Empty when it is complete: the rule that ends repetitions early counts.
missing_of()
{
	local dir=$RUN_DIR/shares/$1 share=("$BENCH/plan" "${PLAN_OPTIONS[@]}" --share "$1/$SHARES" --schedule)
	# shellcheck disable=SC2015 # either failing means that some are missing
	[[ -s $dir/env.json ]] && "${share[@]}" "$CONFIG" |
		"$BENCH/verify" --cut --whole --strict "$dir" 2>/dev/null ||
		"${share[@]}" --done "$dir/points.jsonl" --done "$dir/control.jsonl" "$CONFIG" | wc -l
}

# What a share was measured with is the same everywhere, or there is no one run.
same_everywhere()
{
	local k file difference bad=0
	local -A first=()
	for ((k = 1; k <= SHARES; k++)); do
		for file in "$RUN_DIR/shares/$k"/env*.json; do
			[[ -s $file ]] || continue
			first[${file##*/}]=${first[${file##*/}]:-$file}
			difference=$(differing "${first[${file##*/}]}" "$file" config_sha256 seed)
			[[ -n $difference ]] || continue
			note "submit: $file: measured with another $difference than ${first[${file##*/}]}: remove the" \
				"folder of one, make the nodes equal, then ./run.sh submit --resume --out $RUN_DIR"
			bad=1
		done
	done
	[[ $bad == 0 ]] || return 1
	[[ $(jq -rs '[.[] | select(.clock != "insn") | [.cpu, .cpus, .host_cpu]] | unique | length' \
		"$RUN_DIR"/shares/*/env.json) -le 1 ]] ||
		note "submit: $RUN_DIR: the nodes have different processors: compare servers of one cell, not cells" \
			"with each other; env.json names the nodes"
}

# join_env: env.json of the first share, with the nodes in place of its own.
join_env()
{
	local file name
	for file in "$RUN_DIR/shares/$1"/env*.json; do
		name=${file##*/}
		# shellcheck disable=SC2015 # either failing is the same trouble
		jq -s '[.[1:][] | {node, share: (.share | split("/")[0] | tonumber), cpu, cpus, host_cpu, memory_mib}] as $all |
			.[0] | del(.share, .node) |
			.nodes = ($all | group_by(.node) | map(.[0] + {shares: (map(.share) | sort)} | del(.share)))' \
			"$file" "$RUN_DIR"/shares/*/"$name" >"$RUN_DIR/.env.new" && mv -- "$RUN_DIR/.env.new" "$RUN_DIR/$name" ||
			die 1 "submit: $RUN_DIR/$name: cannot be written: free some space"
	done
}

# collect: joins what there is, and says what is missing. 1 when it is not all.
collect()
{
	local k missing some='' kept steps incomplete=0 folders=() shown=${RUN_DIR#"$ROOT"/}
	local plan=("$BENCH/plan" "${PLAN_OPTIONS[@]}")
	exec {lock}>"$RUN_DIR/.lock" || die 1 "submit: $RUN_DIR: it cannot be written (read-only or full)"
	flock -n "$lock" || die 1 "submit: $RUN_DIR: it is collected by another command: wait for it"
	for ((k = 1; k <= SHARES; k++)); do
		[[ -s $RUN_DIR/shares/$k/env.json ]] || continue
		some=${some:-$k}
		folders+=("$RUN_DIR/shares/$k")
	done
	[[ -n $some ]] || die 1 "submit: $shown: no share has begun: see shares/*/slurm.log there"
	same_everywhere || die 1 "submit: $shown: the shares are not of one kind: see the lines above"
	"${plan[@]}" --schedule "$CONFIG" | "$BENCH/join" "$RUN_DIR" "${folders[@]}" ||
		die 1 "submit: $shown: its shares cannot be joined: see the line above"
	for k in "${folders[@]}"; do
		[[ ! -d $k/raw ]] || cp -a -- "$k/raw" "$RUN_DIR/" ||
			die 1 "submit: $shown: raw/ cannot be copied: free some space"
	done
	join_env "$some"
	above_floor "$RUN_DIR/points.jsonl"
	for ((k = 1; k <= SHARES; k++)); do
		missing=$(missing_of "$k")
		[[ -n $missing ]] || continue
		incomplete=$((incomplete + 1))
		note "submit: share $k/$SHARES: $missing measurements are missing: see $shown/shares/$k/slurm.log"
	done
	kept=$(($(whole_lines "$RUN_DIR/points.jsonl") + $(whole_lines "$RUN_DIR/control.jsonl")))
	steps=$("${plan[@]}" --get steps "$CONFIG")
	[[ $incomplete == 0 ]] || die 1 "submit: $kept of $steps measurements in $shown, $incomplete of $SHARES shares" \
		"are not complete: go on with ./run.sh submit --resume --out $shown"
	verify_whole || die 1 "submit: $shown: not complete or damaged: see the lines above"
	note "submit: done, $kept of $steps measurements in $shown"
	say_control
}
