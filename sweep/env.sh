#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Prints env.json: everything about the measuring machine that can change a number.
# Runs on that machine. What only the caller knows (git revision, date, seed) comes in
# the environment, because inside the lab VM git distrusts the tree's owner and the
# clock does not show the time of day.
#
#   sweep/env.sh CONFIG CLOCK
set -Eeuo pipefail

config=$1 clock=$2
# The place of the tree is private: paths in it are written relative to it.
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
qemu_args=${VHOSTLAB_QEMU_ARGS:-}
release=$(uname -r)

cpu_model()
{
	sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1
}

# name<TAB>value of each file in a folder
files_of()
{
	local file
	for file in "$@"; do
		[[ -r $file ]] || continue
		printf '%s\t%s\n' "${file##*/}" "$(tr '\n\t' '  ' <"$file" | sed 's/ *$//')"
	done
}

sysctls()
{
	local name path
	for name in net.core.busy_poll net.core.busy_read net.core.netdev_budget net.core.rps_sock_flow_entries \
		net.core.default_qdisc net.core.bpf_jit_enable kernel.sched_rt_runtime_us kernel.randomize_va_space \
		kernel.perf_event_paranoid kernel.numa_balancing kernel.timer_migration vm.swappiness; do
		path=/proc/sys/${name//./\/}
		[[ -r $path ]] && printf '%s\t%s\n' "$name" "$(cat "$path")"
	done
	return 0
}

# srcversion<TAB>sha256 of a module: what is loaded, and the file it came from. Empty where there is
# none.
module()
{
	local version='' sum='' file=$2
	[[ -r /sys/module/$1/srcversion ]] && version=$(cat "/sys/module/$1/srcversion")
	[[ -n $file && -r $file ]] && sum=$(sha256sum "$file" | cut -d' ' -f1)
	printf '%s\t%s' "$version" "$sum"
}

# shellcheck source=sweep/defaults.sh
source "$root/sweep/defaults.sh"

intree=$(modinfo -n vhost_net 2>/dev/null || true)

# Of a machine that is no lab VM: its processors, and what state they are in.
host=null
[[ -z ${VHOSTLAB_CPUS:-} ]] || host=$("${VHOSTLAB_BUILD:-$root/build}/bench/host" describe "$VHOSTLAB_CPUS")

# What is for the first process is nothing of the kernel's.
cmdline=$(sed -E 's/ -- .*//; s/ ?\b(rd)?init=[^ ]*//g' /proc/cmdline)

jq -n \
	--arg experiment "$(basename "$config" .conf)" \
	--arg config_sha256 "$(sha256sum "$config" | cut -d' ' -f1)" \
	--arg date "${VHOSTLAB_DATE:-}" \
	--arg revision "${VHOSTLAB_REVISION:-}" \
	--arg share "${VHOSTLAB_SHARE:-}" \
	--arg node "${VHOSTLAB_NODE:-}" \
	--argjson seed "${VHOSTLAB_SEED:-null}" \
	--argjson dirty "${VHOSTLAB_DIRTY:-null}" \
	--arg kernel "$release" \
	--arg kernel_version "$(uname -v)" \
	--arg cmdline "$cmdline" \
	--arg cpu "$(cpu_model)" \
	--arg host_cpu "${VHOSTLAB_HOST_CPU:-}" \
	--argjson cpus "$(nproc)" \
	--argjson memory_mib "$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)" \
	--arg accel "${VHOSTLAB_ACCEL:-bare}" \
	--arg clock "$clock" \
	--arg qemu "${VHOSTLAB_QEMU:-}" \
	--arg qemu_args "${qemu_args//"$root"/.}" \
	--arg mitigations "$(files_of /sys/devices/system/cpu/vulnerabilities/*)" \
	--arg sysctls "$(sysctls)" \
	--arg append "${VHOSTLAB_APPEND:-}" \
	--arg kernel_defaults "$(kernel_defaults)" \
	--arg intree_parameters "$(files_of /sys/module/vhost_net/parameters/* /sys/module/vhost/parameters/*)" \
	--arg ours "$(module vhostlab_net "${VHOSTLAB_KO:-}")" \
	--arg module_parameters "$(files_of /sys/module/vhostlab_net/parameters/*)" \
	--argjson host "$host" \
	--arg intree "$(module vhost_net "$intree")" \
	'def none: if . == "" then null else . end;
	def object: [split("\n")[] | select(. != "") | split("\t") | {(.[0]): .[1]}] | add // {};
	def origin: split("\t") | {loaded: (.[0] != ""), srcversion: (.[0] | none), sha256: (.[1] | none)};
	{experiment: $experiment, config_sha256: $config_sha256, seed: $seed, date: ($date | none),
	 git: {revision: ($revision | none), dirty: $dirty},
	 kernel: $kernel, kernel_version: $kernel_version, cmdline: $cmdline, append: ($append | none),
	 kernel_defaults: ($kernel_defaults | object), mitigations: ($mitigations | object),
	 cpu: $cpu, cpus: $cpus, host_cpu: ($host_cpu | none), memory_mib: $memory_mib,
	 accel: $accel, clock: $clock, qemu: ($qemu | none), qemu_args: ($qemu_args | none),
	 module: (($ours | origin) + {parameters: ($module_parameters | object)}),
	 intree: (($intree | origin) + {parameters: ($intree_parameters | object)}),
	 sysctls: ($sysctls | object)}
	+ if $share == "" then {} else {share: $share, node: $node} end
	+ if $host == null then {} else {host: $host} end'
