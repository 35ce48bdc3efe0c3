#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The protocols of the module as models, searched exhaustively by spin: kmod/model/*.pml. The head of each says with which
# macros it is right, and with which it is wrong: there a barrier or a second look is left out, and the search must find it.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../harness/lib/tap.sh"

command -v spin >/dev/null || {
	skip 'models' 'spin is not installed: make check installs it'
	done_testing
}
cd "$TMP" || exit 1

# search MODEL MACRO...
search()
{
	local model=$1 macros=()
	shift
	for macro; do
		macros+=("-D$macro")
	done
	rm -f pan*
	run spin "${macros[@]}" -a "$model"
	[[ $CODE -eq 0 ]] || return
	run gcc -O0 -w -DSAFETY -o pan pan.c
	[[ $CODE -eq 0 ]] || return
	run ./pan -m100000
}

for model in "$ROOT"/kmod/model/*.pml; do
	name=${model##*/}
	[[ $name != tso.pml ]] || continue
	is "$name says with what it is right, and with what wrong" \
		"$(sed -n 's/^ \* \(right\|wrong\): .*/\1/p' "$model" | sort -u | tr '\n' ' ')" 'right wrong '
	while read -r how macros; do
		read -ra words <<<"$macros"
		search "$model" "${words[@]}"
		states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' <<<"$OUT")
		echo "# $name, $macros: ${states:-no} states"
		if [[ $how == right ]]; then
			whole=0
			[[ $OUT != *'errors: 0'* || $OUT == *'max search depth too small'* || $OUT == *'Search not completed'* ]] || whole=1
			result "$name, $macros: no error in all its states" $whole "$OUT"
		else
			result "$name, $macros: the error is found" "$([[ $OUT == *'assertion violated'* ]] && echo 1)" "$OUT"
		fi
	done < <(sed -n 's/^ \* \(right\|wrong\): \(.*\)/\1 \2/p' "$model")
done
done_testing
