#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The time that a sweep promises: from the model at first, then from what was measured, of each kind of point its own; what a
# terminal of any width shows of it, and what no terminal.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

# pace KIND COUNT SECONDS...: a schedule as plan --pace prints it
pace()
{
	local step=0 i
	echo '0 2 start'
	while [[ $# -gt 0 ]]; do
		for ((i = 0; i < $2; i++)); do
			echo "$((++step)) $3 process/$1/64/p$1"
		done
		shift 3
	done
}

# steps FROM TO OF SECONDS: lines of walk
steps()
{
	local i
	for ((i = $1; i <= $2; i++)); do
		echo "@start $i $3 a point"
		sleep "$4"
		echo "@end $i $3 a point"
	done
}

# left STEP: what the last run said to be left after it, in seconds; the run was no terminal's
left()
{
	local minutes seconds
	IFS=: read -r minutes seconds < <(sed -n "s|^\[$1/[0-9]*\].*remaining \([0-9:]*\),.*|\1|p" "$TMP/stderr")
	echo $((${minutes:-9999} * 60 + 10#${seconds:-0}))
}

# between NAME LOW HIGH VALUE
between()
{
	result "$1" $(($4 >= $2 && $4 <= $3 ? 1 : 0)) "$4 is not in $2 to $3; stderr: $(head -n 20 "$TMP/stderr")"
}

# Two seconds until the first point, as a lab takes to boot, and then 200 points of a tenth: they are no 200 boots.
pace x/tx/1 200 0.1 >"$TMP/pace"
{ sleep 2; steps 1 12 200 0.1; } | "$BENCH/progress" "$TMP/pace" 2>"$TMP/stderr"
between 'the first line: the start counts once' 10 40 "$(left 1)"
between 'after twelve points' 12 30 "$(left 12)"

# The machine is ten times slower than the model.
pace x/tx/1 50 0.03 >"$TMP/pace"
steps 1 10 50 0.3 | "$BENCH/progress" "$TMP/pace" 2>"$TMP/stderr"
between 'a slow machine' 9 18 "$(left 10)"

# Two kinds of point: what is left are fast ones only.
pace slow/tx/1 3 0.3 fast/tx/1 33 0.3 >"$TMP/pace"
{ steps 1 3 36 1; steps 4 6 36 0.01; } | "$BENCH/progress" "$TMP/pace" 2>"$TMP/stderr"
between 'each kind has its own time' 0 8 "$(left 6)"

# A server that cannot run here ends at once: the others do not, but its own other points do.
pace a/tx/1 2 1 b/tx/1 50 1 a/rx/1 50 1 >"$TMP/pace"
{
	printf '@start 1 102 p\n@skip 1 102 p\n@start 2 102 p\n@skip 2 102 p\n@start 3 102 p\n'
	sleep 1
	printf '@end 3 102 p\n'
} | "$BENCH/progress" "$TMP/pace" 2>"$TMP/stderr"
between 'one that is skipped' 45 75 "$(left 3)"

# A resumed sweep knows the times of its first part.
pace x/tx/1 50 0.03 >"$TMP/pace"
steps 1 10 50 0.3 | "$BENCH/progress" "$TMP/pace" "$TMP/kept" 2>/dev/null
sed -i 2,11d "$TMP/pace"
between 'resumed: promised' 11 20 "$("$BENCH/progress" --left "$TMP/pace" "$TMP/kept")"
between 'without the first part' 3 4 "$("$BENCH/progress" --left "$TMP/pace")"
: >"$TMP/stderr"
steps 11 11 50 0.3 | "$BENCH/progress" "$TMP/pace" "$TMP/kept" 2>"$TMP/stderr"
between 'resumed: from its first point on' 9 18 "$(left 11)"

# No terminal: no bar and no sequence for one.
pace x/tx/1 20 0.1 >"$TMP/pace"
steps 1 3 20 0 | COLUMNS=40 "$BENCH/progress" "$TMP/pace" 2>"$TMP/stderr"
is 'no terminal: a plain line a point' "$(grep -cE '^\[[1-3]/20\] elapsed 0:0[0-9], remaining 0:0[0-9], a point$' "$TMP/stderr") $(wc -l <"$TMP/stderr")" '3 3'
is 'no terminal: nothing but text' "$(LC_ALL=C tr -d '[:print:]\n' <"$TMP/stderr" | wc -c)" 0

# on_terminal WIDTH [COLUMNS]: what is drawn, one line for each time; a point that lasts is drawn again meanwhile
on_terminal()
{
	cat >"$TMP/draw" <<-EOT
		stty cols $1
		${2:+export COLUMNS=$2}
		{ sleep 1.2; printf '@start 4 20 a point whose name is longer than a narrow terminal has room for, and goes on\n'; sleep 2.2; printf '@end 4 20 p\nsome other line\n'; } |
			'$BENCH/progress' '$TMP/pace'
	EOT
	TERM=xterm script -qec "env -u COLUMNS bash $TMP/draw" /dev/null </dev/null | tr '\r' '\n' | sed 's/\x1b\[K//g' >"$TMP/drawn"
}
if command -v script >/dev/null; then
	for width in 50 80 200; do
		on_terminal "$width"
		is "$width columns: no line is wider" "$(awk -v w="$width" 'length >= w' "$TMP/drawn")" ''
		result "$width columns: it is used" $(($(wc -L <"$TMP/drawn") > (width > 160 ? 140 : width - 3))) "$(cat "$TMP/drawn")"
		result "$width columns: drawn again while it runs" $(($(grep -c '\[3/20\]' "$TMP/drawn") >= 3)) "$(cat "$TMP/drawn")"
		is "$width columns: other lines pass" "$(grep -cx 'some other line' "$TMP/drawn")" 1
	done
	result 'a bar where there is room' $(($(grep -cE '^\[#+ +\] \[3/20\] elapsed 0:0[0-9], remaining 0:0[0-9], a point' "$TMP/drawn") > 0)) "$(cat "$TMP/drawn")"
	on_terminal 200 60
	is 'COLUMNS: no line is wider' "$(awk 'length >= 60' "$TMP/drawn")" ''
else
	skip 'on a terminal' 'script is not installed'
fi

# The promise in the first line depends on the machine.
printf '[sweep]\nclock = wall\n[x]\nserver = intree\nworkload = tx\npackets = 655360\n' >"$TMP/w.conf"
promise() { "$BENCH/progress" --left <("$BENCH/plan" --pace --accel "$1" "$TMP/w.conf"); }
result 'KVM is faster than emulation' $(($(promise kvm) < $(promise tcg))) "$(promise kvm), $(promise tcg)"
run "$BENCH/plan" --pace --accel xen "$TMP/w.conf"
code 'an unknown accelerator' 2
# Two measurements less are left of a run that has two.
"$BENCH/plan" --schedule "$TMP/w.conf" | head -n 2 | jq -c '{point, rep}' >"$TMP/done"
is 'what is measured takes no time' "$("$BENCH/plan" --pace --done "$TMP/done" "$TMP/w.conf" | wc -l)" \
	$(($("$BENCH/plan" --pace "$TMP/w.conf" | wc -l) - 2))

# A whole sweep, interrupted and resumed.
printf '[sweep]\nclock = wall\ncontrol = no\n[x]\nserver = intree\nworkload = tx, rx\nburst = 1, 64\n' >"$TMP/s.conf"
export VHOSTLAB_POINT=$ROOT/tests/harness/lib/fake-point
run "$ROOT/run.sh" sweep "$TMP/s.conf" --host --out "$TMP/run"
code 'a sweep' 0
result 'it keeps its times' $(($(grep -c '^[0-9.]* [0-9.]* /process' "$TMP/run/.pace") > 0)) "$(ls -A "$TMP/run")"
between 'its last line: nothing is left' 0 0 "$(left 4)"
done_testing
