# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the running kernel does by default and a packet pays for: the values in effect, not what the
# command line asks for. Sourced by sweep/env.sh.

# What the kernel was built with, where that is known.
kernel_config()
{
	local file
	for file in /proc/config.gz "/boot/config-$(uname -r)" "${VHOSTLAB_BUILD:-$root/build}/kernels/$(uname -r)/config"; do
		[[ -r $file ]] || continue
		zcat -f -- "$file"
		return 0
	done
}

# chosen FILE: the word in brackets, or in parentheses, of a file that lists what could be chosen
chosen()
{
	[[ ! -r $1 ]] || sed -n 's/.*[[(]\([^])]*\)[])].*/\1/p' "$1"
}

# boolean PARAMETER OPTION: what cannot be read back: on or off by the command line, else as built
boolean()
{
	local said
	said=$(tr ' ' '\n' </proc/cmdline | sed -n "s/^$1=//p" | tail -n 1)
	if [[ -z $said ]]; then
		[[ -n $built ]] || return 0
		said=off
		! grep -qx "$2=y" <<<"$built" || said=on
	fi
	case $said in 1 | y | Y) said=on ;; 0 | n | N) said=off ;; esac
	printf '%s' "$said"
}

kernel_defaults()
{
	local built memory name file sched=/sys/kernel/debug/sched thp=/sys/kernel/mm/transparent_hugepage
	built=$(kernel_config)
	# It tells this once, when it starts.
	memory=$(dmesg 2>/dev/null | sed -n 's/.*mem auto-init: //p' | head -n 1)
	{
		printf 'init_on_alloc\t%s\n' "$(sed -n 's/.*heap alloc:\([a-z]*\).*/\1/p' <<<"$memory")"
		printf 'init_on_free\t%s\n' "$(sed -n 's/.*heap free:\([a-z]*\).*/\1/p' <<<"$memory")"
		printf 'init_stack\t%s\n' "$(sed -n 's/.*stack:\([^,]*\),.*/\1/p' <<<"$memory")"
		printf 'hardened_usercopy\t%s\n' "$(boolean hardened_usercopy CONFIG_HARDENED_USERCOPY)"
		printf 'randomize_kstack_offset\t%s\n' \
			"$(boolean randomize_kstack_offset CONFIG_RANDOMIZE_KSTACK_OFFSET_DEFAULT)"
		printf 'preempt\t%s\n' "$(chosen $sched/preempt)"
		printf 'transparent_hugepage\t%s\n' "$(chosen $thp/enabled)"
		printf 'transparent_hugepage_defrag\t%s\n' "$(chosen $thp/defrag)"
		printf 'page_alloc_shuffle\t%s\n' "$(cat /sys/module/page_alloc/parameters/shuffle 2>/dev/null || true)"
		printf 'hz\t%s\n' "$(sed -n 's/^CONFIG_HZ=//p' <<<"$built")"
		for name in latency_ns min_granularity_ns wakeup_granularity_ns base_slice_ns; do
			file=$sched/$name
			printf 'sched_%s\t%s\n' "$name" "$(cat "$file" 2>/dev/null || true)"
		done
	} | grep -v $'\t$' || true
}
