#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The plan: crossing, identity, order.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

cat >"$TMP/a.conf" <<'EOC'
[sweep]
repetitions = 3
control = no
[defaults]
server = userspace, intree,
  vhostlab
packets = 100
[one]
workload = tx
size = 64, 1500
burst = 1, 64
[two]
workload = rr
burst = 1, 16
repetitions = 1
EOC
points=$("$BENCH/plan" "$TMP/a.conf")
is 'cross product, and rr has burst 1 only' "$(wc -l <<<"$points")" 15
is 'hashes differ' "$(jq -r .point <<<"$points" | sort -u | wc -l)" 15
is 'identity has the fields of the contract' "$(jq -c 'keys' <<<"$points" | sort -u)" \
	'["burst","experiment","guest","guests","knobs","packets","point","queues","server","sink","size","workload"]'
is 'experiment is the name of the file' "$(jq -r .experiment <<<"$points" | sort -u)" a
is 'steps counts repetitions' "$("$BENCH/plan" --get steps "$TMP/a.conf")" 39

schedule=$("$BENCH/plan" --schedule "$TMP/a.conf")
is 'schedule has every repetition' "$(wc -l <<<"$schedule")" 39
is 'repetitions are outermost' "$(jq .rep <<<"$schedule" | uniq | tr '\n' ' ')" '1 2 3 '
is 'servers of a cell run back to back' \
	"$(jq -c '[.rep, .workload, .size, .burst]' <<<"$schedule" | uniq | wc -l)" 13
first() { jq -r 'select(.workload == "tx" and .size == 64 and .burst == 1) | "\(.rep) \(.server)"' <<<"$schedule" | awk '!seen[$1]++ { print $2 }' | sort | tr '\n' ' '; }
is 'each server is first once in three repetitions' "$(first)" 'intree userspace vhostlab '
# Six repetitions of three servers: each in each place twice, each behind each other one as often as before it.
sed 's/repetitions = 3/repetitions = 6/' "$TMP/a.conf" >"$TMP/six.conf"
orders=$("$BENCH/plan" --schedule "$TMP/six.conf" | jq -r 'select(.workload == "tx" and .size == 64 and .burst == 64) | .server' | paste -d ' ' - - -)
is 'A B C, then C B A: every second repetition is the one before, backwards' \
	"$(awk 'NR % 2 { back = $3 " " $2 " " $1; next } $0 != back' <<<"$orders")" ''
is 'each server is in each place as often' "$(awk '{ for (i = 1; i <= 3; i++) n[$i i]++ } END { for (k in n) print n[k] }' <<<"$orders" | sort | uniq -c | xargs)" '9 2'
is 'each server follows each other one as often' "$(awk '{ print $1 $2; print $2 $3 }' <<<"$orders" | sort | uniq -c | awk '{ print $1 }' | sort | uniq -c | xargs)" '6 2'
is 'the same seed gives the same order' "$(md5sum <<<"$schedule")" "$("$BENCH/plan" --schedule --seed 1 "$TMP/a.conf" | md5sum)"
other=$("$BENCH/plan" --schedule --seed 2 "$TMP/a.conf")
is 'another seed gives another order' "$([[ $other == "$schedule" ]] && echo same || echo other)" other
is 'another seed has the same points' "$(jq -r '"\(.point) \(.rep)"' <<<"$other" | sort | md5sum)" \
	"$(jq -r '"\(.point) \(.rep)"' <<<"$schedule" | sort | md5sum)"

is 'the hash does not depend on the file' "$(cp "$TMP/a.conf" "$TMP/b.conf"; "$BENCH/plan" "$TMP/b.conf" | jq -r .point | md5sum)" \
	"$(jq -r .point <<<"$points" | md5sum)"
is 'the hash depends on the packets asked for' \
	"$(sed 's/= 100/= 101/' "$TMP/a.conf" >"$TMP/b.conf"; comm -12 <("$BENCH/plan" "$TMP/b.conf" | jq -r .point | sort) <(jq -r .point <<<"$points" | sort) | wc -l)" 0
