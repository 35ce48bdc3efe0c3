#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A report that is interrupted or killed: it ends by the signal, no process of it goes on, no traceback, and the older report
# stands there whole.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools
for tool in gnuplot pandoc; do
	command -v "$tool" >/dev/null || { skip 'an interrupted report' "$tool is not installed" && done_testing; }
done

mkdir "$TMP/run"
cp "$ROOT"/results/reference/{points.jsonl,control.jsonl,env.json} "$TMP/run/"
made() { (cd "$TMP/run" && find figures figures-narrow RESULTS.md report.html -type f -exec md5sum {} + | sort | md5sum); }
files() { find "$TMP/run" -mindepth 1 -maxdepth 1 -printf '%f\n' | LC_ALL=C sort | tr '\n' ' '; }
below() { pgrep -f "report.*$TMP/run|draw.*$TMP/run|gnuplot.*$TMP/run" | wc -l; }
run "$ROOT/run.sh" report "$TMP/run"
code 'a report' 0
before=$(made)
is 'a report: each figure that its page names is there' \
	"$(cd "$TMP/run" && grep -o 'figures[-a-z]*/[^")]*\.svg' RESULTS.md | sort -u | while read -r f; do [[ -s $f ]] || echo "$f"; done)" ''
is 'a report: the page names figures for phones, too' "$(grep -c 'figures-narrow/' "$TMP/run/RESULTS.md" | sed 's/^[1-9].*/some/')" some
is 'a report: nothing else is left' "$(files)" 'RESULTS.md control.jsonl env.json figures figures-narrow points.jsonl report.html '

# stopped SIGNAL TARGET: how it ended, in $ENDED, when that process or group was sent the signal while figures are drawn
stopped()
{
	cat >"$TMP/stop.py" <<-'EOT'
		import os, signal, subprocess, sys, time
		number, whom, run, err, command = signal.Signals[sys.argv[1]], *sys.argv[2:5], sys.argv[5:]
		# nohup, and a job in the background, have some of them ignored.
		for default in signal.SIGINT, signal.SIGHUP, signal.SIGTERM:
		    signal.signal(default, signal.SIG_DFL)
		# Nothing that waits for us may wait for what goes on below.
		p = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=open(err, "wb"), start_new_session=True)
		drawing = ["pgrep", "-f", f"draw.*{run}/.*/cost-"]
		while p.poll() is None and subprocess.run(drawing, stdout=subprocess.DEVNULL).returncode:
		    time.sleep(0.05)
		(os.killpg if whom == "group" else os.kill)(p.pid, number)
		print(p.wait())
	EOT
	ENDED=$(python3 "$TMP/stop.py" "$1" "$2" "$TMP/run" "$TMP/stderr" "$ROOT/run.sh" report "$TMP/run")
	OUT=$(cat "$TMP/stderr")
}
while read -r signal number whom; do
	name="$signal to the $whom"
	stopped "$signal" "$whom"
	is "$name: it ends by the signal" "$ENDED" "-$number"
	# What a killed process has started ends with the figure that it is drawing.
	for ((i = 0; i < 100; i++)); do
		[[ $(below) -gt 0 ]] || break
		sleep 0.1
	done
	is "$name: no process of it goes on" "$(below)" 0
	is "$name: no traceback" "$(grep -c Traceback <<<"$OUT")" 0
	is "$name: the older report is whole" "$(made)" "$before"
	[[ $number -eq 9 ]] || is "$name: nothing else is left" "$(files)" \
		'RESULTS.md control.jsonl env.json figures figures-narrow points.jsonl report.html '
done <<'EOT'
SIGINT 2 group
SIGINT 2 process
SIGTERM 15 process
SIGHUP 1 process
SIGKILL 9 process
EOT
run "$ROOT/run.sh" report "$TMP/run"
code 'a report after it' 0
is 'what a killed one left is removed' "$(files)" 'RESULTS.md control.jsonl env.json figures figures-narrow points.jsonl report.html '
is 'the report is the same' "$(made)" "$before"
done_testing
