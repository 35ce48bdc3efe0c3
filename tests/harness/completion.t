#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Completion in bash: sub-commands, options and their values as --help has them, configurations,
# tools and runs.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
cd "$ROOT" || exit 1

# completed WORD...: what completes the last of them, sorted, in a shell without any setting but -u
completed()
{
	# shellcheck disable=SC2016 # for that shell
	bash --norc --noprofile -uc 'source "$0"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_vhostlab
		printf "%s\n" "${COMPREPLY[@]}"' "$ROOT/cmd/completion.bash" "$@" 2>&1 | sort | xargs
}

# completes WANTED WORD...
completes()
{
	is "${*:2}<Tab>" "$(completed "${@:2}")" "$1"
}

commands=$(./run.sh help | sed -nE 's/^  ([a-z]+) +.*/\1/p')
result 'there are commands' $(($(wc -w <<<"$commands") >= 9 ? 1 : 0)) "$commands"
completes "$(printf '%s\n' "$commands" help | sort | xargs)" ./run.sh ''
completes 'setup shell submit sweep' ./run.sh s
completes '--help --version' ./run.sh --
for command in $commands; do
	options=$({ ./run.sh "$command" --help | sed -nE 's/^ +(--[a-z-]+) .*/\1/p'
		./run.sh "$command" --help | sed '/^$/,$d' | grep -oE -- '--[a-z-]+'
		printf '%s\n' --help --version; } | sort -u | xargs)
	completes "$options" ./run.sh "$command" -
done
completes '--report --resume' ./run.sh sweep configs/quick.conf --re
completes 'insn native wall' ./run.sh sweep --clock ''
completes wall ./run.sh sweep --clock = w
completes 'insn wall' ./run.sh trace stages --clock =
completes '' ./run.sh sweep --seed ''
completes "$(echo configs/*.conf)" ./run.sh sweep ''
completes configs/quick.conf ./run.sh sweep --dry-run configs/qu
completes 'intree-batches intree-notifications intree-stages intree-wakeup' ./run.sh trace intree-
completes 'counts' ./run.sh trace c
completes results/reference ./run.sh compare results/ref
completes results/reference ./run.sh bisect --base results/ref
completes '' ./run.sh shell -- -
completes '' ./run.sh no-such-command -

# From other folders, and by the search path.
cd doc || exit 1
completes ../configs/quick.conf ../run.sh sweep ../configs/qu
completes "$ROOT/configs/quick.conf" "$ROOT/run.sh" sweep "$ROOT/configs/qu"
cd "$TMP" || exit 1
# shellcheck disable=SC2088 # as it is typed
HOME=$ROOT completes "$ROOT/configs/quick.conf" '~/run.sh' sweep "$ROOT/configs/qu"
ln -s "$ROOT/run.sh" run.sh
PATH=$TMP:$PATH completes 'setup shell submit sweep' run.sh s

# Another project's run.sh; nothing of it is run.
mkdir -p other/cmd
printf '#!/bin/sh\ntouch %q\n' "$TMP/was-run" | tee other/run.sh other/cmd/sweep >/dev/null
chmod +x other/run.sh other/cmd/sweep
completes '' other/run.sh s
mkdir other/configs other/kmod
touch other/cmd/common.sh other/kmod/dkms.conf
completes sweep other/run.sh s
completes '--help --version' other/run.sh sweep -
result 'nothing is run' "$([[ -e was-run ]] || echo 1)" "$(ls)"

# A new option is completed without a change here: values in the usage, or in the list of options.
printf '%s\n' '# usage: ./run.sh sweep [DIR...] --form csv|sqlite [--out FILE] [-- --not-ours]' '#' \
	'# All --of it.' '#' '#   --form F   text' 'exit' >other/cmd/sweep
completes '--form --help --out --version' other/run.sh sweep -
completes 'csv sqlite' other/run.sh sweep --form ''
completes '' other/run.sh sweep --out ''

# As an interactive shell has it.
is 'it is set up for run.sh' "$(bash --norc -c 'source "$0"; complete -p run.sh' "$ROOT/cmd/completion.bash")" \
	'complete -F _vhostlab run.sh'
# shellcheck disable=SC2016 # for that shell
is 'it defines no other names' "$(bash --norc -c 'a=$(compgen -A function -v); source "$0"
	comm -13 <(sort <<<"$a") <(compgen -A function -v | sort) |
	grep -vE "^(_vhostlab|a$|BASH_|FUNCNAME|PIPESTATUS|_$)"' "$ROOT/cmd/completion.bash")" ''
done_testing
