# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Runs into an SQLite database: its tables are in stats/history.sql. Sourced by export and history.

# Of a database of ours: application_id of that file, and the user_version that is known here.
DATABASE_IS='1986554978|1'

# sql DATABASE COMMAND...: sqlite3, in the folder that its scripts are named from. Another process
# may be writing to the same database: that takes seconds.
sql()
{
	local file=$1
	shift
	(cd -- "$ROOT" && sqlite3 -batch -bail -cmd '.timeout 10000' "$file" "$@")
}

# need_sqlite: installs it where it is missing; ends with 77 where it is too old for operator ->>.
need_sqlite()
{
	if ! command -v sqlite3 >/dev/null; then
		if [[ -t 0 ]]; then ensure_packages; else ensure_packages --yes; fi
	fi
	need sqlite3 sqlite3
	sql :memory: "SELECT '{}' ->> 'x'" >/dev/null 2>&1 ||
		die 77 "sqlite3: $(sqlite3 --version | cut -d' ' -f1): it is older than 3.38: install that"
}

# described DIR: its env.json is whole, so it is known what measured the run.
described()
{
	jq -e 'type == "object" and has("date")' "$1/env.json" >/dev/null 2>&1
}

# runs_of DIR...: checks them, and sets RUNS to their folders in full. Without env.json it is not
# known what measured a run.
runs_of()
{
	local dir
	RUNS=()
	for dir in "$@"; do
		[[ -d $dir ]] || die 2 "$dir: there is no such folder: name one of results/"
		[[ $(whole_lines "$dir/points.jsonl") -gt 0 ]] ||
			die 2 "$dir: it has no points: name a folder of results/, or sweep into it first"
		described "$dir" ||
			die 1 "$dir/env.json: it is missing or damaged, so the machine is not known: sweep again"
		RUNS+=("$(readlink -f -- "$dir")")
	done
}

# all_runs: the folders that have points, those of the reference, too, one a line. A damaged one is
# no reason to show nothing of the others.
all_runs()
{
	local dir
	for dir in "$RESULTS"/*/ "$RESULTS"/reference/*/; do
		dir=${dir%/}
		[[ $(whole_lines "$dir/points.jsonl") -gt 0 ]] || continue
		if described "$dir"; then
			printf '%s\n' "$dir"
		else
			note "$dir: left out: its env.json is missing or damaged"
		fi
	done
}

# stream: $RUNS for stats/import.sql, one on several kernels as one of each. A half-written last line
# is left out, as everywhere; what names no kernel there goes with the first one, and is refused.
stream()
{
	local run env kernel others
	for run in "${RUNS[@]}"; do
		others=
		for env in "$run"/env-*.json; do
			[[ -e $env ]] || continue
			kernel=${env##*/env-}
			kernel="\"kernel\":\"${kernel%.json}\""
			jq -c --arg run "${run##*/}" '{run: $run, env: .}' "$env"
			points_of "$run" | grep -F -e "$kernel" || true
			[[ -n $others ]] || points_of "$run" | grep -vF '"kernel":"' || true
			others=1
		done
		[[ -z $others ]] || continue
		jq -c --arg run "${run##*/}" '{run: $run, env: .}' "$run/env.json"
		points_of "$run"
	done
}

points_of()
{
	head -n "$(whole_lines "$1/points.jsonl")" -- "$1/points.jsonl"
}

# check_database NAME FILE: a file that is there must be empty, or a database of ours.
check_database()
{
	local is
	[[ -d $(dirname -- "$2") ]] || die 2 "$1: $2: there is no such folder: make it first"
	[[ -s $2 ]] || return 0
	[[ -f $2 ]] || die 2 "$1: $2: it is no file: name another one"
	is=$(sql "$2" 'SELECT * FROM pragma_application_id, pragma_user_version' 2>/dev/null) || is=
	case $is in
	"$DATABASE_IS") ;;
	"${DATABASE_IS%|*}|"*)
		die 2 "$1: $2: its tables are of version ${is#*|}, not ${DATABASE_IS#*|}: name another file"
		;;
	*)
		die 2 "$1: $2: it is damaged, or not a database of vhostlab's results: name another file"
		;;
	esac
}

# import NAME FILE: $RUNS into the database, all of them or none. ADDED is what was new: runs,
# points, and points that changed.
import()
{
	local answer first second rest code=0
	# shellcheck disable=SC2034 # for the callers
	ADDED=(0 0 0)
	answer=$(stream | sql "$2" 'BEGIN IMMEDIATE' '.read stats/history.sql' '.read stats/import.sql' \
		COMMIT 2>&1) || code=$?
	[[ $code -eq 0 ]] ||
		die 1 "$1: $2: it cannot be written, nothing was added: ${answer##*$'\n'}"
	read -r first second rest <<<"${answer##*$'\n'}"
	case $first in
	good)
		# shellcheck disable=SC2034 # for the callers
		read -ra ADDED <<<"$second $rest"
		;;
	bad)
		die 1 "$1: $rest/points.jsonl:$second: not a result line: remove it and sweep again" \
			"with --resume"
		;;
	*) die 1 "$1: $2: unexpected answer of sqlite3: ${answer##*$'\n'}" ;;
	esac
}
