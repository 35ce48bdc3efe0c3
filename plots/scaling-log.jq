# SPDX-License-Identifier: GPL-2.0-only
# Cost per packet without and with the dirty log, one panel a workload.
include "scaling-panels";
include "servers";
only(["log"]) | map(select(.sink == "stack" and .guests == 1)) | group_by([(.workload | workload_order), .size, .burst])
| map(select(any(.knobs.log == 1)) | map(select(.server == "intree" or .server == "vhostlab"))
  | (.[0] | "\(.workload | workload_words)\(if .workload == "rr" then "" else ", burst \(.burst)" end), \(.size) bytes") as $title
  | panel($title; if .knobs.log == 1 then "log" else "none" end; .server; .cost) | .rows |= reverse)
| emit(all_servers)
