# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The way of a .t file with QEMU guests into the lab VM. Sourced; moves to the top of the tree.
# VHOSTLAB_TEST_DEVICE=/dev/vhost-net shows the in-tree module's answer to the same test.

# shellcheck source=tests/lib/lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lab.sh"
device=${VHOSTLAB_TEST_DEVICE:-/dev/vhostlab-net}
count=0

# build_stream: the traffic program; sets stream
build_stream()
{
	# shellcheck disable=SC2034 # for the .t files
	stream=$build/tests/guests/stream
	need_build tests/guests
}

# in_lab KERNEL SECONDS SCRIPT [ARGUMENT...]: SCRIPT DEVICE RELEASE KERNEL_DIR ARGUMENT... in the lab VM
in_lab()
{
	local kernel=$1 seconds=$2 script=$3
	shift 3
	lab/run --clock wall --nested --kernel "$kernel" --mem 2048 --timeout "$seconds" -- "tests/guests/$script" \
		"$device" "$(lab/kernel --kernel "$kernel" release)" "$(lab/kernel --kernel "$kernel" path)" "$@"
}

# subtest TEXT COMMAND...: the command's own TAP, indented, and one line of ours.
# Exit code 75 says that not the module but the machine below it failed (lab/run,
# machine_fell() of guest.sh). That has not been seen since QEMU is the corrected
# one, and would be a fault to be found: it fails the test as any other.
subtest()
{
	local text=$1 status=0
	shift
	count=$((count + 1))
	"$@" | sed -u 's/^/    /' || status=$?
	case $status in
	0) echo "ok $count - $text" ;;
	77) echo "ok $count - $text # SKIP the lab VM cannot run here" ;;
	*)
		echo "not ok $count - $text"
		echo "# ended with exit code $status$( ((status != 75)) || echo ': the machine below failed, see above')"
		;;
	esac
}
