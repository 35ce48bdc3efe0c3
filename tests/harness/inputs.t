#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every mistake in a configuration or on the command line gets one clear line and exit code 2.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

# bad NAME LINE SAYS... < CONFIG
bad()
{
	local name=$1 line=$2 text
	shift 2
	cat >"$TMP/bad.conf"
	run "$BENCH/plan" "$TMP/bad.conf"
	code "$name" 2
	says "$name" "vhostlab: config: $TMP/bad.conf:$line: "
	for text in "$@"; do says "$name" "$text"; done
}

bad 'unknown server' 3 'server = vmnet is not known' 'userspace, intree, vhostlab' <<'EOC'
# a comment
[x]
server = vmnet
workload = tx
EOC
bad 'unknown workload' 3 'workload = pong is not known; allowed: tx, rx, rr, echo, ping' <<'EOC'
[x]
server = intree
workload = pong
EOC
bad 'unknown sink' 4 'allowed: check, stack, xdp_drop, forward' <<'EOC'
[x]
server = intree
workload = tx
sink = null
EOC
bad 'unknown key' 4 'key colour is not known in [x]' 'server' 'knob.NAME' <<'EOC'
[x]
server = intree
workload = tx
colour = blue
EOC
bad 'unknown key of [sweep]' 2 'key repeat is not known in [sweep]' 'repetitions' <<'EOC'
[sweep]
repeat = 3
[x]
server = intree
workload = tx
EOC
for time in 2 0s 9ms 3601s 2m -1s 1.5s s; do
	bad "duration = $time" 2 "duration = $time is not known; allowed: 10ms to 3600s" <<EOC
[sweep]
duration = $time
[x]
server = intree
workload = tx
EOC
done
bad 'unknown knob' 4 'knob colour is not known' 'event_idx' <<'EOC'
[x]
server = intree
workload = tx
knob.colour = 1
EOC
bad 'knob out of range' 4 'knob.ring = 100' 'a power of two' <<'EOC'
[x]
server = intree
workload = tx
knob.ring = 64, 100
EOC
for number in 0 -1 1e3 64k 1.5 99999999999999999999 007; do
	bad "size $number" 4 "size = $number is not known; allowed: a whole number from" <<EOC
[x]
server = intree
workload = tx
size = 64, $number
EOC
done
bad 'repetitions 0' 2 'allowed: a whole number from 1' <<'EOC'
[sweep]
repetitions = 0
[x]
server = intree
workload = tx
EOC
bad 'no server' 1 'has no server and neither has [defaults]' <<'EOC'
[x]
workload = tx
EOC
bad 'no cells' 2 'there is no section with cells' <<'EOC'
[sweep]
question = why?
EOC
bad 'neither section nor key' 3 'neither a section, nor key = value' <<'EOC'
[x]
server = intree
nonsense
EOC
bad 'key twice' 3 'given twice' 'line 2' <<'EOC'
[x]
server = intree
server = vhostlab
workload = tx
EOC
bad 'value twice' 2 'names intree twice' <<'EOC'
[x]
server = intree, intree
workload = tx
EOC
for key in 'question = a' 'kernel = 6.1' 'append = quiet' 'clock = insn' 'repetitions = 3' 'packets = 4' \
	'duration = 2s' 'timeout = 5' 'control = no' 'precision = 1%'; do
	bad "[sweep] ${key%% *} twice" 3 "${key%% *} is given twice in this section (first in line 2)" <<EOC
[sweep]
$key
$key
[x]
server = intree
workload = tx
EOC
done
for key in packets repetitions; do
	bad "$key of a section twice" 5 "$key is given twice in this section (first in line 4)" <<EOC
[x]
server = intree
workload = tx
$key = 3
$key = 4
EOC
done
bad 'a knob twice' 5 'event_idx is given twice' <<'EOC'
[x]
server = intree
workload = tx
knob.event_idx = 0
knob.event_idx = 1
EOC
bad 'a second line for one value' 3 'clock has one value' <<'EOC'
[sweep]
clock = insn
 wall
