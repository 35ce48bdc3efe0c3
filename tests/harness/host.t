#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A sweep on a bare host, with a made-up machine and a stand-in for the point program: the processors it chooses and refuses,
# the state it records, noise as a verdict, and that the machine is left as it was found, after SIGKILL as well.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

cat >"$TMP/few.conf" <<'EOC'
[sweep]
clock = wall
control = no
repetitions = 1
[x]
server = userspace, intree, vhostlab
workload = tx
packets = 100
EOC
machine=$TMP/machine
"$ROOT/tests/harness/lib/machine" "$machine"
cp -r "$machine" "$TMP/before"
export FAKE_POINT=$ROOT/tests/harness/lib/fake-point
export VHOSTLAB_SYSROOT=$machine VHOSTLAB_POINT=$FAKE_POINT XDG_STATE_HOME=$TMP/state
sweep=("$ROOT/run.sh" sweep "$TMP/few.conf" --host)

same()
{
	is "$1: the machine is as it was" "$(diff -r "$TMP/before" "$machine")" ''
	is "$1: the journal is gone" "$(ls "$TMP/state/vhostlab")" lock
}

# ---- processors ----
is 'three cores of one node, no second threads, not processor 0' "$("$BENCH/host" cpus)" 1,2,3
# chosen WHAT WANTED: with the made-up machine changed in a copy
chosen()
{
	is "$1" "$(VHOSTLAB_SYSROOT=$TMP/other "$BENCH/host" cpus)" "$2"
	rm -rf "$TMP/other"
}
cp -r "$machine" "$TMP/other" && echo 0,4-7 >"$TMP/other/sys/devices/system/cpu/online"
chosen 'the node that has enough cores' 4,5,6
cp -r "$machine" "$TMP/other" && echo 0,1,8,9 >"$TMP/other/sys/devices/system/cpu/online"
chosen 'two cores: the far end shares the server'\''s' 0,1
cp -r "$machine" "$TMP/other" && echo 3,11 >"$TMP/other/sys/devices/system/cpu/online"
chosen 'one core: its two threads' 3,11
cp -r "$machine" "$TMP/other" && echo 3,11 >"$TMP/other/sys/devices/system/cpu/online"
is 'one core: they may be named' "$(VHOSTLAB_SYSROOT=$TMP/other "$BENCH/host" cpus 11,3)" 11,3
is 'a list is taken as it is named' "$("$BENCH/host" cpus 6,5,4)" 6,5,4
is 'a range' "$("$BENCH/host" cpus 4-6)" 4,5,6
while IFS='|' read -r list what; do
	run "${sweep[@]}" --cpus "$list" --out "$TMP/bad"
	code "--cpus $list" 2
	says "--cpus $list" "$what"
	is "--cpus $list: one line" "$(wc -l <"$TMP/stderr")" 1
	is "--cpus $list: nothing was measured" "$(ls "$TMP/bad" 2>/dev/null)" ''
done <<'EOC'
2,x|not a list of processors
2,|not a list of processors
3-1|not a list of processors
2,4,2|processor 2 is named twice
2,17|processor 17 is not online
2,10|2 and 10 are threads of one core
2,3,4|2 is of NUMA node 0, 4 of node 1
EOC
run "$ROOT/run.sh" sweep "$TMP/few.conf" --cpus 1,2
code '--cpus in the lab' 2
says '--cpus in the lab' 'with --host and --clock wall only'
run "$ROOT/run.sh" sweep "$TMP/few.conf" --tune
code '--tune in the lab' 2

# ---- what is recorded ----
run "${sweep[@]}" --cpus 2,3 --out "$TMP/a"
code 'a sweep' 0
says 'what may disturb is said, once' \
	'may disturb the measurement: frequency governor of 2 processors (was powersave), affinity of 3 interrupts, SMT, NMI watchdog'
is 'what may disturb is said, once' "$(grep -c 'may disturb' <<<"$OUT")" 1
same 'without --tune'
env=$TMP/a/env.json
is 'env.json: the processors' "$(jq -c .host.cpus "$env")" '[2,3]'
is 'env.json: governor and turbo' \
	"$(jq -c '[.host | .governor, .frequency_driver, .turbo]' "$env")" '["powersave","intel_pstate",true]'
