# SPDX-License-Identifier: GPL-2.0-only
"""Makes a table with time per run and per packet, the costliest device first, from the output of
topguests.bt, on stdin: bpftrace cannot print one."""
import re
import sys
from collections import Counter

sums: dict[str, Counter[str]] = {}
workers: dict[str, str] = {}
for line in sys.stdin:
    found = re.match(r"@(packets|bytes|runs|time)\[(\d+), \d+\]: (\d+)$", line)
    if found:
        sums.setdefault(found[2], Counter())[found[1]] += int(found[3])
    found = re.match(r"@worker\[(\d+)\]: (.*)$", line)
    if found:
        workers[found[1]] = found[2]

print(f"\n{'device':<8} {'worker':<18} {'packets':>10} {'bytes':>12} {'runs':>8} {'time':>14} "
      f"{'time/run':>12} {'time/packet':>12}")
for device, one in sorted(sums.items(), key=lambda item: -item[1]["time"]):
    time, runs, packets = one["time"], one["runs"], one["packets"]
    each = f"{time / runs:.0f}" if runs else "-"
    per_packet = f"{time / packets:.1f}" if packets else "-"
    print(f"{device:<8} {workers.get(device, ''):<18} {packets:10d} {one['bytes']:12d} "
          f"{runs:8d} {time:14d} {each:>12} {per_packet:>12}")
