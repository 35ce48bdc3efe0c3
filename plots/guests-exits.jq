# SPDX-License-Identifier: GPL-2.0-only
# Exits of the virtual machine per packet, by reason, one panel a workload.
include "guest-stacks";

headline | map(select(.exits != null))
| panels(.[] | {name, parts: (.exits | to_entries | map({name: .key, value: .value})), text: (.exits | add // 0 | short)})
| emit_stacks([])