is '--only' "$("$BENCH/plan" --only 'server=intree|vhostlab,size=64,workload=tx' "$TMP/a.conf" | jq -r '"\(.server)\(.size)\(.burst)"' | sort | tr '\n' ' ')" \
	'intree641 intree6464 vhostlab641 vhostlab6464 '

cat >"$TMP/k.conf" <<'EOC'
[sweep]
control = no
[x]
server = intree, vhostlab
workload = tx
knob.event_idx = 0, 1
knob.tx_batch = 1, 64
EOC
is 'knobs: defaults are left out, module knobs belong to vhostlab' \
	"$("$BENCH/plan" "$TMP/k.conf" | jq -r '"\(.server)\(.knobs | tostring)"' | sort | tr '\n' ' ')" \
	'intree{"event_idx":0} intree{} vhostlab{"event_idx":0,"tx_batch":1} vhostlab{"event_idx":0} vhostlab{"tx_batch":1} vhostlab{} '
cat >"$TMP/p.conf" <<'EOC'
[x]
server = userspace, intree, vhostlab, uring
workload = tx
knob.packed = 0, 1
EOC
is 'packed rings: only where the server has them' \
	"$("$BENCH/plan" "$TMP/p.conf" | jq -r '"\(.server)\(.knobs | tostring)"' | sort | tr '\n' ' ')" \
	'intree{} uring{} userspace{} vhostlab{"packed":1} vhostlab{} '
printf '[x]\nserver = userspace, intree, vhostlab, floor\nworkload = tx\nknob.zcopytx = 0, 1\nknob.sndbuf = 0, 4096\n' >"$TMP/z.conf"
is 'zero copy is a parameter of the in-tree module, the send buffer one of the tap' \
	"$("$BENCH/plan" "$TMP/z.conf" | jq -r '"\(.server)\(.knobs | tostring)"' | sort | tr '\n' ' ')" \
	'floor{} intree{"sndbuf":4096,"zcopytx":1} intree{"sndbuf":4096} intree{"zcopytx":1} intree{} userspace{"sndbuf":4096} userspace{} vhostlab{"sndbuf":4096} vhostlab{} '
is 'knobs reach the point program' "$("$BENCH/plan" --schedule "$TMP/k.conf" | jq -r 'select(.knobs == {event_idx: 0, tx_batch: 1}) | .argv[-4:] | join(" ")')" \
	'--knob event_idx=0 --knob tx_batch=1'

# The A/A control: a point more in each repetition of each kind of work, of a group with the one it repeats, and no other.
mkdir "$TMP/b"
sed 's/control = no/control = yes/' "$TMP/a.conf" >"$TMP/b/a.conf"
with=$("$BENCH/plan" --schedule "$TMP/b/a.conf")
twin=$(jq -c 'select(.control)' <<<"$with")
is 'A/A control: once per repetition, of every workload' "$(jq -r '"\(.rep)\(.workload)"' <<<"$twin" | sort | xargs)" '1rr 1tx 2tx 3tx'
is 'A/A control: the servers take turns' "$(jq -r .server <<<"$twin" | sort -u | xargs)" 'intree vhostlab'
is 'A/A control: under an identity of its own' "$(jq -r .point <<<"$twin" | sort -u | grep -cvFf <(jq -r .point <<<"$schedule"))" 2
original=$(jq -c 'select(.rep == 1) | .argv' <<<"$twin")
is 'A/A control: the same command as one other point' "$(jq -c 'select(.rep == 1 and .control == null) | .argv' <<<"$with" | grep -cxF "$original")" 2
is 'A/A control: in its group' "$(jq -c 'select(.rep == 1) | [.workload, .size, .burst]' <<<"$with" | uniq -c | awk '{ print $1 }' | sort | uniq -c | xargs)" '3 3 2 4'
is 'A/A control: of a cell whose cost is measured' "$(jq -r .sink <<<"$twin" | sort -u)" stack
is 'A/A control: the same on every machine' \
	"$("$BENCH/plan" --pace --accel bare "$TMP/b/a.conf" | awk '{ print $1, $3 }' | md5sum)" "$("$BENCH/plan" --pace "$TMP/b/a.conf" | awk '{ print $1, $3 }' | md5sum)"