is 'env.json: SMT' "$(jq -c '.host.smt | [.control, .active, .siblings["3"]]' "$env")" '["on","1","3,11"]'
is 'env.json: NUMA' "$(jq -c '.host.numa | [.nodes, .node, .cpus, .balancing]' "$env")" '["0-1",0,"0-3,8-11","1"]'
is 'env.json: microcode and clocksource' "$(jq -c '[.host | .microcode, .clocksource]' "$env")" '["0x2b000603","tsc"]'
is 'env.json: idle states' \
	"$(jq -c '.host.c_states | [.driver, .states[1].name, .states[1].disabled]' "$env")" '["intel_idle","C6",true]'
is 'env.json: interrupts on the processors' "$(jq -c '.host.irq_affinity.on_cpus' "$env")" '[24,25]'
is 'env.json: what is not there has a reason' \
	"$(jq -c '[.host.hypervisor, .host.absent.hypervisor]' "$env")" '[null,"the processor reports none"]'
rm -rf "$TMP/other" && cp -r "$machine" "$TMP/other"
rm -rf "$TMP/other/proc/irq" \
	"$TMP/other"/sys/devices/system/{cpu/cpu*/cpufreq,cpu/intel_pstate,cpu/smt,cpu/cpu0/microcode,cpu/cpu*/cpuidle,node,clocksource}
is 'a machine that has none of them: a reason for each' \
	"$(VHOSTLAB_SYSROOT=$TMP/other "$BENCH/host" describe 2,3 | jq -r '.absent | keys | join(" ")')" \
	'c_states clocksource frequency_driver governor hugepages hypervisor irq_affinity microcode numa smt turbo'
is 'the point program is told the processors' "$(cat >"$TMP/point" <<'EOC'
#!/bin/bash
echo "$*" >>"${0%/*}/words"
exec "$FAKE_POINT" "$@"
EOC
chmod +x "$TMP/point"
VHOSTLAB_POINT=$TMP/point "${sweep[@]}" --cpus 2,3 --out "$TMP/b" >/dev/null 2>&1
grep -c -- '--packets 100 --cpus 2,3$' "$TMP/words")" 3
run "${sweep[@]}" --cpus 1,2 --resume --out "$TMP/a"
code 'resumed on other processors' 2
says 'resumed on other processors' 'this run began on processors 2,3'
run "${sweep[@]}" --resume --out "$TMP/a"
code 'resumed on the same, which need not be named' 0

# ---- noise ----
cat >"$TMP/point" <<'EOC'
#!/bin/bash
printf '{"packets":1,"lost":0,"corrupt":null,"seconds":1,"cost_per_packet":5,"syscalls_per_packet":0,"kicks_per_packet":1,'
printf '"calls_per_packet":1,"latency_p50":null,"latency_p99":null,"latency_p999":null,"noise":%s,"detail":{}}\n' "$FAKE_NOISE"
EOC
# noise NAME CODE JSON [OPTION...]
noise()
{
	rm -rf "$TMP/n"
	VHOSTLAB_POINT=$TMP/point FAKE_NOISE=$3 run "${sweep[@]}" --only server=intree --out "$TMP/n" "${@:4}"
	code "$1" "$2"
}
noise 'little noise' 0 '{"processors":0.04,"machine":0.4}'
is 'little noise: the point has it' "$(jq .noise.processors "$TMP/n/points.jsonl")" 0.04
noise 'noise on the processors used' 1 '{"processors":0.071,"machine":0}'
says 'noise on the processors used' 'noisy: work of others took 7.1 % of the processors used, limit 5.0 %'
is 'noise on the processors used: a verdict, no result' \
	"$(jq -r .verdict "$TMP/n/verdicts.jsonl") $(wc -l <"$TMP/n/points.jsonl")" 'noisy 0'
noise 'noise on the others' 1 '{"processors":0,"machine":0.6}'
says 'noise on the others' 'took 60.0 % of the other processors, limit 50.0 %'
noise 'a higher limit' 0 '{"processors":0.071,"machine":0.6}' --noise-limit 0.1
run "${sweep[@]}" --noise-limit much
code 'a limit that is no number' 2

