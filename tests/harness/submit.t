#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A sweep on many machines: a real Slurm of one node, started here, measures all shares once, goes on after failures and
# cancelled jobs, and shares that differ are not joined.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

# shellcheck disable=SC2317 # called at the end
jobs_end()
{
	local pid file
	[[ ! -s $TMP/slurm.conf ]] || scancel --state=PENDING --state=RUNNING --user="$(id -un)" 2>/dev/null || true
	for file in slurmd ctld munged; do
		[[ -s $TMP/$file.pid ]] || continue
		pid=$(cat "$TMP/$file.pid")
		kill "$pid" 2>/dev/null || continue
		for ((i = 0; i < 100; i++)); do
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.1
		done
		kill -KILL "$pid" 2>/dev/null || true
	done
}
# shellcheck disable=SC2317 # a trap
ended()
{
	local code=$?
	jobs_end
	(exit "$code")
	at_end
}
trap ended EXIT

# without REASON: the rest is left out
without()
{
	skip 'a real Slurm' "$1"
	done_testing
}

PATH=$PATH:/usr/sbin:/sbin
for program in munged slurmctld slurmd sbatch; do
	command -v $program >/dev/null || without "$program is not installed (packages slurm-wlm and munge)"
done
# Its daemons ask that others may enter their folders.
chmod 755 "$TMP"
mkdir "$TMP/state" "$TMP/spool"
head -c 1024 /dev/urandom >"$TMP/key" && chmod 600 "$TMP/key"
munged --key-file="$TMP/key" --socket="$TMP/munge.sock" --pid-file="$TMP/munged.pid" --log-file="$TMP/munged.log" \
	--seed-file="$TMP/munged.seed" 2>"$TMP/why" || without "munged does not start: $(tail -n 1 "$TMP/why")"
