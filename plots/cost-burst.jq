# SPDX-License-Identifier: GPL-2.0-only
# Cost per packet against burst, smallest and largest frame, one panel each a direction.
include "panels";
plain | map(select(.sink == "stack")) |
[("tx", "rx") as $w | map(select(.workload == $w)) | (map(.size) | [min, max] | unique | map(select(. != null)))[] as $size |
 {title: "\($w | workload_name), \($size)-byte frames",
  rows: map(select(.size == $size)) | rows(.burst; "cost_per_packet")}] | emit