# ---- changed and restored ----
cat >"$TMP/point" <<'EOC'
#!/bin/bash
cd "$VHOSTLAB_SYSROOT" && grep -rv '^$' proc/irq proc/sys \
	sys/devices/system/cpu/smt/control sys/devices/system/cpu/cpu[123]/cpufreq/scaling_governor >"${0%/*}/while"
exec "$FAKE_POINT" "$@"
EOC
export VHOSTLAB_POINT=$TMP/point
run "${sweep[@]}" --tune --out "$TMP/c"
code '--tune' 0
says '--tune' \
	'changed until the end: frequency governor of 3 processors (was powersave), affinity of 2 interrupts, SMT, NMI watchdog, NUMA balancing'
during()
{
	is "while it measures: $1" "$(sed -n "s|^$1:||p" "$TMP/while")" "$2"
}
during sys/devices/system/cpu/cpu2/cpufreq/scaling_governor performance
during proc/irq/24/smp_affinity fff1
# It may go nowhere else.
during proc/irq/30/smp_affinity 000e
during proc/irq/default_smp_affinity fff1
during proc/sys/kernel/nmi_watchdog 0
during sys/devices/system/cpu/smt/control off
same '--tune'
is 'env.json has the state that was measured in' \
	"$(jq -r '.host | "\(.governor) \(.smt.control)"' "$TMP/c/env.json")" 'performance off'
run "${sweep[@]}" --tune --cpus 1,2,11 --out "$TMP/d"
is 'SMT stays where a second thread is used' "$(sed -n 's|^sys/devices/system/cpu/smt/control:||p' "$TMP/while")" on

# kill_it SIGNAL WHOM: a slow sweep, ended by a signal when it measures: the command alone, or all of it
kill_it()
{
	local i pid
	rm -rf "$TMP/k" "$TMP/while"
	FAKE=slow setsid "${sweep[@]}" --tune --out "$TMP/k" >"$TMP/stdout" 2>"$TMP/stderr" &
	pid=$!
	for ((i = 0; i < 400; i++)); do
		[[ ! -s $TMP/k/points.jsonl ]] || break
		sleep 0.05
	done
	is "SIG$1: it was in its middle" \
		"$(<"$machine/proc/sys/kernel/nmi_watchdog") $([[ -s $TMP/state/vhostlab/journal ]] && echo journal)" '0 journal'
	if [[ $2 == all ]]; then kill "-$1" -- "-$pid"; else kill "-$1" "$pid"; fi
	wait "$pid" 2>/dev/null || true
	# Whatever it had started holds the lock until it has ended.
	flock -w 20 "$TMP/state/vhostlab/lock" true
}
kill_it TERM command
same 'SIGTERM'
kill_it KILL command
same 'SIGKILL of the command alone'
kill_it KILL all
is 'SIGKILL of all of it: the machine is still changed' "$(<"$machine/proc/sys/kernel/nmi_watchdog")" 0
run "${sweep[@]}" --out "$TMP/e"
code 'the next sweep' 0
says 'the next sweep' 'an earlier sweep ended without restoring this machine: restored now, 11 changes'
same 'the next sweep'

# A line that was cut off was never acted upon; a boot takes all changes with it.
kill_it KILL all
printf 'file /proc/sys/kernel/numa_bal' >>"$TMP/state/vhostlab/journal"
run "${sweep[@]}" --tune --out "$TMP/f"
code 'a journal that was cut off' 0
same 'a journal that was cut off'
kill_it KILL all
rm -rf "$machine" && cp -r "$TMP/before" "$machine"
echo 5 >"$machine/proc/sys/vm/stat_interval"
echo another-boot >"$machine/proc/sys/kernel/random/boot_id"
run "${sweep[@]}" --out "$TMP/g"
says 'after a boot' 'it was booted since, so nothing is left of that'
is 'after a boot: nothing is written' "$(<"$machine/proc/sys/vm/stat_interval")" 5
rm -rf "$machine" && cp -r "$TMP/before" "$machine"

# Two at once would restore each other's state.
mkdir -p "$TMP/state/vhostlab"
exec {lock}>"$TMP/state/vhostlab/lock"
flock "$lock"
run "${sweep[@]}" --out "$TMP/h"
code 'two sweeps on one machine' 1
says 'two sweeps on one machine' 'another sweep measures on this machine'
done_testing