node=$(uname -n)
node=${node%%.*}
port=$((20000 + RANDOM % 10000))
export SLURM_CONF=$TMP/slurm.conf
# One task after the other, each started within a second.
cat >"$SLURM_CONF" <<EOC
ClusterName=vhostlab
SlurmctldHost=$node(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$TMP/munge.sock
SlurmctldPort=$port
SlurmdPort=$((port + 1))
StateSaveLocation=$TMP/state
SlurmdSpoolDir=$TMP/spool
SlurmctldPidFile=$TMP/ctld.pid
SlurmdPidFile=$TMP/slurmd.pid
SlurmctldLogFile=$TMP/ctld.log
SlurmdLogFile=$TMP/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/linear
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=10000,bf_interval=1
CompleteWait=0
KillWait=10
PropagateResourceLimits=NONE
ReturnToService=2
MailProg=/bin/true
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=one Nodes=$node Default=YES MaxTime=INFINITE State=UP
EOC
slurmctld -f "$SLURM_CONF" 2>"$TMP/why" || without "slurmctld does not start: $(tail -n 1 "$TMP/why")"
slurmd -f "$SLURM_CONF" 2>"$TMP/why" || without "slurmd does not start: $(tail -n 1 "$TMP/why")"
for ((i = 0; i < 100; i++)); do
	[[ $(sinfo -h -o %T 2>/dev/null) != idle ]] || break
	sleep 0.1
done
[[ $(sinfo -h -o %T 2>&1) == idle ]] ||
	without "Slurm's node does not become idle: $(tail -qn 1 "$TMP/ctld.log" "$TMP/slurmd.log" | tr '\n' ' ')"

cat >"$TMP/many.conf" <<'EOC'
[sweep]
clock = wall
repetitions = 2
[x]
server = userspace, intree, vhostlab
workload = tx, rx
size = 64, 256
packets = 100
EOC
# A point program that fails, or is slow, in the share that $TMP/fail or $TMP/slow names.
cat >"$TMP/point" <<EOC
#!/bin/bash
[[ \$(cat "$TMP/fail" 2>/dev/null) != "\$VHOSTLAB_SHARE" ]] || { echo 'point: broken' >&2; exit 1; }
[[ \$(cat "$TMP/slow" 2>/dev/null) != "\$VHOSTLAB_SHARE" ]] || sleep 0.5
exec "$ROOT/tests/harness/lib/fake-point" "\$@"
EOC
chmod +x "$TMP/point"
export VHOSTLAB_POINT=$TMP/point FAKE_COUNT=$TMP/count
submit()
{
	run "$ROOT/run.sh" submit "$@"
}
"$BENCH/plan" --schedule "$TMP/many.conf" >"$TMP/schedule"
steps=$(wc -l <"$TMP/schedule")

submit "$TMP/many.conf" --host --jobs 3 --out "$TMP/run" --dry-run
code 'dry run' 0
says 'dry run' 'share 3/3: '
says 'dry run' "'--array=1-3'"
is 'dry run: makes nothing' "$([[ -e $TMP/run ]] && echo something || echo nothing)" nothing

submit "$TMP/many.conf" --tune --jobs 3 --out "$TMP/run"
code 'an option of the host alone' 2
says 'an option of the host alone' '--tune: it is about the nodes themselves: add --host'
submit "$TMP/many.conf" --host --tune --cpus 0,1 --noise-limit 0.5 --jobs 2 --out "$TMP/prepared" --prepare
code 'options of the host' 0
is 'every share gets them' "$(jq -r '.host | join(" ")' "$TMP/prepared/submit.json")" '--host --tune --cpus 0,1 --noise-limit 0.5'
printf '#!/bin/bash\nprintf "%%s " "$@"\n' >"$TMP/run.sh"
chmod +x "$TMP/run.sh"
run "$ROOT/sweep/share-job.sh" "$TMP" "$TMP/prepared" 2
is 'a share is measured with them' "$(grep -o -e '--host .* --share 2/2' "$TMP/stdout")" \
	'--host --tune --cpus 0,1 --noise-limit 0.5 --share 2/2'

echo 2/3 >"$TMP/fail"
submit "$TMP/many.conf" --host --jobs 3 --out "$TMP/run" --wait -- --comment=test
code 'a task that fails' 1
says 'a task that fails' 'submit: share 2/3: '
says 'a task that fails' '1 of 3 shares are not complete: go on with ./run.sh submit --resume --out'
silent_about 'a task that fails' 'share 1/3: '
rm -f "$TMP/fail"
submit --resume --out "$TMP/run" --wait
code 'resume after a failure' 0
says 'resume after a failure' "done, $steps of $steps measurements"
says 'resume after a failure' '1 of 3 shares'
says 'the controls are told' 'A/A control'
is 'each is measured once' "$(wc -l <"$TMP/count")" "$steps"
is 'points in the order of the schedule' "$(jq -r '"\(.point) \(.rep)"' "$TMP/run/points.jsonl")" \
	"$(jq -r 'select(.control != true) | "\(.point) \(.rep)"' "$TMP/schedule")"
is 'controls in the order of the schedule' "$(jq -r '"\(.point) \(.rep)"' "$TMP/run/control.jsonl")" \
	"$(jq -r 'select(.control) | "\(.point) \(.rep)"' "$TMP/schedule")"
is 'every share has whole cells' "$(jq -s -r 'group_by([.workload, .size])[] | map(.server) | unique | length' \
	"$TMP"/run/shares/?/points.jsonl | sort -u)" 3
is 'and no cell is in two' "$(for k in 1 2 3; do
	jq -c '[.workload, .size]' "$TMP/run/shares/$k/points.jsonl" | sort -u
done | sort | uniq -d)" ''
is 'the nodes are named' "$(jq -c '.nodes | map([.node, .shares])' "$TMP/run/env.json")" "[[\"$node\",[1,2,3]]]"
is 'also by each point' "$(jq -r .node "$TMP/run/points.jsonl" | sort -u)" "$node"
run "$ROOT/run.sh" sweep "$TMP/many.conf" --host --resume --out "$TMP/run"
code 'a submitted run is not resumed on one machine' 2
says 'a submitted run is not resumed on one machine' 'submit --resume'
submit "$TMP/many.conf" --host --jobs 3 --out "$TMP/run"
code 'a submitted run is not overwritten' 2
submit --resume --out "$TMP/run"
code 'resume of what is complete' 0
says 'resume of what is complete' 'nothing is submitted'

