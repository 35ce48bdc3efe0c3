#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ./run.sh reference: every listed run is measured from one clean commit, killed and resumed, and all of them are published in one
# step; a changed tree, another commit, another module and a failed measurement are refused. In a copy of the tree with a
# list of three small runs and a stand-in for the point program.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

run "$ROOT/run.sh" reference --dry-run
code 'the list of the tree' 0
is 'the list of the tree: a line each' "$(sed 1d "$TMP/stdout" | grep -c ' configs/')" "$(jq '.runs | length' "$ROOT/configs/reference.json")"
is 'the list of the tree: no name twice' "$(sed '1d; $d' "$TMP/stdout" | cut -d' ' -f1 | sort | uniq -d)" ''
is 'the reference run is its first' "$(jq -r '.runs[0].folder' "$ROOT/configs/reference.json")" ''
for tool in gnuplot pandoc; do
	command -v "$tool" >/dev/null || { skip 'the command' "$tool is not installed" && done_testing; }
done

tree=$TMP/tree next=$TMP/tree/results/next-reference
mkdir "$tree"
cp -a "$ROOT"/{run.sh,cmd,sweep,stats,report,plots,configs,bench,lab,kmod,Makefile,.gitignore} "$tree/"
rm -f "$tree"/configs/*.conf
# shellcheck disable=SC2016 # for the script
printf '#!/bin/bash\nfor data; do\n\tmkdir -p "${data%%/*}-narrow"\n\techo "<svg xmlns=\\"http://www.w3.org/2000/svg\\"/>" |\n\t\ttee "${data%%.dat}.svg" >"${data%%/*}-narrow/$(basename "$data" .dat).svg"\ndone\n' >"$tree/plots/draw"
# one SERVERS REPETITIONS
conf() { printf '[sweep]\nclock = insn\ncontrol = no\nrepetitions = %s\n[x]\nserver = %s\nworkload = tx, rx\npackets = 100\n' "$2" "$1"; }
conf 'userspace, intree, vhostlab' 2 >"$tree/configs/one.conf"
conf 'intree, vhostlab, floor' 3 >"$tree/configs/two.conf"
cat >"$tree/configs/reference.json" <<'END'
{"runs": [
 {"folder": "", "config": "one.conf", "clock": "insn", "title": "First", "what": "a"},
 {"folder": "second", "config": "two.conf", "clock": "insn", "title": "Second", "what": "b"},
 {"folder": "third", "config": "one.conf", "clock": "wall", "title": "Third", "what": "c"}
]}
END
mkdir -p "$tree/results/reference/gone" && echo old | tee "$tree/results/reference/gone/points.jsonl" >"$tree/RESULTS.md"
commit() { git -C "$tree" add -A && git -C "$tree" -c user.name=t -c user.email=t@example.org commit -qm "$1"; }
git -C "$tree" init -q && commit tree
head=$(git -C "$tree" rev-parse HEAD)
echo 'a module' >"$TMP/module.ko"
export VHOSTLAB_BUILD=$BUILD VHOSTLAB_POINT=$ROOT/tests/harness/lib/fake-point VHOSTLAB_KO=$TMP/module.ko VHOSTLAB_CLOCK=insn FAKE_COUNT=$TMP/count
reference() { run "$tree/run.sh" reference "$@"; }
counted() { if [[ -f $TMP/count ]]; then wc -l <"$TMP/count"; else echo 0; fi; rm -f "$TMP/count"; }
kept() { cat "$next"/*/points.jsonl 2>/dev/null | wc -l; }
published() { (cd "$tree" && find RESULTS.md results/reference -type f -exec md5sum {} + | sort | md5sum); }
old=$(published)
# refused NAME TEXT: it ended with 1, nothing was published, and the reason is one line
refused()
{
	code "$1" 1
	says "$1" "$2"
	is "$1: in its last line" "$(tail -n 1 "$TMP/stderr" | grep -cF "$2")" 1
	is "$1: nothing is published" "$(published)" "$old"
}

