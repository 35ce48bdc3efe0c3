# SPDX-License-Identifier: GPL-2.0-only
# Packets a second with the loss beside them, one panel a workload, size and setting; DPDK guests, too.
include "guest-stacks";
include "servers";
include "colours";

map(select(.queues == 1 and .guests == 1 and .rate != null and .p50 == null))
| panels(.[] | {name, parts: [{name: .server, value: .rate}],
    text: "\(.rate | short), lost \(if .lost_share == null then "?" else .lost_share * 100 | short end) %"})
| emit_stacks(all_servers; server_colours)
