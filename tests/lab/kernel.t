#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The packages that lab/kernel asks the archive for: the newest release of a series; the common half of the headers of a -rt-
# kernel has another name; newer kernels have their image and modules in packages of their own. Fakes of apt-get and apt-cache
# answer as Debian's archive does; nothing is downloaded.
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
linux-image-) printf '%s\n' linux-image-6.1.0-{98,99,9}-amd64 linux-image-6.1.0-99-{cloud,rt}-amd64 \
	linux-image-6.12.99+deb12-{,rt-}amd64 linux-image-7.3.{4,10,9}+deb13-amd64 \
	linux-image-7.30.1+deb13-amd64 linux-image-amd64 linux-image-7.3.11+deb13-amd64-dbg ;;
linux-headers-7.3.10+deb13-amd64) depends linux-headers-7.3.10+deb13-amd64 '<gcc-14-for-host>' linux-base \
	linux-base-7.3.10+deb13-amd64 linux-headers-7.3.10+deb13-common linux-kbuild-7.3.10+deb13 ;;
linux-image-7.3.10+deb13-amd64) depends linux-image-7.3.10+deb13-amd64 '<linux-initramfs-tool>' \
	linux-base-7.3.10+deb13-amd64 linux-binary-7.3.10+deb13-amd64 linux-modules-7.3.10+deb13-amd64 ;;
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
asks 6.1 1 linux-image-6.1.0-99-amd64 linux-headers-6.1.0-99-amd64 linux-headers-6.1.0-99-common linux-kbuild-6.1
asks 7.3 1 linux-image-7.3.10+deb13-amd64 linux-headers-7.3.10+deb13-amd64 linux-headers-7.3.10+deb13-common \
	linux-kbuild-7.3.10+deb13 linux-base-7.3.10+deb13-amd64 linux-binary-7.3.10+deb13-amd64 linux-modules-7.3.10+deb13-amd64
asks 6.1.0-98-amd64 1
asks 7.2 77
grep -qF '(6.1 6.12 7.3 7.30)' "$tmp/out" && result=ok || result='not ok'
count=$((count + 1))
echo "$result $count - a series that is not there: what is there instead"
[[ $result == ok ]] || bad=1
asks 6.1.0-98-rt-armmp 2
echo "1..$count"
exit $bad
