# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Kernels in the layout that lab/run boots: what both those that are fetched and those that are built here need. Sourced.

# Modules that the lab VM needs, or that must be built in.
# shellcheck disable=SC2034 # for the scripts that source this
NEEDED=(9p 9pnet_virtio virtio_pci virtio_console tun vhost_net veth pktgen)

# install_built OBJECTS DIR RELEASE: image, configuration and modules of the kernel that was built there, to DIR. The image stays
# in its wrapper: what the PVH entry of the bare one runs first is instrumented in a debug kernel. Callers ask how it ended, and
# then bash does not stop at a failure by itself: each step is tied to the one before.
install_built()
{
	rm -rf -- "$2" && mkdir -p -- "$2" &&
		cp -- "$1/arch/x86/boot/bzImage" "$2/vmlinuz" &&
		cp -- "$1/.config" "$2/config" &&
		make -C "$1" INSTALL_MOD_PATH="$2" INSTALL_MOD_STRIP=1 modules_install &&
		rm -f -- "$2/lib/modules/$3/build" "$2/lib/modules/$3/source" &&
		ln -sfn ../../../headers "$2/lib/modules/$3/build"
}
