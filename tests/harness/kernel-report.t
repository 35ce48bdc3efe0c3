#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The report on a run that has several kernels: side by side on its page, and a page of each.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

for tool in gnuplot pandoc; do
	command -v "$tool" >/dev/null && continue
	skip 'report on several kernels' "$tool is not installed"
	done_testing
done
printf '%s\n' '[sweep]' 'clock = wall' 'repetitions = 6' '[x]' 'server = intree, vhostlab' 'workload = tx, rr' \
	'burst = 1, 64' 'packets = 100' >"$TMP/three.conf"
export VHOSTLAB_POINT=$ROOT/tests/harness/lib/fake-point
run "$ROOT/run.sh" sweep "$TMP/three.conf" --host --out "$TMP/one"
code 'a sweep to begin with' 0

# on KERNEL RELEASE FACTOR: the same measurements on that kernel, where vhostlab costs FACTOR times as much
run=$TMP/several
mkdir "$run"
on()
{
	local file
	for file in points control; do
		jq -c --arg kernel "$1" --arg release "$2" --argjson factor "$3" \
			'.kernel = $kernel | .release = $release | .point += $kernel | .clock = "insn" | .cost_per_packet = 1000 + .burst
			 | if .server == "vhostlab" then .cost_per_packet *= $factor else . end' "$TMP/one/$file.jsonl" >>"$run/$file.jsonl"
	done
	jq --arg release "$2" '.kernel = $release | .clock = "insn" | .module.sha256 = $release' "$TMP/one/env.json" >"$run/env-$1.json"
}
on 6.12 6.12.9-amd64 0.5
on 6.9 6.9.1-amd64 1.25
cp "$run/env-6.12.json" "$run/env.json"

run "$ROOT/run.sh" report "$run"
code 'report' 0
is 'vhostlab by in-tree on each' "$(grep '^| tx | stack | 64 | 1 | [0-9.]* | [0-9.]* |$' "$run/RESULTS.md")" '| tx | stack | 64 | 1 | 0.500 | 1.250 |'
is 'their releases head the columns, as they were measured' \
	"$(grep -c '^| workload | sink | size | burst | Linux 6.12.9-amd64 | Linux 6.9.1-amd64 |$' "$run/RESULTS.md")" 1
is 'where vhostlab costs more is said first, by kernel' "$(grep -o '^\*\*On Linux [^ ]* vhostlab costs more than intree in [0-9]* of [0-9]* cells' "$run/RESULTS.md")" \
	'**On Linux 6.9.1-amd64 vhostlab costs more than intree in 3 of 3 cells'
is 'each has its module' "$(grep -o 'module 6[^;]*' "$run/RESULTS.md" | xargs)" 'module 6.12.9-amd64 module 6.9.1-amd64'
is 'the figure has both' "$(sed -n 's/^"\(tx, [^"]*\)".*/\1/p' "$run/figures/kernels.dat" | sort -u | xargs)" 'tx, 6.12 tx, 6.9'
for kernel in 6.12 6.9; do
	is "the page of $kernel is linked" "$(grep -c "($kernel/RESULTS.md)" "$run/RESULTS.md")" 1
	is "the page of $kernel is of that kernel" "$(grep -c "^| kernel | $(jq -r .kernel "$run/env-$kernel.json") " "$run/$kernel/RESULTS.md")" 1
	is "the page of $kernel has its figures" "$(grep -c '(figures/overview.svg)' "$run/$kernel/RESULTS.md") $(find "$run/$kernel/figures" -name overview.svg | wc -l)" '1 1'
done
is 'no cell of another kernel on its page' "$(grep -c '^It costs more\|costs more in 3 of them' "$run/6.12/RESULTS.md") $(grep -c 'costs more in 3 of them' "$run/6.9/RESULTS.md")" '0 1'
find "$run" -name '*.md' -o -name '*.svg' | sort | xargs md5sum >"$TMP/sums"
run "$ROOT/run.sh" report "$run"
code 'report again' 0
is 'the same byte for byte' "$(find "$run" -name '*.md' -o -name '*.svg' | sort | xargs md5sum | cmp - "$TMP/sums" 2>&1)" ''
is 'nothing else is left in the run' "$(cd "$run" && echo * .[!.]*)" \
	'6.12 6.9 RESULTS.md control.jsonl env-6.12.json env-6.9.json env.json figures figures-narrow points.jsonl report.html .[!.]*'
done_testing
