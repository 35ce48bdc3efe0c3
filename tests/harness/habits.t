#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a command line expects of every command: --help, --version, --option=value, a pipe that may be closed.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools
number=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$ROOT/kmod/dkms.conf")

# A reader that has seen enough.
closed()
{
	local name=$1 code
	shift
	: >"$TMP/stderr"
	# More is written than a pipe holds, or nothing reads at all.
	code=$(set +o pipefail; { "$@" 2>"$TMP/stderr"; echo $? >&3; } 3>"$TMP/code" | true; cat "$TMP/code")
	is "$name: exit code" "$code" 0
	is "$name: silent" "$(cat "$TMP/stderr")" ''
}
for command in '' sweep submit report reference compare history export trace list setup shell bisect; do
	for option in --help --version; do
		run "$ROOT/run.sh" $command $option
		code "$command $option" 0
		is "$command $option: nothing on stderr" "$(wc -c <"$TMP/stderr")" 0
		if [[ $option == --help ]]; then
			says "$command $option" 'usage: '
		else
			says "$command $option" "vhostlab $number"
		fi
	done
done
# The same of the scripts below, which need nothing that is not there for it.
for script in "$ROOT"/lab/*; do
	[[ -f $script ]] || continue
	[[ -x $script && ${script##*/} != init ]] || continue
	name=lab/${script##*/}
	run "$script" --help
	code "$name --help" 0
	is "$name --help: it begins with the usage" "$(grep -c "^usage: $name " <<<"${TEXT%%$'\n'*}")" 1
	is "$name --help: comments of the code are no part of it" "$(grep -c 'shellcheck\|^#' <<<"$TEXT")" 0
	is "$name --help: nothing on stderr" "$(wc -c <"$TMP/stderr")" 0
	run "$script" --version
	code "$name --version" 0
	is "$name --version" "$TEXT" "$("$ROOT/run.sh" --version)"
	closed "$name --help" "$script" --help
done
run "$ROOT/lab/run" --clock=moon -- --help
code 'lab/run: what follows -- is a command' 2
run "$ROOT/lab/kernel" --kernel=5.9 path
code 'lab/kernel --option=value' 2
says 'lab/kernel --option=value' "unknown kernel '5.9'"
run "$ROOT/run.sh" sweep "$ROOT/configs/quick.conf" --help
code '--help after other words' 0
is '--version names the revision' "$("$ROOT/run.sh" --version)" \
	"vhostlab $number$(revision=$(git -C "$ROOT" rev-parse --short HEAD 2>/dev/null) && echo " ($revision)")"
run "$ROOT/run.sh" shell --clock sun -- ls --help
code 'what follows -- is another command' 2
says 'what follows -- is another command' 'allowed: insn, wall'

# One word or two.
quick=$ROOT/configs/quick.conf
run "$ROOT/run.sh" sweep "$quick" --dry-run --clock wall --seed 7 --only size=64,burst=1
two=$TEXT
run "$ROOT/run.sh" sweep "$quick" --dry-run --clock=wall --seed=7 --only=size=64,burst=1
code '--option=value' 0
is '--option=value is --option value' "$TEXT" "$two"
run "$ROOT/run.sh" sweep "$quick" --dry-run --only=
code 'an empty value' 2
run "$ROOT/run.sh" sweep "$quick" --dry-run=yes
code 'a value for an option that has none' 2
says 'a value for an option that has none' '--dry-run=yes: there is no such option'
"$ROOT/tests/harness/lib/synthetic" clock=insn reps=2 >"$TMP/points"
run "$ROOT/run.sh" compare --metric=cost_per_packet --fail-over=1% "$TMP/points" "$TMP/points"
code 'compare --option=value' 0
run "$ROOT/lab/run" --clock=moon -- true
says 'lab/run --option=value' "--clock is insn or wall, not 'moon'"

# From anywhere, the tree's own configurations have their names.
run env -C / "$ROOT/run.sh" sweep configs/quick.conf --dry-run --clock wall --seed 7 --only size=64,burst=1
code 'a configuration of the tree, from another directory' 0
is 'a configuration of the tree, from another directory: the same plan' "$TEXT" "$two"

# Every option that --help shows with a value may have it behind a =.
for command in sweep submit report reference compare history export trace setup shell bisect; do
	words=$(sed -n "s/^arguments '\\(.*\\)' .*/\\1/p" "$ROOT/cmd/$command")
	is "$command: all options with a value" "$("$ROOT/run.sh" "$command" --help | sed -nE 's/^  (--[a-z-]+) [^ ].*/\1/p' | sort | xargs)" \
		"$(tr ' ' '\n' <<<"$words" | sort | xargs)"
done
run "$ROOT/run.sh" list
is 'list shows every configuration' "$(grep -oE '^  configs/[^ ]+' "$TMP/stdout" | tr -d ' ')" "$(cd "$ROOT" && ls configs/*.conf)"

# Where SIGPIPE is ignored, too, as under many programs that start others.
for how in default ignore; do
	closed "list, SIGPIPE $how" env "--$how-signal=PIPE" "$ROOT/run.sh" list
	closed "help, SIGPIPE $how" env "--$how-signal=PIPE" "$ROOT/run.sh" --help
	closed "export, SIGPIPE $how" env "--$how-signal=PIPE" "$ROOT/run.sh" export --format csv "$ROOT/results/reference/guests"
	closed "compare, SIGPIPE $how" env "--$how-signal=PIPE" "$ROOT/run.sh" compare "$TMP/points" "$TMP/points"
done
run bash -c '"$0" list >/dev/full' "$ROOT/run.sh"
code 'a full disk is an error' 1
done_testing