printf '[x]\nserver = intree\nworkload = tx, rx\nsink = check\n' >"$TMP/check.conf"
is 'A/A control: none where no cost is measured' "$("$BENCH/plan" --schedule "$TMP/check.conf" | grep -c '"control"')" 0

# Beside the first one they take a tenth of the time at most, in each sweep that is here; several guests have their own.
grown=''
few=''
for conf in "$ROOT"/configs/*.conf; do
	# Of two sweeps, with and without: what the first control costs is that of one point with most repetitions.
	sed '/^\[sweep\]/a control = no' "$conf" >"$TMP/without.conf"
	cp "$ROOT"/configs/*.conf "$TMP/b/" && mv "$TMP/without.conf" "$TMP/b/without.conf"
	share=$(awk '{ sum[FILENAME] += $2; n[FILENAME]++ } END { printf "%.3f", sum[ARGV[1]] / sum[ARGV[2]] - 1 - 1 / points }' \
		points="$("$BENCH/plan" --get points "$TMP/b/without.conf")" <("$BENCH/plan" --pace "$conf") <("$BENCH/plan" --pace "$TMP/b/without.conf"))
	awk -v share="$share" 'BEGIN { exit share > 0.11 }' || grown+="$conf: $share "
	want=$("$BENCH/plan" "$conf" | jq -r 'select(.sink != "check") | .workload' | sort -u | wc -l)
	have=$("$BENCH/plan" --schedule "$conf" | jq -r 'select(.control) | .workload' | sort -u | wc -l)
	[[ $have -eq $want ]] || few+="${conf##*/} $have of $want, "
done
is 'A/A control: no sweep grows by more than a tenth' "$grown" ''
# In these one more would be too much.
is 'A/A control: every workload has one' \
	"${few%, }" "$(printf '%s, ' 'caller.conf 4 of 5' 'guests-wall.conf 6 of 9' 'guests.conf 6 of 9' \
	'kernel-defaults.conf 2 of 3' 'linux-6.12.conf 3 of 4' 'newest-kernel.conf 3 of 4' 'stages.conf 1 of 3' | sed 's/, $//')"
is 'A/A control: several guests have their own' \
	"$("$BENCH/plan" --schedule "$ROOT/configs/threads.conf" | jq -r 'select(.control and .rep == 1) | "\(.workload) \(.guests > 1)"' | sort | xargs)" \
	'rr false rr true tx false tx true'
is 'A/A control: all else is as before' "$("$BENCH/plan" "$TMP/b/a.conf" | md5sum)" "$("$BENCH/plan" "$TMP/a.conf" | md5sum)"

# Several kernels: each cell on each, a kernel's steps together, each with a control of its own. One alone changes nothing.
sed '/^control = no/d; s/^\[sweep\]/&\nkernel = 6.12,\n  7.3/' "$TMP/a.conf" >"$TMP/kernels.conf"
both=$("$BENCH/plan" --schedule "$TMP/kernels.conf")
is 'kernels: one after the other' "$(jq -r .kernel <<<"$both" | uniq | xargs)" '6.12 7.3'
is 'kernels: steps in one row' "$(jq .step <<<"$both" | xargs)" "$(seq "$(wc -l <<<"$both")" | xargs)"
is 'kernels: the same points on each' \
	"$(jq -c 'select(.control | not) | select(.kernel == "6.12") | [.rep, .argv]' <<<"$both" | sort | md5sum)" \
	"$(jq -c 'select(.control | not) | select(.kernel == "7.3") | [.rep, .argv]' <<<"$both" | sort | md5sum)"
