# SPDX-License-Identifier: GPL-2.0-only
"""Makes a table with the rules' names from the output of errors.bt, on stdin: bpftrace cannot
print one. The names are taken from the lines about the first error of each kind."""
import re
import sys

names: dict[str, str] = {}
times: dict[tuple[str, str, str], int] = {}
last: dict[tuple[str, str, str], int] = {}
for line in sys.stdin:
    if re.match(r"device \d+ queue \d+ index \d+: ", line):
        word = line.split()
        names[word[7].strip("()")] = word[6]
    found = re.match(r"@(errors|last_index)\[(\w+), (\w+), (\w+)\]: (\d+)", line)
    if found:
        into = times if found[1] == "errors" else last
        into[found[2], found[3], found[4]] = int(found[5])

print(f"\n{'device':<8} {'queue':<6} {'rule':<14} {'times':>12} {'index last':>12}")
for key, count in times.items():
    device, queue, rule = key
    print(f"{device:<8} {'tx' if queue == '1' else 'rx':<6} {names.get(rule, ''):<14} "
          f"{count:12d} {last.get(key, 0):12d}")
if not times:
    print("no rule was broken")
