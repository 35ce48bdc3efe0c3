#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The packages that lab/kernel asks the archive for: the common half of the headers of a -rt- kernel has another name. Fakes of
# apt-get and apt-cache answer as Debian's archive does; nothing is downloaded.
set -Eeuo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.."

if [[ $(uname -m) != x86_64 ]]; then
	echo '1..0 # SKIP the lab boots x86-64 kernels only'
	exit 0
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/bin"
cat >"$tmp/bin/apt-get" <<'EOC'
#!/bin/bash
while [[ $1 == -* ]]; do
	[[ $1 != -o ]] || shift
	shift
done
case "$*" in
'update --print-uris') echo "'http://deb.invalid/debian/dists/bookworm/InRelease' deb.invalid 0" ;;
download*) echo "${*:2}" >>"$ASKED" && exit 100 ;;
esac
EOC
cat >"$tmp/bin/apt-cache" <<'EOC'
#!/bin/bash
depends()
{
	printf '%s\n' "$1"
	printf '  Depends: %s\n' "${@:2}"
}
case ${*: -1} in
linux-image-amd64) depends linux-image-amd64 linux-image-6.1.0-99-amd64 ;;
linux-headers-6.1.0-99-amd64) depends linux-headers-6.1.0-99-amd64 \
	linux-headers-6.1.0-99-common linux-kbuild-6.1 linux-compiler-gcc-12-x86 ;;
linux-headers-6.1.0-99-rt-amd64) depends linux-headers-6.1.0-99-rt-amd64 \
	linux-headers-6.1.0-99-common-rt linux-kbuild-6.1 linux-compiler-gcc-12-x86 ;;
linux-headers-6.12.99+deb12-rt-amd64) depends linux-headers-6.12.99+deb12-rt-amd64 \
	linux-headers-6.12.99+deb12-common-rt linux-image-6.12.99+deb12-rt-amd64 \
	linux-kbuild-6.12.99+deb12 gcc-12-for-host ;;
*) exit 100 ;;
esac
EOC
chmod +x "$tmp/bin"/*
export ASKED=$tmp/asked

count=0
bad=0
# asks RELEASE CODE PACKAGE...: lab/kernel asks for exactly these, and ends with that code
asks()
{
	local release=$1 want=$2 code=0 got
	shift 2
	: >"$ASKED"
	PATH=$tmp/bin:$PATH VHOSTLAB_BUILD=$tmp/build lab/kernel --kernel "$release" fetch >"$tmp/out" 2>&1 </dev/null || code=$?
	got=$(<"$ASKED")
	count=$((count + 1))
	if [[ $code == "$want" && $got == "$*" ]]; then
		echo "ok $count - $release: asks for ${*:-nothing}"
	else
		echo "not ok $count - $release: asks for ${*:-nothing}"
		{ echo "exit code $code, asked for: $got"; cat "$tmp/out"; } | sed 's/^/# /'
		bad=1
	fi
}

asks 6.1.0-99-amd64 1 linux-image-6.1.0-99-amd64 linux-headers-6.1.0-99-amd64 \
	linux-headers-6.1.0-99-common linux-kbuild-6.1
asks 6.1.0-99-rt-amd64 1 linux-image-6.1.0-99-rt-amd64 linux-headers-6.1.0-99-rt-amd64 \
	linux-headers-6.1.0-99-common-rt linux-kbuild-6.1
asks 6.12.99+deb12-rt-amd64 1 linux-image-6.12.99+deb12-rt-amd64 linux-headers-6.12.99+deb12-rt-amd64 \
	linux-headers-6.12.99+deb12-common-rt linux-kbuild-6.12.99+deb12
asks 6.1.0-98-amd64 1
asks 6.1.0-98-rt-armmp 2
echo "1..$count"
exit $bad
