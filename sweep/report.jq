# SPDX-License-Identifier: GPL-2.0-only
# RESULTS.md from the cells of a run (stdin) and its environment ($env, $failed, $figures, $run).
# sweep/report.sh puts format.jq in front of it.
# Everything it says is computed; nothing in the output depends on when or where it is made.
def by_cell: group_by([.workload, .sink, .size, .burst, .queues, .guests, .guest]) | map(servers_of);

# Rows in reading order: transmit, receive, round trip; size; burst.
def ordered: sort_by([(.workload | {tx: 0, rx: 1, rr: 2}[.]), .sink, .size, .burst]);

# One column for each of them, all of numbers.
def heads: map(" \(.) |") | add;
def rules: map("--:|") | add;

def cost_table:
  shown as $servers | ($servers - ["vhostlab"]) as $others |
  "| workload | sink | size | burst |\($servers | heads)\($others | map("vhostlab / \(.)") | heads) userspace - vhostlab | \($servers | lost_heading) |",
  "|---|---|--:|--:|\($servers + $others | rules)--:|---|",
  (ordered[] | . as $c | "| \(.workload) | \(.sink) | \(.size) | \(.burst) |\([$c[$servers[]] | cost] | heads)"
    + "\([$others[] as $o | ratio($c.vhostlab; $c[$o])] | heads) \(difference(.userspace; .vhostlab)) | \(losses($servers)) |"), "";

def metric_table(metric):
  shown as $servers |
  "| workload | size | burst |\($servers | heads) userspace - vhostlab | \($servers | lost_heading) |",
  "|---|--:|--:|\($servers | rules)--:|---|",
  (ordered[] | "| \(.workload) | \(.size) | \(.burst) |\([.[$servers[]] | per_packet(metric)] | heads) \(per_packet_difference(metric)) | \(losses($servers)) |"), "";

def notification_table:
  shown as $servers |
  "| workload | size | burst | kicks:\($servers | heads) calls:\($servers | heads) \($servers | lost_heading) |",
  "|---|--:|--:|\($servers + $servers | rules)---|",
  (ordered[] | "| \(.workload) | \(.size) | \(.burst) |\([.[$servers[]] | per_packet("kicks_per_packet")] | heads)"
    + "\([.[$servers[]] | per_packet("calls_per_packet")] | heads) \(losses($servers)) |"), "";

def round_trip_table:
  shown as $servers | ($servers - ["vhostlab"]) as $others |
  "| sink | size | percentile |\($servers | heads)\($others | map("vhostlab / \(.)") | heads) \($servers | lost_heading) |",
  "|---|--:|---|\($servers + $others | rules)---|",
  (ordered[] | . as $c | ("latency_p50", "latency_p99", "latency_p999") as $m |
    "| \($c.sink) | \($c.size) | \($m | ltrimstr("latency_")) |\([$c[$servers[]] | middle($m) | whole] | heads)"
    + "\([$others[] as $o | quotient($c.vhostlab | middle($m); $c[$o] | middle($m))] | heads) \($c | losses($servers)) |"), "";

def check_table:
  shown as $servers |
  "| workload | size | burst | server | delivered | lost | corrupt |",
  "|---|--:|--:|---|--:|--:|--:|",
  (ordered[] | . as $c | $servers[] as $s | $c[$s] | select(. != null) |
    "| \($c.workload) | \($c.size) | \($c.burst) | \($s) | \(middle("packets") | whole) | \(most("lost")) | \(most("corrupt")) |"), "";

