#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The module's ring code against a hostile guest, in user space under sanitizers: inputs that a fuzzer found, and others by
# chance. The guest changes what the device is about to read; the device must touch no memory that it was not given, lose no
# frame or buffer, and come to an end. Then with a check taken out, one at a time: the same inputs must show it.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../harness/lib/tap.sh"
# shellcheck source=tests/ring/broken.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/broken.sh"

here=$ROOT/tests/ring
if ! make -s -C "$here" BUILD="$BUILD" >&2; then
	echo 'Bail out! the ring code does not build in user space'
	exit 1
fi
mapfile -t inputs < <(find "$here/corpus" -type f | LC_ALL=C sort)
run "$BUILD/tests/ring/replay" "${inputs[@]}"
code 'inputs that were found' 0
says 'inputs that were found' "${#inputs[@]} inputs"
run "$BUILD/tests/ring/replay" --random 0 3000
code 'inputs by chance' 0

for fault in "${faults[@]}"; do
	IFS='#' read -r name file old new says <<<"$fault"
	dir=$TMP/${name// /-}
	mkdir "$dir"
	text=$(<"$ROOT/kmod/$file")
	printf '%s\n' "${text/"$old"/"$new"}" >"$dir/$file"
	if cmp -s "$ROOT/kmod/$file" "$dir/$file" || ! make -s -C "$here" BUILD="$BUILD" broken BROKEN="$dir" >"$dir/log" 2>&1; then
		result "$name: the check was found" 0 "$(cat "$dir/log")"
		continue
	fi
	run timeout 120 "$dir/replay" "${inputs[@]}"
	result "$name: it is noticed" "$((CODE != 0 && CODE != 124))" "exit code $CODE"
	says "$name" "$says"
done

run "$BUILD/tests/ring/replay"
code 'no input' 2
run "$BUILD/tests/ring/replay" "$TMP/none"
code 'an input that is not there' 2
done_testing