[x]
server = intree
workload = tx
EOC
bad 'a section twice' 4 '[x] is given twice (first in line 1)' <<'EOC'
[x]
server = intree
workload = tx
[x]
size = 128
EOC
bad '[sweep] twice' 3 '[sweep] is given twice' <<'EOC'
[sweep]
clock = insn
[sweep]
repetitions = 2
[x]
server = intree
workload = tx
EOC
bad 'text behind a section' 1 'size = 3 behind [x]' <<'EOC'
[x] size = 3
server = intree
workload = tx
EOC
bad 'a section with nothing in it' 4 '[y] has no key' <<'EOC'
[x]
server = intree
workload = tx
[y]
EOC
bad 'a long name of a section' 1 'longer than 49 characters' <<EOC
[$(printf 'x%.0s' {1..60})]
server = intree
workload = tx
EOC
for list in '64,,128' ',64' '64, ,128' ',' ; do
	bad "size = $list" 4 'size has an empty value' <<EOC
[x]
server = intree
workload = tx
size = $list
EOC
done
bad 'a comma at the end' 4 'size ends with a comma' <<'EOC'
[x]
server = intree
workload = tx
size = 64,
sink = stack
EOC
bad 'a comma at the end of the file' 4 'size ends with a comma' <<'EOC'
[x]
server = intree
workload = tx
size = 64, 128,
EOC
for kernel in 5.9 6.0 6. 06.1 7 6.1.0 6.1x 6.12.95 5.9.0-1-amd64 6.1.0-mine/x 6.1/../x-amd64; do
	bad "kernel = $kernel" 2 "kernel = $kernel is not known; allowed: default, a series from 6.1 on such as 6.12" <<EOC
[sweep]
kernel = $kernel
[x]
server = intree
workload = tx
EOC
done
# shellcheck disable=SC2016 # no shell is to see it
for append in init_on_alloc= '=1' -x 'a="b' 'a=$b' 'tsc=unstable' 'x console=tty0' 'mem=1G' 'p\q' 'x = 1'; do
	bad "append = $append" 2 "is not known; allowed: kernel parameters" <<EOC
[sweep]
append = $append
[x]
server = intree
workload = tx
EOC
done
for append in init_on_alloc=0 'preempt=full  init_on_alloc=0' 'cpuidle.off=1 isolcpus=1-2,managed_irq,5 quiet'; do
	printf '[sweep]\nappend = %s\n[x]\nserver = intree\nworkload = tx\n' "$append" >"$TMP/append.conf"
	run "$BENCH/plan" "$TMP/append.conf"
	code "append = $append" 0
	is "append = $append: as it was written" "$("$BENCH/plan" --get append "$TMP/append.conf")" "$append"
	names="${names:-}$(jq -r .point <<<"$TEXT") "
done
is 'append is part of a point' "$(tr ' ' '\n' <<<"$names" | grep -c .) $(tr ' ' '\n' <<<"$names" | sort -u | grep -c .)" '3 3'
run "$ROOT/run.sh" sweep "$TMP/append.conf" --host --clock wall --out "$TMP/append"
code 'append with --host' 77
says 'append with --host' "append changes the command line of the lab's kernel"
rm "$TMP/append.conf"
for precision in 0x10% 1e1%; do
	bad "precision = $precision" 2 "precision = $precision is not known" <<EOC
[sweep]
precision = $precision
[x]
server = intree
workload = tx
EOC
done
for kernel in default 6.1 6.12 7.3 6.1.0-56-amd64 6.1.0-56-rt-amd64 6.12.95+deb12-cloud-amd64 7.3.4+deb13-amd64; do
	printf '[sweep]\nkernel = %s\n[x]\nserver = intree,\n vhostlab\nworkload = tx\n' "$kernel" >"$TMP/bad.conf"
	run "$BENCH/plan" "$TMP/bad.conf"
	code "kernel = $kernel, and a list that goes on" 0
done
bad 'key before a section' 1 'stands before any section' <<'EOC'
server = intree
EOC
bad 'no value' 2 'server has no value' <<'EOC'
[x]
server =
workload = tx
EOC
bad 'line too long' 2 'is longer than' <<EOC
[x]
server = $(printf 'i%.0s' {1..300})
workload = tx
EOC

# wrong NAME CODE SAYS ARGUMENT...
wrong()
{
	local name=$1 want=$2 text=$3
	shift 3
	run "$ROOT/run.sh" "$@"
	code "$name" "$want"
	says "$name" "$text"
	is "$name: no folder was made" "$(ls "$TMP")" "$(printf 'bad.conf\nstderr\nstdout')"
}