is 'kernels: names of their own' "$(jq -r 'select(.rep == 1) | .point' <<<"$both" | sort | uniq -d)" ''
is 'kernels: each has a control' "$(jq -r 'select(.control) | .kernel' <<<"$both" | sort -u | xargs)" '6.12 7.3'
is 'kernels: --part is the part of one' "$("$BENCH/plan" --schedule --part 7.3 "$TMP/kernels.conf" | md5sum)" \
	"$(jq -c 'select(.kernel == "7.3")' <<<"$both" | md5sum)"
is 'kernels: --get names those that have points' \
	"$("$BENCH/plan" --get kernel "$TMP/kernels.conf" | xargs), $("$BENCH/plan" --get kernel --only kernel=7.3 "$TMP/kernels.conf" | xargs)" '6.12 7.3, 7.3'
is 'kernels: --kernel in place of what the file names' "$("$BENCH/plan" --kernel 6.12,7.3 "$TMP/a.conf" | md5sum)" \
	"$("$BENCH/plan" "$TMP/kernels.conf" | jq -c '.experiment = "a"' | md5sum)"
is 'kernels: a point has the same name in a sweep of one' "$("$BENCH/plan" --kernel 7.3 "$TMP/kernels.conf" | jq -r .point | sort | md5sum)" \
	"$("$BENCH/plan" --only kernel=7.3 "$TMP/kernels.conf" | jq -r .point | sort | md5sum)"
is 'kernels: one alone is named in no point' "$("$BENCH/plan" --kernel 7.3 "$TMP/a.conf" | jq -r 'has("kernel")' | sort -u)" false
# wrong_kernel LABEL TEXT ARGUMENT...
wrong_kernel()
{
	run "$ROOT/run.sh" sweep "${@:3}"
	code "$1" 2
	says "$1" "$2"
}
wrong_kernel 'a kernel that cannot be' '--kernel: 5.4 is not known; allowed: default, a series' "$TMP/a.conf" --kernel 7.3,5.4
wrong_kernel 'a kernel twice' '--kernel: 7.3 is named twice' "$TMP/a.conf" --kernel 7.3,7.3
wrong_kernel 'a kernel without a name' '--kernel: a name that is empty' "$TMP/a.conf" --kernel 7.3,
wrong_kernel 'only on a kernel that cannot be' '--only: kernel=5.4 is not known' "$TMP/kernels.conf" --only kernel=5.4
sed 's/^kernel = 6.12/kernel = 5.4/' "$TMP/kernels.conf" >"$TMP/wrong.conf"
wrong_kernel 'a kernel in a file' 'wrong.conf:2: kernel = 5.4 is not known' "$TMP/wrong.conf" --dry-run
run "$ROOT/run.sh" sweep "$TMP/kernels.conf" --host --clock wall --out "$TMP/none"
code 'several kernels on the host' 77
says 'several kernels on the host' 'this machine runs one kernel, and 6.12 7.3 are asked for'

jq -c 'select(.step <= 5) | {point, rep}' <<<"$schedule" >"$TMP/done"
head -c -4 <(jq -c 'select(.step == 6) | {point, rep}' <<<"$schedule") >>"$TMP/done"
is '--done: whole lines count, half a line does not' \
	"$("$BENCH/plan" --schedule --done "$TMP/done" "$TMP/a.conf" | jq .step | head -n 1)" 6
is '--done: the rest remains' "$("$BENCH/plan" --schedule --done "$TMP/done" "$TMP/a.conf" | wc -l)" 34
run "$ROOT/run.sh" sweep "$ROOT/configs/quick.conf" --dry-run
code '--dry-run' 0
is '--dry-run lists every step' "$(wc -l <<<"$TEXT")" "$("$BENCH/plan" --get steps "$ROOT/configs/quick.conf")"
is 'quick.conf has the three servers and the floor' "$(grep -o -- '--server [a-z]*' <<<"$TEXT" | sort -u | wc -l)" 4

