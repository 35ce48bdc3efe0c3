#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tables of counted instructions by function, and compare --functions, over made-up counts: sums,
# repetitions, servers, kernels, and what is refused.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

# counts FILE SERVER KERNEL PACKETS A B [KNOBS]: functions a (kernel) and b (vhost_net), per packet
counts()
{
	local sum=$((($5 + $6) * $4))
	mkdir -p "${1%/*}"
	printf '%s\n' "{\"server\":\"$2\",\"workload\":\"tx\",\"sink\":\"stack\",\"size\":64,\"burst\":64,\"knobs\":{${7:-}},\"kernel\":\"$3\",\"packets\":$4,\"clock\":$sum,\"counted\":$sum}" \
		"{\"side\":\"server\",\"function\":\"a\",\"object\":\"kernel\",\"instructions\":$(($5 * $4))}" \
		"{\"side\":\"server\",\"function\":\"b\",\"object\":\"vhost_net\",\"instructions\":$(($6 * $4))}" \
		'{"side":"idle","function":"do_idle","object":"kernel","instructions":1000000}' >"$1"
}
counts "$TMP/one/raw/x-1.functions" intree 6.1.0-1-amd64 100 100 50
counts "$TMP/one/raw/x-2.functions" intree 6.1.0-1-amd64 300 104 50
counts "$TMP/one/raw/y-1.functions" vhostlab 6.1.0-1-amd64 100 100 20
counts "$TMP/two/raw/x-1.functions" intree 6.12.1-amd64 100 110 40
counts "$TMP/two/raw/y-1.functions" vhostlab 6.12.1-amd64 100 100 20

# row NAME: of the table that was printed, its numbers
row() { awk -v n="$1" '$1 == n { $1 = ""; print; exit }' <<<"$TEXT" | xargs; }
functions=$BENCH/functions
run "$functions" "$TMP/one"
code 'the cells of a run' 0
is 'they stand side by side' "$(row function)" 'of intree vhostlab'
is 'repetitions are added up, each packet once' "$(row a)" 'kernel 103.00 100.00'
is 'the sum' "$(row sum)" '153.00 120.00'
is 'is that of the clock' "$(grep -c '^the clock  *153.00  *120.00$' <<<"$TEXT")" 1
silent_about 'idle time' do_idle
is 'the parts' "$(row vhost_net)" 'code 50.00 20.00'
run "$functions" --json "$TMP/one"
is '--json: one table' "$(jq -c '[.[0].columns[].server, (.[0].rows | length)]' <<<"$TEXT")" '["intree","vhostlab",2]'

compare=("$ROOT/run.sh" compare --functions)
run "${compare[@]}" --servers intree,vhostlab "$TMP/one"
code 'two servers' 0
is 'two servers: the largest difference comes first' "$(awk '/^function/ { getline; print $1 }' <<<"$TEXT")" b
is 'two servers: a row' "$(row b)" 'vhost_net 50.00 20.00 -30.00 -19.61%'
is 'two servers: the sum' "$(row sum)" '153.00 120.00 -33.00 -21.57%'
run "${compare[@]}" "$TMP/one" "$TMP/two"
code 'two runs on two kernels' 0
is 'two runs: each cell with itself' "$(grep '^[AB]: ' <<<"$TEXT" | sed 's/.*burst 64: //' | xargs)" \
	'intree, Linux 6.1.0-1-amd64 intree, Linux 6.12.1-amd64 vhostlab, Linux 6.1.0-1-amd64 vhostlab, Linux 6.12.1-amd64'
is 'two runs: what did not change is not shown' "$(sed -n '/^A: .*vhostlab/,$p' <<<"$TEXT" | grep -c '^[ab] ')" 0
run "${compare[@]}" "$TMP/one/raw/x-1.functions" "$TMP/two/raw/y-1.functions"
code 'two files, whatever they are of' 0
is 'two files: the sum' "$(row sum)" '150.00 120.00 -30.00 -20.00%'
mkdir "$TMP/both" && cp -r "$TMP/one/raw" "$TMP/both/" && cp "$TMP/two/raw/x-1.functions" "$TMP/both/raw/z-1.functions"
run "${compare[@]}" --kernels 6.1,6.12 "$TMP/both"
code 'two kernels of a run' 0
is 'two kernels: the sum' "$(row sum)" '153.00 150.00 -3.00 -1.96%'
run "${compare[@]}" --json "$TMP/one" "$TMP/two"
is '--json: a pair each' "$(jq length <<<"$TEXT")" 2

if command -v gnuplot >/dev/null; then
	run "${compare[@]}" --figure "$TMP/figure.svg" --servers intree,vhostlab "$TMP/one"
	code 'a figure' 0
	is 'a figure: its bars' "$(grep -c '>-30.0<\|>-30.0 *</' "$TMP/figure.svg")" 1
	run "${compare[@]}" --figure "$TMP/figure.svg" --servers intree,vhostlab "$TMP/one"
	code 'a figure that is there' 2
	says 'a figure that is there' 'nothing is overwritten'
else
	skip 'a figure' 'gnuplot is not installed'
fi

counts "$TMP/knob/k.functions" vhostlab 6.1.0-1-amd64 100 1 1 '"packed":"1"'
run "$functions" "$TMP/knob"
says 'a knob is part of the name' 'vhostlab packed=1'
run "${compare[@]}" "$TMP/one" "$TMP/knob"
code 'nothing in common' 1
says 'nothing in common' 'no cell in common'
printf '{"side":"server","function":"a","samples":7}\n' >"$TMP/samples.functions"
run "${compare[@]}" "$TMP/samples.functions" "$TMP/one"
code 'samples' 1
says 'samples' 'it has samples, not counts'
echo nonsense >>"$TMP/knob/k.functions"
run "$functions" "$TMP/knob"
code 'a damaged file' 1
says 'a damaged file' 'k.functions: line 5: it is damaged'
: >"$TMP/knob/k.functions"
run "$functions" "$TMP/knob"
code 'an empty file' 1
run "${compare[@]}" "$TMP/one" "$TMP/nowhere"
code 'no such run' 1
says 'no such run' "$TMP/nowhere"
run "${compare[@]}" "$TMP/one" "$TMP"
code 'a folder without counts' 1
run "${compare[@]}" "$TMP/one"
code 'one run' 2
is 'one run: one line' "$(wc -l <"$TMP/stderr")" 1
run "${compare[@]}" --within 1% "$TMP/one" "$TMP/two"
code 'a limit' 2
run "${compare[@]}" --servers intree,userspace "$TMP/one"
code 'a server that is not there' 2
says 'a server that is not there' 'userspace: the run has no counts of it'
run "$ROOT/run.sh" compare --figure "$TMP/f.svg" "$TMP/one" "$TMP/two"
code 'a figure of something else' 2
done_testing