before=$(cat "$TMP"/run/*.jsonl | md5sum)
printf '{"point":"0123","rep":1,"serv' >>"$TMP/run/shares/3/points.jsonl"
submit --collect "$TMP/run"
code 'half a line in a share' 0
is 'half a line in a share is left out' "$(cat "$TMP"/run/*.jsonl | md5sum)" "$before"
cp "$TMP/run/shares/2/env.json" "$TMP/env"
jq '.module.sha256 = "0123"' "$TMP/env" >"$TMP/run/shares/2/env.json"
submit --collect "$TMP/run"
code 'another module' 1
says 'another module' 'shares/2/env.json: measured with another module than'
jq '.kernel = "5.0" | .qemu = "9"' "$TMP/env" >"$TMP/run/shares/2/env.json"
submit --collect "$TMP/run"
says 'another kernel and QEMU' 'another kernel, qemu than'
cp "$TMP/env" "$TMP/run/shares/2/env.json"
cp "$TMP/run/shares/2/points.jsonl" "$TMP/points"
head -n 1 "$TMP/run/shares/1/points.jsonl" >>"$TMP/run/shares/2/points.jsonl"
submit --collect "$TMP/run"
code 'a measurement in two shares' 1
says 'a measurement in two shares' 'stands there already'
cp "$TMP/points" "$TMP/run/shares/2/points.jsonl"
is 'what is refused changes nothing' "$(cat "$TMP"/run/*.jsonl | md5sum)" "$before"

# A job that is cancelled in the middle of its only share.
rm -f "$TMP/count"
echo 1/1 >"$TMP/slow"
submit "$TMP/many.conf" --host --jobs 1 --out "$TMP/cut" --only 'workload=tx' --seed 7
code 'submit without waiting' 0
for ((i = 0; i < 200; i++)); do
	[[ ! -s $TMP/cut/shares/1/points.jsonl ]] || break
	sleep 0.1
done
submit --resume --out "$TMP/cut"
code 'resume of what still runs' 1
says 'resume of what still runs' 'queued or runs'
# Slurm takes it back into the queue, as when a node fails, and starts it again.
id=$(cat "$TMP/cut/jobs")
scontrol requeue "${id}_1"
for ((i = 0; i < 200; i++)); do
	[[ $(squeue -h -r -o %t) != PD ]] || break
	sleep 0.1
done
requeued=$(wc -l <"$TMP/cut/shares/1/points.jsonl")
# It would wait for two minutes. Slurm's node refuses what is started within the second in which it was cancelled, counted in
# whole seconds: "job credential revoked", and the task has failed.
scontrol update "JobId=${id}_1" StartTime=now+2
for ((i = 0; i < 200; i++)); do
	[[ $(wc -l <"$TMP/cut/shares/1/points.jsonl") -le $requeued ]] || break
	sleep 0.1
done
is 'a task that Slurm starts again goes on' "$(($(wc -l <"$TMP/cut/shares/1/points.jsonl") > requeued))" 1
scancel "$(cat "$TMP/cut/jobs")"
for ((i = 0; i < 200; i++)); do
	[[ -n $(squeue -h) ]] || break
	sleep 0.1
done
rm -f "$TMP/slow"
submit --collect "$TMP/cut"
code 'a cancelled job' 1
says 'a cancelled job' '1 of 1 shares are not complete'
kept=$(cat "$TMP"/cut/{points,control}.jsonl | wc -l)
run env SLURMD_NODENAME=elsewhere "$ROOT/sweep/share-job.sh" "$ROOT" "$TMP/cut" 1
code 'a pair on the wall clock stays on its node' 2
says 'a pair on the wall clock stays on its node' 'measured with another node'
submit --resume --out "$TMP/cut" --wait
code 'resume of a cancelled job' 0
steps=$("$BENCH/plan" --only workload=tx --get steps "$TMP/many.conf")
says 'resume of a cancelled job' "done, $steps of $steps measurements"
is 'it had begun, and was not done' "$((kept > 0 && kept < steps))" 1
# The two measurements that a signal ended, at most, were begun twice.
is 'what was there is not measured again' "$(($(wc -l <"$TMP/count") <= steps + 2))" 1
is 'every measurement is there once' \
	"$(cat "$TMP"/cut/{points,control}.jsonl | jq -r '"\(.point) \(.rep)"' | sort -u | wc -l)" "$steps"
is 'it went to the same node' "$(scontrol show job "$(tail -n 1 "$TMP/cut/jobs")" | grep -o 'ReqNodeList=.*' | cut -d' ' -f1)" \
	"ReqNodeList=$node"
done_testing
