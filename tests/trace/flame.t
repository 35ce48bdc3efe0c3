#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The flame graph of call chains with known shares.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../harness/lib/tap.sh"
build_tools

# chain TASK FUNCTION...: one sample, innermost function first
chain()
{
	echo "$1   7/7     1.000000: "
	shift
	printf '\tffffffff81000010 %s\n' "$@"
	printf '\t               0 [unknown]\n\n'
}
{
	for _ in 1 2 3; do chain vhostlab-12 copy tx_work worker_main; done
	chain vhostlab-12 'poll<&>' tx_work worker_main
	chain vhostlab-345 worker_main
} >"$TMP/chains"
run "$BENCH/flame" --title 'A & B' --colour '#009e73' "$TMP/chains"
code 'known chains' 0
share() { sed -n "s|.*<title>$1: \([0-9]* samples, [0-9.]* %\)</title>.*|\1|p" "$TMP/stdout"; }
width() { sed -n "s|.*<title>$1: .* width=\"\([0-9.]*\)\" height.*|\1|p" "$TMP/stdout"; }
is 'the number of a task does not part it from others of its kind' "$(share vhostlab)" '5 samples, 100.00 %'
is 'a function with callees' "$(share tx_work)" '4 samples, 80.00 %'
is 'a callee' "$(share copy)" '3 samples, 60.00 %'
is 'a kernel thread has no caller' "$(share '\[unknown\]')" ''
is 'names and title are escaped' "$(grep -c 'poll&lt;&amp;&gt;' "$TMP/stdout") $(grep -c 'A &amp; B' "$TMP/stdout")" '1 1'
is 'a box is as wide as its share' "$(awk -v a="$(width copy)" -v b="$(width tx_work)" 'BEGIN { printf "%.2f", a / b }')" 0.75
is 'it is well-formed' "$(perl -ne 'BEGIN { $d = 0 } $d += () = /<(svg|g|title|rect|text)\b(?![^>]*\/>)/g; $d -= () = /<\/(svg|g|title|rect|text)>/g; END { print $d }' "$TMP/stdout")" 0
is 'it needs no other file' "$(grep -c 'href\|<script\|url(' "$TMP/stdout")" 0
# widest: the largest width of a box, and that of the picture
widest() { sed -n 's/.*<svg [^>]*width="\([0-9]*\)".*/\1/p; s/.*<rect x=.* width="\([0-9.]*\)".*/\1/p' "$TMP/stdout" | sort -n | tail -n 2 | tr '\n' ' '; }
is 'it is 1200 pixels wide' "$(widest)" '1179.60 1200 '
run "$BENCH/flame" --title $'one line\nanother' --colour '#009e73' --width 390 "$TMP/chains"
is 'it is as wide as it is asked to be' "$(widest)" '369.60 390 '
is 'a title has lines' "$(sed -n 's#^<text x="195" y="\([0-9]*\)" .*>\([a-z ]* line\|another\)</text>$#\1 \2#p' "$TMP/stdout" | tr '\n' ' ')" '20 one line 40 another '
run "$BENCH/flame" --title x --colour '#009e73' --width 1 "$TMP/chains"
code 'a width that leaves no room' 2
run "$BENCH/flame" --title x --colour '#009e73' /dev/null
code 'no chain' 1
says 'no chain' 'no call chain in it'
run "$BENCH/flame" --title x --colour green "$TMP/chains"
code 'a colour it does not know' 2
done_testing
