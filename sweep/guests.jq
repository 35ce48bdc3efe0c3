# SPDX-License-Identifier: GPL-2.0-only
# The sections of RESULTS.md about real guests. sweep/guests.sh puts format.jq, guest-words.jq, guest-summary.jq, prediction.jq, the
# environment and the names of the figures ($have) in front of it; input is the cells of guest-cells.jq. All of it is computed.

def serving:
  [.calls_by // {} | to_entries[] | select(.key != "vcpu" and .key != "guest") | select(.key != "other" or (.value // {} | any(. > 0))) | "\(.key | role_words): \(.value | named)"]
  | if length == 0 then "not counted" else join("; ") end;

def syscall_section:
  "## Real guests: system calls per packet, named", "",
  figure("guests-syscalls"; "System calls per packet by name, serving side and vCPU, beside the prediction"),
  table(place_heads + ["serving side, all", "serving side, by thread", "vCPU", "kicks", "calls", "lost %"]; "lrllrllrrr";
    place, (.syscalls | brief), serving, (.calls_by.vcpu | named), (.kicks | brief), (.calls | brief), (.lost_share | percent)),
  "Counted at the kernel's own tracepoint in a pass of their own, per packet of that pass. Serving side, all: QEMU's main loop and its other threads where QEMU serves, "
  + "the worker of a module, the process of the switch. By thread: also what is left to QEMU where a module or the switch serves.", "";

def exit_section:
  map(select(.exits != null)) | select(length > 0) |
  "## Real guests: exits of the virtual machine", "", figure("guests-exits"; "Exits of the virtual machine per packet, by reason"),
  table(place_heads + ["exits per packet", "by reason"]; "lrllrl"; place, (.exits | add // 0 | fixed(2)), (.exits | named)),
  "What the processor left the guest for, counted by the kernel's own tracepoint in the pass in which system calls were counted. A kick that a module serves "
  + "ends in the kernel, one without ioeventfd goes on to QEMU (`KVM_RUN` above).", "";

def rate_section:
  . as $cells | "## Real guests: throughput and loss", "", figure("guests-rate"; "Packets a second and loss"),
  table(place_heads + ["packets a second", "of userspace's", "Mbit/s", "transactions a second", "lost", "lost %"]; "lrllrrrrrr";
    place, (.rate | whole), (peer($cells; "userspace") as $u | .rate | over($u.rate)), (.bits | mega), (.transactions | whole),
    (.lost | whole), (.lost_share | percent)),
  "Packets are frames that crossed the tap (of `tcp_tx` and `tcp_rx` as large as offloads make them), Mbit/s their payload; lost: the most of any repetition, "
  + "and the median share of what was offered.", "";

def latency_section:
  . as $cells | map(select(.p50 != null)) | select(length > 0) |
  "## Real guests: round trips", "", figure("guests-latency"; "Round trips of real guests"),
  table(place_heads + ["p50", "p99", "p99.9", "p50, of userspace's", "lost"]; "lrllrrrrr";
    place, (.p50 | micro), (.p99 | micro), (.p999 | micro), (peer($cells; "userspace") as $u | .p50 | over($u.p50)), (.lost | whole)),
  "In microseconds of \(emulated)time, one request under way.", "";

def cpu_section:
  "## Real guests: processor time by thread", "", figure("guests-cpu"; "Processor time per packet, by thread"),
  table(place_heads + ["whole machine", "vCPU", "main loop", "worker", "server's process", "switches of the serving side", "lost %"]; "lrllrrrrrrr";
    place, ([.cost, (.cpu | .vcpu, .main, .worker, .server)][] | micro), (.switches // {} | [.main, .worker, .server] | total | fixed(2)),
    (.lost_share | percent)),
  "In microseconds of \(emulated)processor time per packet. Whole machine: idle excluded, with the senders, receivers and the network stack outside the guest.", "";

# Cells of workloads that were also measured with more guests or queues.
def scaling_section:
  map(select(.guest == "qemu")) | group_by([.workload, .size, .setting]) | map(select(any(.guests > 1 or .queues > 1))) | add // [] | select(length > 0) |
  "## Real guests: several at once, several queues", "", figure("guests-scaling"; "Several guests and several queues"),
  table(["workload", "size", "setting", "guests", "queues", "server", "packets a second, all", "lost %", "p50", "p99", "processor time per packet",
      "system calls of the serving side"]; "lrlrrlrrrrrr";
    .workload, .size, (.setting | words), .guests, .queues, (.name | words), (.rate | whole), (.lost_share | percent),
    ([.p50, .p99, .cost][] | micro), (.syscalls | brief)),
  "Times in microseconds of \(emulated)time.", "";

def dpdk_section:
  map(select(.guest == "dpdk")) | select(length > 0) |
  "## DPDK guests", "",
  table(["workload", "sink", "size", "burst", "queues", "setting", "server", "packets a second", "lost %", "p50", "p99", "p99.9",
      "processor time per packet", "of it the server's", "the guest's", "system calls of the serving side", "of the guest"]; "llrrrllrrrrrrrrrl";
    .workload, .sink, .size, .burst, .queues, (.setting | words), (.name | words), (.rate | whole), (.lost_share | percent),
    ([.p50, .p99, .p999, .cost, (.cpu // {} | ([.worker, .server] | total), .guest)][] | micro), (.syscalls | brief), (.calls_by.guest | named)),
  "Times in microseconds of \(emulated)time. A poll-mode guest, and the switch, keep a processor busy whether packets come or not: their processor time "
  + "per packet is that of waiting, too.", "";

summary,
(map(select(.guest == "qemu")) | single | select(length > 0) | syscall_section, prediction_section, exit_section, rate_section, latency_section, cpu_section),
scaling_section, dpdk_section,
"Sections of real guests: `./run.sh report \($run)`; measured again by `./run.sh sweep configs/\($env.experiment).conf --clock wall`; machine and settings: `\($run)/env.json`.", ""
