#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The cases of doc/bad-input.md: numbered without a gap, each with a test that prints what the page says; and each program of
# tests/module that runs in the lab is in the lists by which it does.
# shellcheck disable=SC2016 # backquotes are Markdown's
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
page=$ROOT/doc/bad-input.md

mapfile -t rows < <(grep -E '^\| [0-9]+ \|' "$page")
is 'the cases are numbered from 1 on' "$(printf '%s\n' "${rows[@]}" | cut -d'|' -f2 | tr -d ' ')" "$(seq "${#rows[@]}")"
result 'there are cases by clients, by guests, and faults' $((${#rows[@]} >= 80 ? 1 : 0)) "${#rows[@]} rows"

# strings FILE: all its string literals, a line each, those in a row as one.
strings_of()
{
	tr '\n\t' '  ' <"$1" | sed 's/"  *"//g' | grep -oE '"([^"\\]|\\.)*"'
}
for file in "$ROOT"/tests/module/*.c; do
	strings_of "$file" >"$TMP/$(basename "$file" .c)"
done

wrong=''
for row in "${rows[@]}"; do
	named=0 tests=${row%|*}
	while IFS= read -r test; do
		test=${test//\`/}
		named=$((named + 1))
		grep -qsF -- "${test#*: }" "$TMP/${test%%: *}" || wrong+="case$(cut -d'|' -f2 <<<"$row"): $test"$'\n'
	done < <(grep -oE '`[a-z]+: [^`]+`' <<<"${tests##*|}")
	[[ $named -gt 0 ]] || wrong+="case$(cut -d'|' -f2 <<<"$row"): no test"$'\n'
done
is 'every case has tests that print what the page says' "$wrong" ''

# A program that is not in the list would not run, and a case with it.
wrong=''
for program in $(grep -oE '`[a-z]+: ' "$page" | tr -d '`: ' | sort -u); do
	grep -qE "[[:space:](/]$program([ )]|\$)" <(sed -n '/programs=(ioctl/,/)$/p' "$ROOT/tests/module/run-in-vm") ||
		wrong+="$program "
done
is 'every program named is one that run-in-vm runs' "$wrong" ''
done_testing
