#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The sweep's engine: the A/A control of every run, the recorded seed, repetitions that end when enough is known, and a run
# that was cut off anywhere and resumed: it measures the same points as one that was not.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

cat >"$TMP/sweep.conf" <<'EOC'
[sweep]
clock = wall
repetitions = 2
[x]
server = userspace, intree, vhostlab
workload = tx, rx
packets = 100
EOC
export VHOSTLAB_POINT=$ROOT/tests/harness/lib/fake-point
run "$ROOT/run.sh" sweep "$TMP/sweep.conf" --host --out "$TMP/a" --seed 5
code 'a sweep' 0
says 'a sweep measures one cell more' 'done, 14 of 14 measurements'
says 'it reports its A/A control' 'A/A control: vhostlab tx 64 x 1, sink stack, twice: cost'
is 'the control stands in a file of its own' "$(jq -sc 'map(.control) | unique' "$TMP/a/control.jsonl") $(grep -c control "$TMP/a/points.jsonl") $(wc -l <"$TMP/a/points.jsonl")" \
	'[true] 0 12'
is 'the seed is recorded' "$(jq .seed "$TMP/a/env.json")" 5
order=$("$BENCH/plan" --schedule --seed 5 "$TMP/sweep.conf" | jq -r 'select(.control == null) | "\(.point) \(.rep)"')
is 'the order is the one of that seed' "$(jq -r '"\(.point) \(.rep)"' "$TMP/a/points.jsonl")" "$order"
run "$ROOT/run.sh" sweep "$TMP/sweep.conf" --host --resume --out "$TMP/a" --seed 6
code 'another seed on resume' 2
says 'another seed on resume' 'this run began with seed 5'

# Cut off after any number of measurements, even within a line, and resumed.
for cut in 0 1 5 8 13; do
	rm -rf "$TMP/b"
	cp -r "$TMP/a" "$TMP/b"
	"$BENCH/plan" --schedule --seed 5 "$TMP/sweep.conf" | head -n "$cut" | jq -r '"\"point\":\"\(.point)\".*\"rep\":\(.rep),"' >"$TMP/kept"
	for file in points control; do
		grep -f "$TMP/kept" "$TMP/a/$file.jsonl" >"$TMP/b/$file.jsonl"
		[[ $cut -eq 0 ]] || head -c 40 "$TMP/a/$file.jsonl" >>"$TMP/b/$file.jsonl"
	done
	rm -f "$TMP/count"
	FAKE_COUNT=$TMP/count run "$ROOT/run.sh" sweep "$TMP/sweep.conf" --host --resume --out "$TMP/b"
	code "cut off after $cut" 0
	is "cut off after $cut: the rest is measured" "$(wc -l <"$TMP/count")" $((14 - cut))
	is "cut off after $cut: the same run" "$(md5sum <"$TMP/b/points.jsonl") $(md5sum <"$TMP/b/control.jsonl")" \
		"$(md5sum <"$TMP/a/points.jsonl") $(md5sum <"$TMP/a/control.jsonl")"
done

# Repetitions that end by themselves. A point whose cost is set by its server and repetition: the lines of the file costs,
# a word a repetition.
cat >"$TMP/point" <<'EOC'
#!/bin/bash
cost=$(awk -v server="$2" -v rep="${VHOSTLAB_RAW##*-}" '$1 == server { print $(rep + 1) }' "${0%/*}/costs")
[[ $cost != - ]] || { echo "fake point: it failed" >&2; exit 1; }
printf '{"packets":1,"lost":0,"corrupt":null,"seconds":1,"cost_per_packet":%s,"syscalls_per_packet":0,"kicks_per_packet":1,' "$cost"
printf '"calls_per_packet":1,"latency_p50":null,"latency_p99":null,"latency_p999":null,"detail":{"policy":"other"}}\n'
EOC
chmod +x "$TMP/point"
export VHOSTLAB_POINT=$TMP/point VHOSTLAB_CLOCK

# ends CLOCK PRECISION REPETITIONS NAME WANTED < COSTS: how many repetitions each server got
ends()
{
	VHOSTLAB_CLOCK=$1
	cat >"$TMP/costs"
	printf '[sweep]\nclock = %s\nprecision = %s\nrepetitions = %s\ncontrol = no\n[x]\nserver = userspace, intree\nworkload = tx\n' \
		"$1" "$2" "$3" >"$TMP/ends.conf"
	rm -rf "$TMP/e"
	run "$ROOT/run.sh" sweep "$TMP/ends.conf" --host --out "$TMP/e"
	is "$4: repetitions of each server" "$(jq -rs 'group_by(.server) | map("\(.[0].server) \(length)") | join(" ")' "$TMP/e/points.jsonl")" "$5"
}
ends insn 0.1% 6 'two equal in a row, of both servers' 'intree 4 userspace 4' <<-'END'
	userspace 1000 1010 1020 1020.5 1020 1020
	intree 900 900 900 900 900 900
END
code 'an early end' 0
says 'an early end' '4 measurements were not needed: their figures are known to the precision asked for'
ends insn 0.01% 6 'a finer precision' 'intree 6 userspace 6' <<-'END'
	userspace 1000 1010 1020 1020.5 1020 1020
	intree 900 900 900 900 900 900
END
ends wall 2% 12 'wall clock: 6 at least' 'intree 6 userspace 6' <<-'END'
	userspace 1000 1000 1000 1000 1000 1000 1000 1000 1000 1000 1000 1000
	intree 900 910 900 910 900 910 900 910 900 910 900 910
END
# The range of 6 to 8 values is 200 wide; of 9 the largest and smallest are left out.
ends wall 2% 12 'wall clock: outliers take longer' 'intree 9 userspace 9' <<-'END'
	userspace 1000 1200 1010 1000 1010 1000 1010 1000 1010 1000 1010 1000
	intree 900 900 900 900 900 900 900 900 900 900 900 900
END
ends wall 2% 8 'wall clock: never known' 'intree 8 userspace 8' <<-'END'
	userspace 1000 1200 1000 1200 1000 1200 1000 1200
	intree 900 900 900 900 900 900 900 900
END
ends insn 0.1% 5 'one that cannot be measured holds up no other' 'intree 2' <<-'END'
	userspace - - - - -
	intree 900 900 900 900 900
END
ends insn 0.1% 6 'again' 'intree 4 userspace 4' <<-'END'
	userspace 1000 1010 1020 1020.5 1020 1020
	intree 900 900 900 900 900 900
END
cp -r "$TMP/e" "$TMP/whole"
for cut in 1 3 4 6 7 8; do
	cp -r "$TMP/whole" "$TMP/cut"
	head -n "$cut" "$TMP/whole/points.jsonl" >"$TMP/cut/points.jsonl"
	run "$ROOT/run.sh" sweep "$TMP/ends.conf" --host --resume --out "$TMP/cut"
	is "cut off after $cut: ends where the unbroken one did" "$(md5sum <"$TMP/cut/points.jsonl")" "$(md5sum <"$TMP/whole/points.jsonl")"
	rm -rf "$TMP/cut"
done

for value in 0% 100% much 1 -1%; do
	printf '[sweep]\nprecision = %s\n[x]\nserver = intree\nworkload = tx\n' "$value" >"$TMP/bad.conf"
	run "$BENCH/plan" "$TMP/bad.conf"
	code "precision = $value" 2
	says "precision = $value" 'bad.conf:2: precision'
done
done_testing
