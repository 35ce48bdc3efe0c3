# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Runs a .t file in the lab VM. Sourced; changes to the top of the tree. A file that cannot run here
# has the reason in its plan and ends with 0.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
build=${VHOSTLAB_BUILD:-$PWD/build}

skip_all()
{
	echo "1..0 # SKIP $*"
	exit 0
}

# need TOOL...
need()
{
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip_all "$tool is not installed: run ./run.sh setup"
	done
}

# need_package PACKAGE...: for packages without a command
need_package()
{
	local package
	for package in "$@"; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' ||
			skip_all "$package is not installed: apt-get install $package"
	done
}

# need_build DIRECTORY...: the programs of these folders
need_build()
{
	local folder
	mkdir -p "$build"
	for folder in "$@"; do
		flock "$build/.make.lock" make -s -C "$folder" BUILD="$build" >&2 || {
			echo "Bail out! $folder does not build"
			exit 1
		}
	done
}

# tap_from_lab OPTION-OF-LAB/RUN... -- COMMAND...: the command's output is the file's TAP, the end
# of the file
tap_from_lab()
{
	local status=0
	[[ -z ${VHOSTLAB_LAB:-} ]] || skip_all 'this is the lab VM: lab/run boots one from outside'
	lab/run "$@" || status=$?
	case $status in
	0) exit 0 ;;
	77) skip_all 'the lab VM cannot run here, its reason is above' ;;
	*)
		# Without a plan prove reports the whole file as failed.
		echo "# lab/run ended with exit code $status"
		exit 1
		;;
	esac
}
