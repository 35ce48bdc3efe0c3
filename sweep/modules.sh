# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Kernel modules of the measuring machine. Sourced by cmd/sweep and cmd/trace.

# Kernel modules the three servers and the far ends need. Loaded before the first
# point, so that no point pays for it.
MODULES=(tun vhost_net pktgen dummy sch_ingress cls_matchall act_mirred)

# What was loaded here.
LOADED=()

# note_loading NAME: what modprobe will load for it goes into the journal of this machine, if there is
# one.
note_loading()
{
	local word file name
	[[ -n ${JOURNAL:-} ]] || return 0
	while read -r word file _; do
		[[ $word == insmod ]] || continue
		name=${file##*/}
		name=${name%%.ko*}
		name=${name//-/_}
		[[ -d /sys/module/$name ]] || "$BENCH/host" loading "$name" "$JOURNAL" || exit 1
	done < <(modprobe --show-depends "$1" 2>/dev/null)
}

# load NAME [PARAMETER]: what was not there is in $LOADED.
load()
{
	[[ ! -d /sys/module/$1 ]] || return 0
	note_loading "$1"
	if modprobe -q "$@"; then LOADED=("$1" "${LOADED[@]}"); fi
}

# load_ours FILE: the module of this project: that of the tree, or the one that DKMS has installed
load_ours()
{
	[[ ! -e /dev/vhostlab-net ]] || return 0
	[[ -r $1 ]] || {
		load vhostlab_net
		return 0
	}
	[[ -z ${JOURNAL:-} ]] || "$BENCH/host" loading vhostlab_net "$JOURNAL" || exit 1
	insmod "$1" || die 77 "sweep --host: $1: this kernel does not load it: leave out --host"
	LOADED=(vhostlab_net "${LOADED[@]}")
}

# Modules are loaded by root, and for no stand-in for the point program, unless this is the lab.
may_load()
{
	[[ $EUID -eq 0 && -z ${VHOSTLAB_SYSROOT:-} ]] && { in_lab || [[ -z ${VHOSTLAB_POINT:-} ]]; }
}

# For virtual machines: bench/vm/session would load it as well, but nothing would unload it.
load_kvm()
{
	may_load || return 0
	if grep -qw svm /proc/cpuinfo; then
		load kvm_amd
	elif grep -qw vmx /proc/cpuinfo; then
		load kvm_intel
	fi
}

# Loads what is missing; what was loaded is in $LOADED, to be unloaded by unload_modules, or in the
# journal.
load_modules()
{
	local name ko=$1
	LOADED=()
	may_load || return 0
	# The in-tree server takes 64 memory regions unless its parameter allows as many as QEMU may
	# have.
	load vhost max_mem_regions=509
	for name in "${MODULES[@]}"; do
		load "$name"
	done
	# The lab loads it itself, unless it is told not to.
	if ! in_lab || [[ -n ${JOURNAL:-} ]]; then load_ours "$ko"; fi
}

# The lab VM is discarded; a bare host is left as it was: by the journal where there is one.
unload_modules()
{
	local name
	[[ -z ${JOURNAL:-} ]] && ! in_lab || return 0
	for name in "${LOADED[@]}"; do
		rmmod "$name" 2>/dev/null || note "sweep: module $name is in use and stays loaded"
	done
}