# What the ring, the copies and the notifications cost: all but the tap itself.
def floor_table:
  shown as $servers | ($servers - ["vhostlab"]) as $others |
  "| workload | sink | size | burst | floor |\($servers | heads)\($others | map("vhostlab / \(.)") | heads) \($servers | lost_heading) |",
  "|---|---|--:|--:|--:|\($servers + $others | rules)---|",
  (ordered[] | . as $c | "| \(.workload) | \(.sink) | \(.size) | \(.burst) | \(.floor | cost) |\([$c[$servers[]] | middle("above_floor_per_packet") | whole] | heads)"
    + "\([$others[] as $o | quotient($c.vhostlab | middle("above_floor_per_packet"); $c[$o] | middle("above_floor_per_packet"))] | heads) \(losses($servers)) |"), "";

def figure($name; $text): "![\($text)](\($figures)/\($name).svg)", "";

def made_by($name): "Figure and table: `./run.sh report \($run)`; the figure alone, from its data: `plots/draw \($figures)/\($name).dat`.", "";

def name_of_cell: "\(.workload), \(.sink), \(.size) bytes, burst \(.burst)";

# The verdict in words, from all cells with a cost on both sides.
def verdict($other):
  map(select(.vhostlab != null and .[$other] != null) | . + {q: ((.vhostlab | middle("cost_per_packet")) / (.[$other] | middle("cost_per_packet")))})
  | if length == 0 then "vhostlab and \($other) have no cell in common here."
    else . as $all | ($all | min_by(.q)) as $best | ($all | max_by(.q)) as $worst | ($all | map(select(.q > 1))) as $slower |
      "Against \($other), over \($all | length) cells, vhostlab costs between \($best.q | fixed(3)) (\($best | name_of_cell)) and \($worst.q | fixed(3)) (\($worst | name_of_cell)) times as much per packet. "
      + if ($slower | length) == 0 then "It costs more in no cell."
        else "**It costs more in \($slower | length) of them**: \($slower | sort_by(-.q) | map("\(name_of_cell) (\(.q | fixed(3)))") | join("; "))." end
    end;

def syscalls_verdict:
  map(select(.sink == "stack" and .burst == 1 and (.workload == "tx" or .workload == "rx") and .userspace != null and .vhostlab != null)) | ordered | .[]
  | "- Burst 1, \(.workload), \(.size) bytes: the userspace server makes \(.userspace | per_packet("syscalls_per_packet")) system calls a packet, vhostlab \(.vhostlab | per_packet("syscalls_per_packet")): \(per_packet_difference("syscalls_per_packet")) saved."
    + (if .uring == null then "" else " Server uring makes \(.uring | per_packet("syscalls_per_packet"))." end);

def spread:
  [.[] | .cost_per_packet | select(. != null and .n > 1 and .median > 0) | (.max - .min) / .median * 100]
  | if length == 0 then "Each cell was measured once." else "Largest spread between repetitions of one cell, (max - min) / median of the cost: \(max | fixed(3)) %; over half of the cells have at most \(sort | .[(length - 1) / 2 | floor] | fixed(3)) %." end;

def limits:
  if $env.clock == "insn" then
    "## What the instruction clock does not model", "",
    "Costs here are instructions executed by the whole machine, guest, server, kernel and far end together, idle excluded. One instruction takes one unit whatever it does. So:", "",
    "- **No time.** An instruction that waits 200 cycles for memory counts as much as an addition. A shorter path is not always a faster one.",
    "- **No caches and no memory bandwidth.** Copies look cheap: a load that misses costs one, like any other.",
    "- **No barriers and no contention.** Memory barriers, locked instructions, and cache lines moving between processors cost one each; the machine has one processor, so server and guest take turns.",
    "- **No exits and no interrupts of a real guest.** A kick here is a write to an eventfd by a process, not an exit of a virtual machine; a call is a wake-up, not an injected interrupt. Speculation mitigations count only their instructions.",
    "- **Repeated string instructions** (`rep movsb`, `rep stosb`) count one instruction a byte under this clock. The machine therefore hides the processor flags `erms` and `fsrm`, and the kernel copies with loops instead; the count of a copy is that of those loops.",
    "- System calls, kicks and calls are counted, not timed: they mean the same under any clock.", ""
  else
    "## What these times are", "",
    "Costs here are nanoseconds of processor time of the whole machine, idle excluded, on the machine named above. They depend on it, on its load, and on the run; compare servers within this run, not numbers between machines." + (if $env.accel == "tcg" then " The machine was emulated (TCG): ratios of times are ratios of the emulator's work." else "" end), ""
  end;