reference --dry-run
code 'dry run' 0
is 'dry run: configuration, clock, repetitions, measurements' "$(sed '1d; $d' "$TMP/stdout" | awk '{ $6 = ""; print }' | sed 's/ $//')" \
	$'one configs/one.conf insn 2 12\nsecond configs/two.conf insn 3 18\nthird configs/one.conf wall 2 12'
says 'dry run' '3 runs, 42 measurements; left: about '
is 'dry run: nothing is measured' "$(counted) $([[ -e $next ]] && echo there)" '0 '
reference --dry
code 'an unknown option' 2

echo '# changed' >>"$tree/Makefile"
reference
refused 'a tree with changes' 'it has uncommitted changes (Makefile): commit them first'
is 'a tree with changes: nothing is measured' "$(counted)" 0
git -C "$tree" checkout -q Makefile

# killed SIGNAL RUN COUNT: while it measures, when that run has so many measurements
killed()
{
	FAKE=slow env --default-signal=INT "$tree/run.sh" reference >"$TMP/stdout" 2>"$TMP/stderr" &
	local pid=$! i
	for ((i = 0; i < 4000; i++)); do
		[[ ! -f $next/$2/points.jsonl || $(wc -l <"$next/$2/points.jsonl") -lt $3 ]] || break
		sleep 0.05
	done
	kill "-$1" "$pid"
	CODE=0
	wait "$pid" || CODE=$?
	OUT=$(cat "$TMP/stderr")
	for ((i = 0; i < 300; i++)); do
		pgrep -f "$tree" >/dev/null || break
		sleep 0.1
	done
	is "SIG$1: no process of it goes on" "$(pgrep -fa "$tree")" ''
}
killed INT one 3
code 'SIGINT: it ends by the signal' 130
says 'SIGINT' 'interrupted: ./run.sh reference goes on with it'
killed KILL second 4
code 'SIGKILL' 137
before=$(kept) made=$(counted)
# Two that were under way when they ended are not kept.
result 'SIGKILL: each measurement so far was made once' $((made >= before && made <= before + 2 ? 1 : 0)) "$made made, $before kept"
result 'SIGKILL: in the middle' $((before >= 16 && before < 30 ? 1 : 0)) "$before"

# Between the parts: another commit, another module, another process.
echo '# changed' >>"$tree/Makefile" && commit another
reference
refused 'another commit' "results/next-reference/one: it was measured at revision ${head:0:12}, the tree is at $(git -C "$tree" rev-parse --short=12 HEAD): check out ${head:0:12} to go on, or add --restart"
git -C "$tree" reset -q --hard "$head"
exec {lock}>"$next/.lock"
flock "$lock"
reference
refused 'two of them' 'another ./run.sh reference measures there'
exec {lock}>&-
is 'refused: nothing is measured' "$(counted)" 0

floors=$(grep -c '"server":"floor"' "$next/second/points.jsonl" || true)
FAKE=fail FAKE_SERVER=floor reference
refused 'measurements that fail' 'not published, measurements failed or are missing in: second:'
says 'measurements that fail' 'run 2 of 3, second; left: 2 runs, about '
is 'measurements that fail: the others are made' "$(kept)" "$((12 + 12 + floors + 12))"
rm -f "$TMP/count"
mv "$next/third" "$TMP/third"
echo 'another module' >"$TMP/module.ko"
cp -r "$next/second" "$TMP/second" && jq --arg sum "$(sha256sum <"$TMP/module.ko" | cut -d' ' -f1)" '.module.sha256 = $sum' "$TMP/second/env.json" >"$next/second/env.json"
reference
refused 'another module' "second: it was measured with module $(sha256sum <"$TMP/module.ko" | head -c 12), one with "
is 'another module: nothing is measured' "$(counted)" 0
cp "$TMP/second/env.json" "$next/second/env.json"
echo 'a module' >"$TMP/module.ko"
cp -r "$TMP/third" "$next/third" && jq '.clock = "insn"' "$TMP/third/env.json" >"$next/third/env.json"
reference
refused 'a run on another clock' 'it is a run of one on clock insn: remove it; configs/reference.json has one.conf on clock wall'
rm -rf "$next/third"

