# SPDX-License-Identifier: GPL-2.0-only
# Kicks (guest to server) and calls (server to guest) per packet against burst, smallest frame.
include "panels";
plain | map(select(.sink == "stack")) |
[("tx", "rx") as $w | map(select(.workload == $w)) | (map(.size) | min) as $size |
 ("kicks", "calls") as $m |
 {title: "\($m), \($w | workload_name), \($size)-byte frames",
  rows: map(select(.size == $size)) | rows(.burst; "\($m)_per_packet")}] | emit
