#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The structure of the tree: no circle of calls between the files of kmod/, none of includes between folders, and includes
# only downwards; shell files that are sourced the same, and no function in two of them.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"

# circles < "from to ..." lines: what is in a circle, empty for none
circles()
{
	cut -d' ' -f1,2 | sort -u | tsort 2>&1 >/dev/null | sed 's/^tsort: //' | tr '\n' ' '
}

# The tool sees what it must: a circle through a function that is inlined away, and none through a pointer.
mkdir "$TMP/c" && cd "$TMP/c" || exit 1
printf '%s\n' 'int low(int);' 'static inline int half(int v)' '{' 'return low(v) / 2;' '}' >middle.h
printf '%s\n' '#include "middle.h"' 'int high(int v)' '{' 'return half(v);' '}' >high.c
printf '%s\n' 'int low(int v)' '{' 'return v;' '}' >low.c
calls() { rm -f ./*.cgraph && gcc -O2 -fdump-ipa-cgraph -c ./*.c && "$ROOT/tests/lib/calls" . .; }
is 'calls go by way of a header' "$(calls)" $'high middle high half\nmiddle low half low'
printf '%s\n' 'int high(int);' 'extern int (*done)(int);' 'int (*done)(int) = high;' 'int low(int v)' '{' 'return done(v);' '}' >low.c
is 'a pointer makes no circle' "$(calls | circles)" ''
printf '%s\n' 'int high(int);' 'int low(int v)' '{' 'return high(v);' '}' >low.c
result 'a call makes one' "$(calls | circles | grep -cw middle)" 'high, middle and low call each other'
cd "$ROOT" || exit 1

headers=$(lab/kernel --kernel default headers 2>"$TMP/why") || headers=''
if [[ $headers ]]; then
	# Debugging information would take longer than all the rest.
	dumps=$BUILD/tests/calls
	run env KCFLAGS='-g0 -fdump-ipa-cgraph' make -C kmod OUT="$dumps" KDIR="$headers"
	code 'the module builds' 0
	tests/lib/calls kmod "$dumps" >"$TMP/calls"
	result 'calls between files are found' "$(($(wc -l <"$TMP/calls") > 200))" "$(cat "$TMP/calls")"
	is 'a call of an inlined function is its header'\''s' "$(grep '^ring .*vhl_ring_get vhl_area_get16$' "$TMP/calls")" \
		'ring area vhl_ring_get vhl_area_get16'
	is 'no circle of calls between the files of kmod/' "$(circles <"$TMP/calls")" ''
else
	skip 'calls between the files of kmod/' "no kernel headers: $(cat "$TMP/why")"
fi

tests/lib/includes . >"$TMP/includes"
result 'includes between folders are found' "$(($(wc -l <"$TMP/includes") > 5))" "$(cat "$TMP/includes")"
is 'no circle of includes between folders' "$(circles <"$TMP/includes")" ''
is 'nothing includes what is in tests/' "$(grep -vE '^tests/' "$TMP/includes" | grep ' tests/')" ''

# Of shell files, who sources which; the script with the most of them has them all in one shell.
grep -rHoE '^[[:space:]]*# shellcheck source=[^ ]+' run.sh cmd lab man sweep bench kmod plots |
	sed -E 's|^(([^:]*)/)?[^/:]+:.*source=(([^ ]*)/)?[^/ ]+$|\2 \4|' | awk 'NF == 2 && $1 != $2' | sort -u >"$TMP/sources"
is 'a folder of commands sources the one below' "$(grep -c '^cmd lab$' "$TMP/sources")" 1
is 'no circle of sourced files between folders' "$(circles <"$TMP/sources")" ''
is 'no function is in two files that are sourced together' \
	"$(sed -n 's/^\([a-z_]*\)()$/\1/p' cmd/*.sh lab/*.sh sweep/*.sh | sort | uniq -d | tr '\n' ' ')" ''

# A folder, and what it may include. A line that names a folder that does not exist says nothing.
while read -r folder allowed; do
	missing=''
	for f in $folder $allowed; do
		[[ -d $f ]] || missing=$f
	done
	[[ -z $missing ]] || continue
	is "$folder includes only: ${allowed:-nothing}" \
		"$(grep "^$folder " "$TMP/includes" | grep -vE "^$folder (${allowed// /|}) " | cut -d' ' -f3,4)" ''
done <<'EOT'
kmod
bench/lib
bench/guest bench/lib
bench/net bench/lib
bench/server bench/guest bench/net bench/lib kmod
bench/probe bench/server bench/guest bench/net bench/lib
bench/workload bench/probe bench/server bench/guest bench/net bench/lib
bench/vm bench/lib bench/probe stats
bench/native bench/native/shim bench/guest bench/lib kmod
bench/native/shim bench/lib
stats bench/lib
sweep bench/lib stats
EOT
done_testing