quick=$ROOT/configs/quick.conf
wrong 'sub-command' 2 'there is no such sub-command' dance
wrong 'no configuration' 2 'which configuration?' sweep
wrong 'missing configuration' 2 'No such file' sweep "$TMP/none.conf" --host --clock wall
wrong 'two configurations' 2 'one configuration at a time' sweep "$quick" "$quick"
wrong 'option' 2 'there is no such option' sweep "$quick" --fast
wrong 'clock' 2 'allowed: insn, wall' sweep "$quick" --clock sun
wrong 'option without value' 2 'it needs a value' sweep "$quick" --out
wrong 'seed' 2 'allowed: a whole number' sweep "$quick" --seed x
wrong 'filter without value' 2 'write axis=value' sweep "$quick" --dry-run --only server
wrong 'filter of no axis' 2 'colour: not known' sweep "$quick" --dry-run --only colour=blue
wrong 'filter of no value' 2 'allowed: userspace, intree, vhostlab' sweep "$quick" --dry-run --only server=qemu
wrong 'filter that leaves nothing' 2 'no point is left after --only' sweep "$quick" --dry-run --only size=777
for only in 'size=64,' ',size=64' 'size=64,,burst=1' 'size=64|' 'size=64||1500' 'size=64|64' 'size=64,size=1500'; do
	wrong "--only $only" 2 '--only: ' sweep "$quick" --dry-run --only "$only"
done
wrong 'two --only for one axis' 2 'given twice' sweep "$quick" --dry-run --only size=64 --only size=1500
wrong '--clock twice' 2 '--clock: it is given twice' sweep "$quick" --dry-run --clock insn --clock wall
wrong '--seed twice' 2 '--seed: it is given twice' sweep "$quick" --dry-run --seed 1 --seed 2
wrong '--out twice' 2 '--out: it is given twice' sweep "$quick" --dry-run --out "$TMP/a" --out "$TMP/b"
wrong '--out with nothing' 2 'it needs a value' sweep "$quick" --dry-run --out ''
wrong 'resume without a run' 2 'which run?' sweep "$quick" --resume --host --clock wall
wrong 'resume of nothing' 2 'there is no such run' sweep "$quick" --resume --out "$TMP/none" --host --clock wall
wrong 'instruction clock on a bare host' 77 'exists in the lab VM only' sweep "$quick" --host
wrong '--share of nothing' 2 'allowed: K/N' sweep "$quick" --dry-run --share 3
wrong '--share beyond the last' 2 'allowed: K/N' sweep "$quick" --dry-run --share 4/3
wrong '--share without a point' 2 'ask for fewer' sweep "$quick" --dry-run --share 999/999
wrong '--share twice' 2 '--share: it is given twice' sweep "$quick" --dry-run --share 1/2 --share 2/2
wrong 'submit of nothing' 2 'which configuration?' submit
wrong 'submit with another option' 2 'there is no such option' submit "$quick" --fast
wrong 'submit into no share' 2 'allowed: a whole number' submit "$quick" --jobs 0
wrong 'submit of no point' 2 'no point is left after --only' submit "$quick" --jobs 2 --only size=777
wrong 'submit: --seed twice' 2 '--seed: it is given twice' submit "$quick" --seed 1 --seed 1
wrong 'submit: resume without a run' 2 'which run?' submit --resume
wrong 'submit: resume of something else' 2 'was said when the run began' submit "$quick" --resume --out "$TMP/none"
wrong 'submit: collect of nothing' 2 'no run was submitted there' submit --collect "$TMP/none"
wrong 'submit: prepare for nothing' 2 'add --jobs N' submit "$quick" --prepare
wrong 'report of nothing' 2 'there is no such folder' report "$TMP/none"
wrong 'report of an empty folder' 2 'sweep into it first' report "$ROOT/configs"
wrong 'compare with one folder' 2 'name two' compare "$TMP"
wrong 'compare of nothing' 1 'name a folder of results/' compare "$TMP/a" "$TMP/b"
wrong 'compare within nonsense' 2 'such as 0.1%' compare --within much "$TMP/a" "$TMP/b"
wrong 'compare of no metric' 2 'cost_per_packet' compare --metric speed "$TMP/a" "$TMP/b"
wrong 'export without a format' 2 'which format?' export
wrong 'export of nothing' 2 'there is no such folder' export "$TMP/none" --format csv
wrong 'history of no metric' 2 'cost_per_packet' history speed --db "$TMP/none"
wrong 'history of nothing' 2 'there is no such database' history lost --db "$TMP/none"
wrong 'shell without a word' 2 'write ./run.sh shell' shell ls
done_testing
