#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# lab/correct.py takes one instruction out of the QEMU that nested guests run under, and leaves any program alone in which it does not
# find exactly that one. That guests survive with it, and not without, is shown by tests/guests/interrupts.soak.
set -Eeuo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.."

if [[ $(uname -m) != x86_64 ]]; then
	echo '1..0 # SKIP the lab boots x86-64 kernels only'
	exit 0
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
ok()
{
	n=$((n + 1))
	if [[ $1 == 0 ]]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}
check()
{
	local code=0
	"${@:2}" >"$tmp/out" 2>&1 || code=$?
	ok "$code" "$1"
	[[ $code -eq 0 ]] || sed 's/^/# /' "$tmp/out"
}
# ends CODE COMMAND...: with that code and one line
ends()
{
	local want=$1 code=0
	"${@:2}" >"$tmp/said" 2>&1 || code=$?
	cat "$tmp/said"
	[[ $code -eq $want && $(wc -l <"$tmp/said") -eq 1 ]]
}

command=$(lab/qemu --quiet 10.0)
corrected=${command%/*}/corrected
original=${command%/*}/usr/bin/qemu-system-x86_64
[[ -e $original ]] || original=$(command -v qemu-system-x86_64)
check "lab/qemu gives a QEMU that runs" "$command" --version
check "it is a corrected one" test -x "$corrected"
cmp -l "$original" "$corrected" >"$tmp/bytes" || true
check "six bytes at most differ from the package's" test "$(wc -l <"$tmp/bytes")" -ge 1 -a "$(wc -l <"$tmp/bytes")" -le 6
# shellcheck disable=SC2016 # for awk and sh
check "and they lie side by side" awk 'NR == 1 { first = $1 } END { exit !($1 - first < 6) }' "$tmp/bytes"
# shellcheck disable=SC2016
check "the same again gives the same file" sh -c 'python3 lab/correct.py "$1" "$2/again" && cmp "$2/again" "$3"' - "$original" "$tmp" "$corrected"
check "what is corrected has no such place: 77, and no file" ends 77 python3 lab/correct.py "$corrected" "$tmp/twice"
check "nor has another program" ends 77 python3 lab/correct.py /bin/true "$tmp/true"
echo text >"$tmp/text"
check "a text is no program" ends 77 python3 lab/correct.py "$tmp/text" "$tmp/copy"
check "a file that is not there ends with 1" ends 1 python3 lab/correct.py "$tmp/missing" "$tmp/copy"
check "one operand is wrong use" ends 2 python3 lab/correct.py "$original"
check "none of these left a file" test -z "$(find "$tmp" -name 'twice*' -o -name 'true*' -o -name 'copy*')"
echo "1..$n"
