#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# make install with DESTDIR needs no dkms, and make uninstall leaves nothing of it but what is another's.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"

is 'the packages have the number of the module' "$(sed -n '1s/^vhostlab (\(.*\)) .*/\1/p' "$ROOT/debian/changelog")" \
	"$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$ROOT/kmod/dkms.conf")"

# A path that has no dkms.
mkdir "$TMP/bin"
for tool in install make sh sed rm rmdir bash cat; do
	ln -s "$(command -v "$tool")" "$TMP/bin/$tool"
done
for target in install uninstall; do
	run env PATH="$TMP/bin" make -C "$ROOT" "$target" DESTDIR="$TMP/root"
	code "$target without dkms" 0
	[[ $target == uninstall ]] || is 'all sources are there' "$(find "$TMP/root" -type f | wc -l)" \
		"$(find "$ROOT"/kmod -maxdepth 1 '(' -name '*.[ch]' -o -name Kbuild -o -name dkms.conf ')' | wc -l)"
done
is 'uninstall leaves no file' "$(find "$TMP/root" -type f | wc -l)" 0
run env PATH="$TMP/bin" make -C "$ROOT" install DESTDIR="$TMP/root"
touch "$(dirname "$(find "$TMP/root" -name dkms.conf)")/another"
run env PATH="$TMP/bin" make -C "$ROOT" uninstall DESTDIR="$TMP/root"
is 'a file of another stays' "$(find "$TMP/root" -type f -printf '%f')" another
run env PATH="$TMP/bin" make -C "$ROOT" install
result 'without DESTDIR it says what is missing' "$([[ $OUT == *'dkms is missing'* ]] && echo 1)" "$OUT"
done_testing
