#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# lab/correct.py takes one instruction out of the QEMU that nested guests run under and changes the
# mask of another, and leaves any program alone in which it does not find exactly these. That guests survive with it, and not
# without, is shown by tests/guests/interrupts.soak.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../harness/lib/tap.sh"

if [[ $(uname -m) != x86_64 ]]; then
	skip 'the corrected QEMU' 'the lab boots x86-64 kernels only'
	done_testing
fi
correct=(python3 "$ROOT/lab/correct.py")

# refuses NAME CODE ARGUMENT...: one line, that exit code, and no file
refuses()
{
	run "${correct[@]}" "${@:3}"
	code "$1" "$2"
	is "$1: one line" "$(wc -l <"$TMP/stderr")" 1
	is "$1: no file" "$(find "$TMP" -name 'copy*')" ''
}

run "$ROOT/lab/qemu" --quiet 10.0
code 'lab/qemu' 0
command=$TEXT
corrected=${command%/*}/corrected/qemu-system-x86_64 original=${command%/*}/usr/bin/qemu-system-x86_64
[[ -e $original ]] || original=$(command -v qemu-system-x86_64)
run "$command" --version
code 'the corrected QEMU runs' 0
cmp -l "$original" "$corrected" >"$TMP/bytes" || true
# shellcheck disable=SC2016 # for awk
is 'two places of at most six bytes differ from the package' \
	"$(awk '$1 - last > 6 { places++; first = $1 } { last = $1; wide += last - first > 5 }
		END { print places, wide + 0 }' "$TMP/bytes")" '2 0'
run "${correct[@]}" "$original" "$TMP/again"
code 'once more' 0
is 'once more: the same file' "$(cmp "$TMP/again" "$corrected" && echo same)" same
refuses 'what is corrected has no such place' 77 "$corrected" "$TMP/copy"
refuses 'nor has another program' 77 /bin/true "$TMP/copy"
echo text >"$TMP/text"
refuses 'a text is no program' 77 "$TMP/text" "$TMP/copy"
refuses 'a file that is not there' 1 "$TMP/missing" "$TMP/copy"
refuses 'one operand' 2 "$original"
done_testing