cat >"$TMP/q.conf" <<'EOC'
[sweep]
clock = wall
repetitions = 2
[defaults]
guest = qemu
server = userspace, intree, vhostlab
[round trips]
workload = rr, ping, udp_rr, tcp_rr
size = 60, 128
knob.ioeventfd = 0, 1
[streams]
workload = tcp_tx
size = 60, 1514
queues = 1, 2
EOC
points=$("$BENCH/plan" "$TMP/q.conf")
is 'real guests: what means nothing is left out' "$(jq -r '"\(.workload)\(.size)"' <<<"$points" | sort -u | tr '\n' ' ')" \
	'ping128 ping60 tcp_rr128 tcp_tx1514 udp_rr128 udp_rr60 '
is 'a knob of QEMU itself belongs to server userspace' \
	"$(jq -r 'select(.knobs != {}) | .server' <<<"$points" | sort -u | tr '\n' ' ')" 'userspace '
schedule=$("$BENCH/plan" --schedule "$TMP/q.conf")
is 'points of one boot follow each other' "$(jq -c '[.rep, .server, .queues, .knobs]' <<<"$schedule" | uniq | wc -l)" 14
is 'all boots come once, then all again' "$(jq .rep <<<"$schedule" | uniq | tr '\n' ' ')" '1 2 '
is 'another seed boots in another order' \
	"$(cmp -s <(jq -c '[.server, .queues, .knobs]' <<<"$schedule" | uniq) \
		<("$BENCH/plan" --schedule --seed 3 "$TMP/q.conf" | jq -c '[.server, .queues, .knobs]' | uniq) && echo same || echo other)" other
is 'the point program learns of the guest' "$(jq -r '.argv[:2] | join(" ")' <<<"$schedule" | sort -u)" '--guest qemu'
is 'and hears nothing new where it is a process' "$("$BENCH/plan" --schedule "$TMP/a.conf" | grep -c '"--guest"')" 0
run "$BENCH/plan" --clock insn "$TMP/q.conf"
code 'a real guest on the instruction clock' 0
sed 's/^server = .*/server = vhostuser/' "$TMP/q.conf" >"$TMP/polls.conf"
run "$BENCH/plan" --clock insn "$TMP/polls.conf"
code 'a server that polls, on the clock with one processor' 2
says 'a server that polls, on the clock with one processor' 'guest = qemu with server = vhostuser polls and is measured on the wall clock only'

# A window by time.
printf '[sweep]\nclock = wall\ncontrol = no\n%s\n[x]\nserver = intree\nworkload = tx\n' 'duration = 1500ms' >"$TMP/time.conf"
schedule=$("$BENCH/plan" --schedule "$TMP/time.conf")
is 'duration: the point program is told' \
	"$(jq -r '.argv | join(" ")' <<<"$schedule" | grep -o -- '--duration .*')" '--duration 1500'
is 'duration: the point has it' "$(jq .duration_ms <<<"$schedule")" 1500
sed 's/^duration.*//' "$TMP/time.conf" >"$TMP/without.conf"
is 'duration: without it nothing is new' \
	"$("$BENCH/plan" --schedule "$TMP/without.conf" | grep -c duration)" 0
is 'duration: another name' \
	"$([[ $("$BENCH/plan" "$TMP/time.conf" | jq -r .point) != $("$BENCH/plan" "$TMP/without.conf" | jq -r .point) ]] && echo other)" other
run "$BENCH/plan" --clock insn "$TMP/time.conf"
code 'duration on the instruction clock' 2
says 'duration on the instruction clock' 'duration: the instruction clock counts no time'
run bash -c "'$BENCH/plan' '$ROOT/configs/quick.conf' >/dev/full"
code 'standard output on a full disk' 1
done_testing