def environment:
  "## Environment", "",
  "| what | value |", "|---|---|",
  ([["experiment", $env.experiment], ["measured", $env.date], ["git revision", ($env.git.revision // "none") + (if $env.git.dirty then " with uncommitted changes" else "" end)],
    ["clock", $env.clock], ["accelerator", $env.accel], ["kernel", "\($env.kernel) \($env.kernel_version)"], ["kernel command line", $env.cmdline],
    ["processor of the machine", "\($env.cpus) x \($env.cpu), \($env.memory_mib) MiB"], ["processor of the host", $env.host_cpu],
    ["QEMU", $env.qemu], ["QEMU arguments", $env.qemu_args],
    ["vhostlab_net", "srcversion \($env.module.srcversion // "not loaded"), sha256 \($env.module.sha256 // "unknown")"],
    ["vhostlab_net parameters", ($env.module.parameters | to_entries | map("\(.key)=\(.value)") | join(" "))],
    ["vhost_net (in-tree)", "srcversion \($env.intree.srcversion // "unknown"), sha256 \($env.intree.sha256 // "unknown")"],
    ["mitigations", ($env.mitigations | to_entries | map("\(.key): \(.value)") | join("; "))],
    ["sysctls", ($env.sysctls | to_entries | map("\(.key)=\(.value)") | join(" "))]]
   [] | select(.[1] != null and .[1] != "") | "| \(.[0]) | \(.[1] | tostring | cell_text) |"), "",
  "All of it, and more: `\($run)/env.json`.", "";

def missing:
  if ($failed | length) == 0 then empty else
    "## Not measured", "", "| verdict | reason | times |", "|---|---|--:|",
    ($failed | group_by([.verdict, .reason])[] | "| \(.[0].verdict) | \(.[0].reason | cell_text) | \(length) |"), "" end;

def who: {userspace: "a virtio-net in a process of its own, as a virtual machine monitor has it", intree: "the kernel's `vhost_net`",
  vhostlab: "our kernel module", uring: "the process again, with io_uring instead of a system call for each step"}[.];

# A run may have both kinds of guest; the sections of real guests are in $inside.
def opening($cells):
  columns_for($cells | map(.server)) as $servers |
  "\({"3": "Three", "4": "Four"}[$servers | length | tostring]) servers of the same queues, driven by the same userspace guest, in one run: \($servers | map("**\(.)** (\(who))") | join(", ")). "
  + "Unit of cost: \(unit) per packet, \($env.clock) clock, \($env.accel), Linux \($env.kernel). Sizes are frame bytes without the virtio header; burst is packets a kick. Values are medians of the repetitions.", "";

# Several guests at once have sections of their own, in $inside.
map(select(.guest == "process" and .guests == 1)) as $cells | ($cells | map(select(.knobs == {})) | by_cell) as $rows
# An ablation has a table of its settings of its own.
| (if $cells | any(.[]; .knobs | has("without")) then []
   else $cells | map(select(.knobs != {} and (.knobs | [has("trace", "regions", "log", "shared_poll_us")] | any | not)))
   end) as $other
| ($rows | map(select(.sink != "check" and (.workload | IN("tx", "rx", "rr"))))) as $measured
| ($rows | map(select(.sink == "check"))) as $checked
| ($measured | map(select(.workload != "rr"))) as $packets
| ($packets | map(select(.sink == "stack"))) as $stack
| ($measured | map(select(.workload == "rr"))) as $trips
| ($measured | map(select(.floor != null))) as $floored
| [
  "<!-- Generated by `./run.sh report \($run)`. Do not edit: edit sweep/report.jq or measure again. -->",
  "# What does it cost to serve a guest's virtio-net queues?", "",
  (if ($cells | length) > 0 then opening($cells),
  "## In short", "",
  ($measured | syscalls_verdict),
  ($measured | (shown - ["vhostlab"])[] as $s | "- \(verdict($s))"),
  "- \($cells | delivery)",
  "- \($cells | map(select(.sink != "check")) | spread)", "" else empty end),
  ($claims | rtrimstr("\n")),
  (if ($stack | length) > 0 then
    "## System calls", "", figure("syscalls"; "System calls of the server per packet against burst"),
    ($stack | metric_table("syscalls_per_packet")),
    "System calls made by the serving side (the server's process, or the worker thread of a kernel module), counted by the kernel's own tracepoint in a pass of their own.", "", made_by("syscalls") else empty end),
  (if ($packets | length) > 0 then
    "## Cost per packet", "",
    (if ($stack | length) > 0 then figure("cost-size"; "Cost per packet against frame size"), figure("cost-burst"; "Cost per packet against burst") else empty end),
    ($packets | cost_table), "Cost in \(unit) per packet; lost: frames offered but not delivered, of \($packets | shown | join(", ")) (the most of any repetition). "
    + "Sink `stack`: the host's stack counts and drops what arrives; `xdp_drop`: a program on the tap does, so that the network stack is left out; `forward`: it leaves by another device, the stack sees nothing of it.", "",
    (if ($stack | length) > 0 then made_by("cost-size"), made_by("cost-burst") else "Table: `./run.sh report \($run)`.", "" end) else empty end),
  (if ($floored | length) > 0 then
    "## Above the floor", "",
    "Server `floor` is none: the module hands the same frames to the same tap in the same bursts out of a buffer of its own, or takes them from it and drops them, with no ring and no guest. It is what a server that copies every frame can approach. What each costs above that, in \(unit) per packet:", "",
    ($floored | floor_table), "Table: `./run.sh report \($run)`.", "" else empty end),
  (if ($stack | length) > 0 then
    "## Notifications", "", figure("notifications"; "Kicks and calls per packet against burst"),
    ($stack | notification_table), made_by("notifications") else empty end),
  (if ($trips | length) > 0 then
    "## Round trip", "", figure("round-trip"; "Length of a round trip"), ($trips | round_trip_table),
    "Length in \(unit), one packet under way; the host's network stack answers.", "", made_by("round-trip") else empty end),
  (if ($checked | length) > 0 then
    "## Every byte checked", "",
    "Passes in which the far end reads every frame and compares sequence number and content; made to find loss, damage and wrong order, not to measure cost.", "",
    ($checked | check_table), "Table: `./run.sh report \($run)`.", "" else empty end),
  (if ($other | length) > 0 then
    "## Other settings", "", "| workload | sink | size | burst | server | settings | cost | system calls | round trip, p50 | lost |", "|---|---|--:|--:|---|---|--:|--:|--:|--:|",
    ($other[] | "| \(.workload) | \(.sink) | \(.size) | \(.burst) | \(.server) | \(.knobs | to_entries | map("\(.key)=\(.value)") | join(" ")) | \(cost) | \(per_packet("syscalls_per_packet")) | \(middle("latency_p50") | whole) | \(most("lost")) |"), "" else empty end),
  ($inside | select(. != "") | rtrimstr("\n")),
  missing, limits, environment,
  "## Make it again", "",
  "- The same measurements on this or another machine: `./run.sh sweep configs/\($env.experiment).conf --clock \($env.clock)`.",
  "- This page and its figures from the stored points: `./run.sh report \($run)`; all numbers as a table: `build/bench/stats --csv \($run)`.",
  "- Two runs side by side: `./run.sh compare \($run) DIR`."
] | .[]
