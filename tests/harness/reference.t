#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# RESULTS.md, every page below results/reference and every figure's data are what `./run.sh report results/reference`
# makes of the points in the tree, byte for byte; a typed number or a forgotten run shows. Done in a copy, so that the
# tree stays as it is. Figures are not drawn here: tests/harness/report.t and guests.t draw them.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

for tool in gnuplot pandoc; do
	command -v "$tool" >/dev/null && continue
	skip 'RESULTS.md from the reference run' "$tool is not installed"
	done_testing
done
mkdir -p "$TMP/tree/results"
cp -a "$ROOT"/{run.sh,cmd,sweep,stats,report,plots,configs,bench,lab,Makefile,RESULTS.md} "$TMP/tree/"
cp -r "$ROOT"/results/{reference,reliability} "$TMP/tree/results/"
# shellcheck disable=SC2016 # for the script
printf '#!/bin/bash\nfor data; do\n\tmkdir -p "${data%%/*}-narrow"\n\techo "<svg xmlns=\\"http://www.w3.org/2000/svg\\"/>" |\n\t\ttee "${data%%.dat}.svg" >"${data%%/*}-narrow/$(basename "$data" .dat).svg"\ndone\n' >"$TMP/tree/plots/draw"
cp "$TMP/tree/RESULTS.md" "$TMP/before.md"
run env VHOSTLAB_BUILD="$BUILD" "$TMP/tree/run.sh" report "$TMP/tree/results/reference"
code 'report of the reference run' 0
is 'RESULTS.md: byte for byte' "$(md5sum <"$TMP/tree/RESULTS.md")" "$(md5sum <"$TMP/before.md")"
# texts DIR: a line a page and a figure's data
texts() { (cd "$1" && find . -name RESULTS.md -o -name '*.dat' | LC_ALL=C sort | xargs md5sum); }
is 'every page and every figure'"'"'s data: byte for byte' "$(diff <(texts "$ROOT/results/reference") <(texts "$TMP/tree/results/reference"))" ''
# A claim that one clock may answer has figures of that one.
while read -r id clock; do
	dat=$TMP/tree/results/reference/figures/claim-$id.dat
	[[ ! -f $dat ]] || is "figure of $id: its clock" "$(sed -n 's/^# subtitle \([a-z]* clock\).*/\1/p' "$dat")" "$clock clock"
done < <(jq -r '.claims[] | select(.clock | length == 1) | "\(.id) \({insn: "instruction", wall: "wall"}[.clock[0]])"' "$ROOT/configs/claims.json")
sed -i '1s/"packets":[0-9]*/"packets":1/; 1s/"cost_per_packet":[0-9.]*/"cost_per_packet":1/; 1s/"lost":0/"lost":7/' "$TMP/tree/results/reference/points.jsonl"
run env VHOSTLAB_BUILD="$BUILD" "$TMP/tree/run.sh" report "$TMP/tree/results/reference"
code 'report of a changed run' 0
is 'another point makes another page' "$(cmp -s "$TMP/tree/RESULTS.md" "$TMP/before.md" && echo same || echo different)" different
done_testing
