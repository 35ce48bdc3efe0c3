# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A sweep on a machine that is no lab VM: its processors, its module, and that it is left as it was found. Sourced by
# cmd/sweep.

# Where it is written what was changed on this machine, until that is restored.
# shellcheck disable=SC2034 # for modules.sh
JOURNAL=''

# choose_cpus CLOCK: in $CPUS, the processors of guest, server and far end. A run that is resumed keeps its own. The
# instruction clock has one processor only.
choose_cpus()
{
	local recorded='' list=()
	[[ $HOST == 1 && $1 == wall ]] || {
		[[ -z $CPUS ]] || die 2 "--cpus: $CPUS: processors are chosen with --host and --clock wall only: leave out --cpus"
		[[ $TUNE == 0 ]] || die 2 "--tune: settings are changed with --host and --clock wall only: leave out --tune"
		return 0
	}
	[[ $RESUME == 0 || ! -s $OUT/env.json ]] ||
		recorded=$(jq -r '.host.cpus // [] | map(tostring) | join(",")' "$OUT/env.json")
	list=(${CPUS:+"$CPUS"})
	[[ -n $CPUS || -z $recorded ]] || list=("$recorded")
	CPUS=$("$BENCH/host" cpus "${list[@]}") || exit $?
	[[ -z $recorded || $CPUS == "$recorded" ]] ||
		die 2 "--cpus: $CPUS: this run began on processors $recorded: leave out --cpus"
}

# Is this machine's own state changed? A stand-in for the point program measures nothing; a test
# gives it a made-up machine.
changes_host()
{
	[[ -n $CPUS ]] && { [[ -z ${VHOSTLAB_POINT:-} ]] || [[ -n ${VHOSTLAB_SYSROOT:-} ]]; }
}

# build_here [no-trace]: the module for the running kernel, where its headers are. DKMS may have one, too; a server that is
# not there is skipped with its reason.
build_here()
{
	local release headers out flags=()
	in_lab && return 0
	release=$(uname -r)
	headers=/lib/modules/$release/build
	out=$BUILD/kmod/$release${1:+/$1}
	[[ -z ${1:-} ]] || flags=(KFLAGS=VHL_NO_TRACE=y)
	if [[ ! -d $headers ]]; then
		note "sweep --host: $headers: not there: without the headers of this kernel the module is that of DKMS, or none"
		return 0
	fi
	mkdir -p -- "$out"
	make -s -C "$ROOT/kmod" OUT="$out" KDIR="$headers" "KCFLAGS=-ffile-prefix-map=$ROOT=." "${flags[@]}" >"$out/build.log" 2>&1 || {
		cat -- "$out/build.log" >&2
		die 1 "sweep --host: the module does not build for Linux $release: see the lines above"
	}
}

# host_begin: takes this machine for the sweep, restores what an earlier one has left changed, and changes or names what may
# disturb.
host_begin()
{
	local state=$BUILD/host
	changes_host || return 0
	[[ -z ${XDG_STATE_HOME:-} ]] || state=$XDG_STATE_HOME/vhostlab
	mkdir -p -- "$state" 2>/dev/null ||
		die 1 "sweep --host: $state: cannot be created: choose another place with XDG_STATE_HOME"
	exec {host_lock}>"$state/lock" || die 1 "sweep --host: $state/lock: cannot be written: choose another place with XDG_STATE_HOME"
	# Whatever it started holds this, too: until all of it has ended.
	flock -n "$host_lock" || die 1 "sweep --host: another sweep measures on this machine: wait for it"
	if [[ -e $state/journal ]]; then
		"$BENCH/host" restore "$state/journal" found ||
			note "sweep --host: not all could be restored: see the lines above"
	fi
	JOURNAL=$state/journal
	if [[ $TUNE == 1 ]]; then
		"$BENCH/host" tune "$CPUS" "$JOURNAL" || exit 1
	else
		"$BENCH/host" advise "$CPUS"
	fi
}

# host_end: as it was
host_end()
{
	[[ -n $JOURNAL && -e $JOURNAL ]] || return 0
	"$BENCH/host" restore "$JOURNAL" ||
		note "sweep --host: not all could be restored: the next sweep tries again"
}
