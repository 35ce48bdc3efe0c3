#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A change of 1 % put into the module on purpose, a loop of 15 instructions a transmitted frame, is found by compare on the
# instruction clock, in size, too; and where it is not, nothing is found. Both modules are built from a copy of kmod/ and
# measured in one boot of the lab VM by one-percent-in-lab.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools
make -s -C "$ROOT/bench" BUILD="$BUILD" >&2 || exit 1

if [[ -n ${VHOSTLAB_LAB:-} ]]; then
	skip 'a change of 1 %' 'this is the lab VM: lab/run boots one from outside'
	done_testing
fi
headers=$("$ROOT/lab/kernel" headers) || {
	skip 'a change of 1 %' 'there are no kernel headers'
	done_testing
}
# Below the tree: the lab VM has a /tmp of its own.
work=$BUILD/tests/one-percent
rm -rf -- "$work"
mkdir -p -- "$work"

mkdir -- "$work/src"
cp -- "$ROOT"/kmod/{*.[ch],Kbuild,Makefile} "$work/src/"
sed -i '1i #define TEST_DELAY' "$work/src/gather.c"
sed -i 's/^\t\tmemcpy(hdr, &head, 8);$/\t\tTEST_DELAY;\n&/' "$work/src/gather.c"
is 'the place for the loop was found once' "$(grep -c '^[[:space:]]*TEST_DELAY;' "$work/src/gather.c")" 1

# module NAME: what is in the copy, as WORK/NAME/vhostlab_net.ko; the second time only gather.c is compiled
# shellcheck disable=SC2317 # called by run
module()
{
	make -j2 -C "$work/src" OUT="$work/out" KDIR="$headers" >"$work/$1.log" 2>&1 && mkdir "$work/$1" &&
		cp -- "$work/out/vhostlab_net.ko" "$work/$1/"
}
run module same
code 'the module builds from a copy' 0
# Two instructions per turn, and one before.
sed -i '1s/$/ { unsigned long left = 7; asm volatile("1: dec %0; jnz 1b" : "+r"(left)); }/' "$work/src/gather.c"
run module slow
code 'the slower module builds' 0

cat >"$work/one-percent.conf" <<'END'
[sweep]
clock = insn
repetitions = 3
[x]
server = vhostlab
workload = tx
size = 64
burst = 64
packets = 65536
END
mkdir "$work/results"
run "$ROOT/lab/run" --clock insn --timeout 300 --no-module --rw "$work/results" -- "$ROOT/tests/harness/one-percent-in-lab" "$BENCH" "$work"
if [[ $CODE -eq 77 ]]; then
	skip 'a change of 1 %' "the lab VM cannot run here: ${OUT##*$'\n'}"
	done_testing
fi
code 'both were measured' 0

options=(--metric cost_per_packet --fail-over 0.5%)
run "$BENCH/compare" "${options[@]}" "$work/results/first" "$work/results/again"
sed -n 's/^tx/# &/p' "$TMP/stdout"
code 'no change, no star' 0
says 'no change, no star' '0 significant (*)'
run "$BENCH/compare" "${options[@]}" "$work/results/first" "$work/results/slow"
sed -n 's/^tx/# &/p' "$TMP/stdout"
code 'the change is found' 1
says 'the change is found' '* worse'
# The loop also moves registers of the code around it.
is 'in its size: 15 instructions, within 4' \
	"$("$BENCH/compare" --json --metric cost_per_packet "$work/results/first" "$work/results/slow" | jq '.rows[0].shift - 15 | fabs < 4')" true
done_testing
