# SPDX-License-Identifier: GPL-2.0-only
# Histograms of round trips, from the buckets in points.jsonl (stdin, slurped). Three blocks a panel, one a server:
# from, to, share of all trips in percent.
include "panels";
include "servers";

map(select(.workload == "rr" and .guest == "process" and .knobs == {} and .detail.latency_histogram != null))
| columns_for(map(.server)) as $servers | group_by([.size, .sink])
| map(. as $points
  | [$servers[] as $s | [$points[] | select(.server == $s) | .detail.latency_histogram[]]
      | (map(.[2]) | add) as $all | group_by(.[0]) | map("\(.[0][0]) \(.[0][1]) \((map(.[2]) | add) * 100 / $all)")]
  | map("from to share\n" + (if length == 0 then "- - -" else join("\n") end)) as $blocks
  | "# panel round trip of \($points[0].size)-byte frames, \($points | map(.detail.latency_histogram | map(.[2]) | add) | add) trips\n"
  + ($blocks | join("\n\n\n")))
| join("\n\n\n")
