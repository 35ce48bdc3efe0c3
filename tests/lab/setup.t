#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# lab/setup and its list: every line of the list says why, what is missing is named, and nothing is installed unasked by
# a user who may not. Works on a copy whose list has one package that does not exist.
set -Eeuo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.."

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
chmod 755 "$tmp"
count=0
bad=0

# ok NAME COMMAND...: one TAP line
ok()
{
	local name=$1
	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		bad=1
		{ echo "exit code ${code:-}"; cat "$tmp/out" "$tmp/err"; } | sed 's/^/# /'
	fi
}

setup()
{
	code=0
	"$tmp/lab/setup" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || code=$?
}

: >"$tmp/out"
: >"$tmp/err"
odd=$(grep -vE '^(#.*|)$|^[a-z0-9][a-z0-9.+-]+ +# (run|check|lint|debug|deb): .+' lab/packages.txt || true)
ok "every package of the list has a group and a reason" test -z "$odd"
twice=$(sed -n 's/^\([a-z0-9][^ ]*\) .*/\1/p' lab/packages.txt | sort | uniq -d)
ok "none is there twice" test -z "$twice"

linters=$(sed -n 's/ .*# lint: .*//p' lab/packages.txt)
ok "there are linters in the list" test -n "$linters"
# What each door asks for, by a setup that only says so.
mkdir -p "$tmp/tree/lab" "$tmp/tree/cmd"
cp Makefile "$tmp/tree/"
cp cmd/common.sh cmd/shell "$tmp/tree/cmd/"
cp lab/lib.sh "$tmp/tree/lab/"
printf '#!/bin/sh\necho "asked: $*" >&2\nexit 77\n' >"$tmp/tree/lab/setup"
chmod +x "$tmp/tree/lab/setup"
# shellcheck disable=SC2317 # called by ok
asks()
{
	local want=$1
	shift
	(cd "$tmp/tree" && "$@") >"$tmp/out" 2>"$tmp/err" </dev/null || true
	grep -qx "asked: $want" "$tmp/err"
}
ok "a command installs what it needs to run" asks '--yes run' cmd/shell -- true
ok "make check adds the tests' packages" asks '--yes run check' make check
ok "make lint adds the linters" asks '--yes run lint' make lint

mkdir "$tmp/lab"
cp lab/setup lab/lib.sh "$tmp/lab/"
printf '%s\n' 'bash  # run: is always there' >"$tmp/lab/packages.txt"
setup
ok "nothing missing: 0 and silence" test "$code$(cat "$tmp/out" "$tmp/err")" = 0
echo 'vhostlab-no-such-package  # lint: cannot be installed' >>"$tmp/lab/packages.txt"
setup --list
ok "what is missing is listed" test "$code $(cat "$tmp/out")" = "0 vhostlab-no-such-package"
setup --list run
ok "a group that misses nothing lists nothing" test "$code$(cat "$tmp/out")" = 0
setup --frob
ok "an unknown word is wrong use" test "$code" = 2

# A user who is neither root nor may become root without a password.
if [[ $(id -u) == 0 ]]; then
	code=0
	setpriv --reuid=65534 --regid=65534 --clear-groups "$tmp/lab/setup" >"$tmp/out" 2>"$tmp/err" </dev/null || code=$?
	ok "who may not install gets 77" test "$code" = 77
	ok "and the command for root" grep -q \
		'have root run: apt-get install --no-install-recommends vhostlab-no-such-package' "$tmp/err"
else
	echo "ok $((count += 1)) - who may not install gets 77 # SKIP only root can become a user without rights"
fi
echo "1..$count"
exit $bad
