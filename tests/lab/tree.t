#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# lab/kernel-tree: a kernel that was built in a tree of its own boots in the lab, is copied again when it was built again, and is
# measured beside a packaged one. The tree is a stand-in: the packaged kernel under another release, with a makefile that installs
# its modules; what one that was built from source needs is the same.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../harness/lib/tap.sh"
if [[ -n ${VHOSTLAB_LAB:-} ]]; then
	skip 'a kernel tree' 'this is the lab VM: kernels are taken outside'
	done_testing
fi
if ! packaged=$("$ROOT/lab/kernel" path); then
	skip 'a kernel tree' 'there is no packaged kernel to make one of'
	done_testing
fi
release=$("$ROOT/lab/kernel" release)
tree=$TMP/tree
taken() { run "$ROOT/lab/kernel-tree" "$tree"; }
# A build folder of its own: the release of the stand-in is that of the packaged one, which the image says itself.
mkdir -p "$TMP/build" "$tree/arch/x86/boot"
for file in "$BUILD"/*; do
	[[ ${file##*/} == kernels || ${file##*/} == kmod ]] || ln -s "$file" "$TMP/build/"
done
export VHOSTLAB_BUILD=$TMP/build

run "$ROOT/lab/kernel-tree"
code 'no tree named' 2
run "$ROOT/lab/kernel-tree" "$TMP/nothing"
code 'no such folder' 2
says 'no such folder' 'there is no such folder'
taken
code 'not configured' 2
says 'not configured' 'no kernel was configured there'
touch "$tree/.config"
# shellcheck disable=SC2016 # make expands it
installed='$(INSTALL_MOD_PATH)'/lib/modules
cat >"$tree/Makefile" <<EOC
kernelrelease:
	@cat release
modules_install:
	@mkdir -p $installed
	@cp -rsL '$packaged/lib/modules/$release' $installed/
	@rm -rf $installed/$release/build
EOC
echo "$release" >"$tree/release"
taken
code 'not built' 2
says 'not built' 'make bzImage modules'
cp -L -- "$packaged/vmlinuz" "$tree/arch/x86/boot/bzImage"
touch "$tree/modules.order"
echo 6.1.77 >"$tree/release"
taken
code 'a release that a package may have as well' 2
says 'a release that a package may have as well' 'CONFIG_LOCALVERSION'
echo "$release" >"$tree/release"
printf '\t@test ! -e broken\n' >>"$tree/Makefile"
touch "$tree/broken"
taken
code 'modules that cannot be installed' 1
says 'modules that cannot be installed' 'its modules cannot be installed'
is 'they leave no kernel' "$(find "$TMP/build/kernels" -mindepth 1 -maxdepth 1 ! -name '.tree*' | wc -l)" 0
rm "$tree/broken"
run "$ROOT/lab/kernel-tree" --dry-run "$tree"
is 'a dry run names the release, and copies nothing' \
	"$CODE $TEXT $(find "$TMP/build/kernels" -mindepth 1 -maxdepth 1 ! -name '.tree*' | wc -l)" "0 $release 0"
taken
code 'a tree is taken' 0
is 'its release is printed' "$TEXT" "$release"
says 'it says so' "copying linux $release"
is 'its modules are there' "$(find "$TMP/build/kernels/$release/lib/modules" -name 'vhost_net.ko*' | wc -l)" 1
is 'modules are built against the tree' "$(readlink -f "$TMP/build/kernels/$release/headers")" "$(readlink -f "$tree")"
taken
is 'taken once' "$CODE $TEXT$(cat "$TMP/stderr")" "0 $release"
sleep 1
touch "$tree/arch/x86/boot/bzImage"
taken
says 'built again, taken again' "copying linux $release"
run "$ROOT/lab/run" --quiet --no-module --kernel "$release" --timeout 120 -- \
	sh -c 'uname -r; modprobe -a tun vhost_net && echo loaded'
if [[ $CODE -eq 77 ]]; then
	skip 'it boots' "the lab VM cannot run here: ${OUT##*$'\n'}"
else
	code 'it boots' 0
	is 'and has its modules' "$(xargs <<<"$TEXT")" "$release loaded"
fi
rm -f "$TMP/build/kernels/$release/.tree"
taken
code 'the release of another kernel of the lab' 2
says 'the release of another kernel of the lab' 'that of another kernel'
rm -rf "$TMP/build/kernels/$release"
printf '\t@%s\n' "find $installed -name '*9p*' -delete" "sed -i /9p/d $installed/$release/modules.dep" >>"$tree/Makefile"
taken
code 'a kernel without what the lab needs' 77
says 'a kernel without what the lab needs' 'needs 9p 9pnet_virtio'
is 'and leaves nothing' "$(find "$TMP/build/kernels" -mindepth 1 -maxdepth 1 ! -name '.tree*' | wc -l)" 0

run "$ROOT/run.sh" sweep "$ROOT/configs/quick.conf" --dry-run --kernel-tree "$TMP/nothing"
code 'a sweep of a tree that is not there' 2
done_testing