# A file of the tree is changed while a run is measured.
printf '#!/bin/bash\n[[ -e %q ]] || echo "# changed" >>%q\n: >%q\nexec %q "$@"\n' "$TMP/once" "$tree/Makefile" "$TMP/once" "$VHOSTLAB_POINT" >"$TMP/point"
chmod +x "$TMP/point"
VHOSTLAB_POINT=$TMP/point reference
refused 'a change meanwhile' 'it has uncommitted changes (Makefile)'
says 'a change meanwhile' 'the tree changed while second was measured: that run does not count'
is 'a change meanwhile: that run does not count' "$([[ -e $next/second ]] && echo there)" ''
git -C "$tree" checkout -q Makefile
rm -f "$TMP/count"

reference
code 'the whole' 0
says 'the whole' "3 runs, 1 of them measured; left: about "
says 'the whole' 'published: commit RESULTS.md and results/reference'
is 'the whole: only what was missing is measured' "$(counted)" 30
is 'all runs are published, and no other' "$(cd "$tree/results/reference" && find . -name points.jsonl -printf '%h %p\n' | sort | while read -r d f; do echo "$d $(wc -l <"$f")"; done | xargs)" \
	'. 12 ./second 18 ./third 12'
is 'the cost above the floor is there' "$(jq -s 'map(select(.server == "intree" and .above_floor_per_packet == null)) | length' "$tree/results/reference/second/points.jsonl")" 0
today=$(jq -r '.date[:10]' "$tree/results/reference/env.json")
last=$(jq -r '.date[:10]' "$tree/results/reference/third/env.json")
[[ $today == "$last" ]] || today+=" to $last"
is 'the front page: one revision' "$(grep -c "^All runs: revision ${head:0:12}, $today\. " "$tree/RESULTS.md")" 1
sum=$(sha256sum <"$TMP/module.ko" | head -c 12)
is 'the front page: each section' "$(grep -c "^| \[.*| ${head:0:12}; module $sum; Linux $(uname -r); \(insn\|wall\); $last |$" "$tree/RESULTS.md")" 3
for page in RESULTS.md second/RESULTS.md third/RESULTS.md; do
	is "$page names its run" "$(grep -c "^Run of $last: revision ${head:0:12}, module with sha256 $sum, Linux $(uname -r), \(instruction\|wall\) clock\.$" "$tree/results/reference/$page")" 1
done
is 'the page of the claims, too' "$(grep -c "All runs: revision ${head:0:12}" "$tree/results/reference/claims.md")" 1
is 'the runs are kept' "$(cat "$tree"/results/*-reference-01/*/points.jsonl | wc -l) $([[ -e $next ]] && echo there)" '42 '
old=$(published)
reference
refused 'published, not committed' 'it has uncommitted changes ('
commit published

# One of them renewed alone: the front page says so.
cp -r "$tree"/results/*-reference-01/second "$TMP/later"
jq '.git.revision = "0123456789abcdef" | .date = "2031-05-06T00:00:00Z"' "$tree"/results/*-reference-01/second/env.json >"$TMP/later/env.json"
run "$tree/run.sh" report "$TMP/later" --publish
code 'one alone' 0
is 'one alone: the front page says which' "$(grep -cF "**Not all runs are of one revision.** Revision ${head:0:12}, $today: *First*, *Third*. Of other revisions: *Second* (0123456789ab, 2031-05-06)." "$tree/RESULTS.md")" 1
jq '.clock = "wall"' "$TMP/later/env.json" >"$TMP/env" && mv "$TMP/env" "$TMP/later/env.json"
commit one
run "$tree/run.sh" report "$TMP/later" --publish
code 'one alone on another clock' 1
says 'one alone on another clock' 'it was measured on clock wall; configs/reference.json has two.conf on clock insn'

# From the beginning.
mkdir -p "$next/one" && cp "$tree/results/reference/env.json" "$next/one/"
FAKE=fail reference --restart
says '--restart' '3 runs, 0 of them measured'
done_testing
