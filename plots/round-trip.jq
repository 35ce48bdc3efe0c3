# SPDX-License-Identifier: GPL-2.0-only
# Length of a round trip, median and 99th percentile, one panel a frame size.
include "panels";
plain | map(select(.workload == "rr" and .sink == "stack")) |
[(map(.size) | unique)[] as $size | map(select(.size == $size)) |
 {title: "round trip, \($size)-byte frames",
  rows: [("latency_p50", "latency_p99") as $m | rows($m | {latency_p50: "p50", latency_p99: "p99"}[.]; $m)[]]}] | emit
