# SPDX-License-Identifier: GPL-2.0-only
# System calls per packet against burst, smallest frame, one panel a direction.
include "panels";
plain | map(select(.sink == "stack")) |
[("tx", "rx") as $w | map(select(.workload == $w)) | (map(.size) | min) as $size |
 {title: "\($w | workload_name), \($size)-byte frames",
  rows: map(select(.size == $size)) | rows(.burst; "syscalls_per_packet")}] | emit
