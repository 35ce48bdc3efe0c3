# SPDX-License-Identifier: GPL-2.0-only
# Microseconds of processor time per packet, by thread, one panel a workload; DPDK guests, too.
include "guest-stacks";

def thread: {vcpu: "vCPU", main: "main loop", other: "QEMU's other threads", worker: "worker", server: "server's process", guest: "guest's process"}[.] // .;

(single | smallest) + map(select(.guest == "dpdk" and .queues == 1)) | map(select(.cpu != null and (.cpu | any(. != null))))
| panels(.[] | {name, parts: (.cpu | to_entries | map(select(.value != null) | {name: (.key | thread), value: (.value / 1000)})),
    text: (.cpu | map(select(. != null)) | add / 1000 | short)})
| emit_stacks(["vCPU", "main loop", "QEMU's other threads", "worker", "server's process", "guest's process"])
