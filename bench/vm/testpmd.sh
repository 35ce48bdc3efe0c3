# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# DPDK's testpmd, as the vhost-user switch and the DPDK guests start it. Sourced after common.sh.

# testpmd_missing PACKAGE...: ends with the reason unless testpmd and these drivers of it are installed
testpmd_missing()
{
	local package
	for package in dpdk-dev librte-mempool-ring23 "$@"; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' ||
			die 77 "testpmd: $package is not installed: run ./run.sh setup"
	done
}

# testpmd PREFIX EAL-OPTION... -- OPTION...: becomes testpmd; call it in the background
# Ordinary pages and no PCI device, so it needs nothing prepared. One thread forwards, one takes commands; both may run on
# any processor, as the machine may have fewer of them than busy threads. Its output comes line by line, so that it can be
# waited for.
testpmd()
{
	local prefix=$1 cpus
	shift
	cpus="(0-$(($(nproc --all) - 1)))"
	exec stdbuf -oL dpdk-testpmd --no-huge -m 256 --no-pci --no-telemetry --file-prefix "$prefix" \
		--lcores "0@$cpus,1@$cpus" "$@" --total-num-mbufs=8192
}
