# SPDX-License-Identifier: GPL-2.0-only
# Cost per packet against frame size, smallest and largest burst, one panel each a direction.
include "panels";
plain | map(select(.sink == "stack")) |
[("tx", "rx") as $w | map(select(.workload == $w)) | (map(.burst) | [min, max] | unique | map(select(. != null)))[] as $burst |
 {title: "\($w | workload_name), burst \($burst)",
  rows: map(select(.burst == $burst)) | rows(.size; "cost_per_packet")}] | emit
