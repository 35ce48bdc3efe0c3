#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A wake-up that is lost would be seen: the module is built with a pause where a frame comes without waking its queue
# (__vhl_poll_back() in kmod/poll.c), and passes `away`; with one more step of that function left out, it does not.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../harness/lib/tap.sh"

if [[ -n ${VHOSTLAB_LAB:-} ]]; then
	skip 'a wake-up that is lost is seen' 'this is the lab VM: lab/run boots one from outside'
	done_testing
fi
headers=$("$ROOT/lab/kernel" headers) || {
	skip 'a wake-up that is lost is seen' 'the headers of the lab kernel cannot be had here'
	done_testing
}
make -s -C "$ROOT/tests/module" BUILD="$BUILD" >&2

# A faulty module is outside the tree that others build in, and inside what the VM sees.
mkdir -p "$BUILD/tests"
MODULES=$(mktemp -d "$BUILD/tests/away.XXXXXX")
trap 'rm -rf -- "$MODULES"; at_end' EXIT

# meets NAME EXPRESSION: `away` with the module in which sed has changed __vhl_poll_back()
meets()
{
	local dir=$MODULES/module
	rm -rf "$dir"
	mkdir -p "$dir/out"
	cp -r "$ROOT/kmod" "$dir/kmod"
	sed -i "/^bool __vhl_poll_back/,/^}/{$2}" "$dir/kmod/poll.c"
	if cmp -s "$ROOT/kmod/poll.c" "$dir/kmod/poll.c" ||
		! "$ROOT/lab/toolchain" "$headers" make -C "$dir/kmod" OUT="$dir/out" KDIR="$headers" -j"$(nproc)" >"$dir/log" 2>&1; then
		result "$1: it is in the module" 0 "$(cat "$dir/log")"
		return 1
	fi
	run "$ROOT/lab/run" --no-module --timeout 300 -- "$ROOT/tests/module/fault-in-vm" "$dir/out/vhostlab_net.ko" away
}

pause='s/^	if (likely(cmpxchg/	usleep_range(200, 400);\n&/'
if meets 'a pause' "$pause"; then
	bad=$(grep '^not ok' "$TMP/stdout" || true)
	result 'a pause: the test passes' "$((CODE == 0 && ${#bad} == 0 && $(grep -c '^1\.\.[1-9]' "$TMP/stdout" || true)))" \
		"exit code $CODE: ${bad:-$(tail -n 1 "$TMP/stderr")}"
fi
# NAME#EXPRESSION
faults=(
	'no second look#s/return true/return false/'
	'the entry is not added again#s/__add_wait_queue(.*);/;/'
)
for fault in "${faults[@]}"; do
	IFS='#' read -r name change <<<"$fault"
	meets "$name" "$pause;$change" || continue
	lost=$(grep -c '^not ok .* none left' "$TMP/stdout" || true)
	result "$name: frames are left" "$((lost > 0))" "exit code $CODE: $(tail -n 1 "$TMP/stderr")"
done
done_testing
