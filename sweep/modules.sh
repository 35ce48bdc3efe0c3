# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Kernel modules of the measuring machine. Sourced by cmd/sweep and cmd/trace.

# Kernel modules the three servers and the far ends need. Loaded before the first
# point, so that no point pays for it.
MODULES=(tun vhost_net pktgen dummy sch_ingress cls_matchall act_mirred)

LOADED=()

# Loads what is missing; what was loaded is in $LOADED, to be unloaded by unload_modules.
load_modules()
{
	local name ko=$1
	LOADED=()
	[[ $EUID -eq 0 ]] && { in_lab || [[ -z ${VHOSTLAB_POINT:-} ]]; } || return 0
	# The in-tree server takes 64 memory regions unless its parameter allows as many as QEMU may
	# have.
	if [[ ! -d /sys/module/vhost ]] && modprobe -q vhost max_mem_regions=509; then LOADED=(vhost); fi
	for name in "${MODULES[@]}"; do
		[[ ! -d /sys/module/$name ]] || continue
		if modprobe -q "$name"; then LOADED=("$name" "${LOADED[@]}"); fi
	done
	if ! in_lab && [[ ! -e /dev/vhostlab-net && -r $ko ]]; then
		insmod "$ko" || die 77 "sweep --host: $ko: this kernel does not load it: leave out --host"
		LOADED=(vhostlab_net "${LOADED[@]}")
	fi
}

# The lab VM is discarded; a bare host is left as it was.
unload_modules()
{
	local name
	! in_lab || return 0
	for name in "${LOADED[@]}"; do
		rmmod "$name" 2>/dev/null || note "sweep: module $name is in use and stays loaded"
	done
}
