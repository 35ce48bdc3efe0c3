# SPDX-License-Identifier: GPL-2.0-only
# What is said of real guests before all tables: what was measured, on which clock, and in short what came out.

def clock_text:
  if $env.accel == "tcg" then
    "**Wall clock, tcg: emulated time.** The machine is emulated, and so is the processor's virtualization that the guests need: a nanosecond here is the emulator's work, not real time. "
    + "Only ratios within this run can be read, and they are ratios of the emulator's work. System calls, kicks, calls and exits are counted: "
    + "what one of them does is the same anywhere, but how many packets share one depends on how fast each side is. "
  else "Wall clock, \($env.accel): times are of the machine that `\($run)/env.json` names, and of its load. " end;

def guest_words: {qemu: "a virtual machine with an unmodified Debian kernel and its own virtio-net driver", dpdk: "testpmd with its poll-mode driver"}[.];

def server_words:
  {userspace: "QEMU's own virtio-net, in its main loop", intree: "the kernel's `vhost_net`", vhostlab: "our module",
   vhostuser: "DPDK's vhost-user switch, a process that polls, with the tap behind it"}[.];

def opening:
  clock_text
  + "Guests: \(map(.guest) | unique | map("**\(.)** (\(guest_words))") | join(", ")). "
  + "Servers: \(map(.server) | unique | sort_by(server_rank) | map("**\(.)** (\(server_words))") | join(", ")). "
  + "Values are medians of \(map(.repetitions) | "\(min)\(if min == max then "" else " to \(max)" end)") repetitions; "
  + "Linux \($env.kernel), \($env.cpus) processor\(if $env.cpus == 1 then "" else "s" end).";

# The serving side of a server, the worst of its cells; and what is left to QEMU beside it.
def syscalls_of($server):
  map(select(.server == $server and .syscalls != null)) | select(length > 0) | max_by(.syscalls) as $most
  | ([.[] | .calls_by.worker | select(. != null) | map(select(. > 0)) | length] | total) as $kinds
  | ([.[] | .calls_by.main | select(. != null) | add // 0] | max) as $main
  | "- Serving side of \($server), over \(cells): at most \($most.syscalls | brief) system calls per packet (\($most.guest), \($most | place_text))"
    + (if $kinds == null then "" elif $kinds == 0 then "; its worker made none at all" else "; **its worker made some**" end)
    + (if $main == null then "." else "; beside it QEMU's main loop at most \($main | brief)." end);

def syscalls_of_qemu:
  (.predicted | map(select(.role != "vcpu"))) as $steps
  | "- Serving side of userspace, \(place_text): \(.syscalls | fixed(2)) system calls per packet; \($steps | map(.alone) | add // 0 | brief) predicted when each packet comes alone"
    + if .turns == null or .turns >= 0.95 then "." else ", \($steps | map(.here) | add // 0 | fixed(2)) with the \(.turns | fixed(2)) turns a packet that there were." end;

# In words, from all cells that vhostlab and the other one share.
def verdict($other; value; $what; $worse; is_worse):
  . as $cells | map(select(.name == "vhostlab") | . as $c | (peer($cells; $other) | if . == null then null else value end) as $b
    | select((value) != null and ($b // 0) != 0) | {q: (value / $b), text: place_text})
  | select(length > 0) | min_by(.q) as $low | max_by(.q) as $high | map(select(.q | is_worse)) as $bad
  | "- \($what) of vhostlab against \($other), "
    + (if length == 1 then "in one cell: \($low.q | fixed(3)) times as much (\($low.text)). "
       else "over \(length) cells: between \($low.q | fixed(3)) (\($low.text)) and \($high.q | fixed(3)) (\($high.text)) times as much. " end)
    + if ($bad | length) == 0 then "It is \($worse) in no cell."
      else "**It is \($worse) in \($bad | length)**, most in \($bad | max_by(.q | log | fabs) | "\(.text) (\(.q | fixed(3)))")." end;

def verdicts($other):
  verdict($other; .rate; "Packets a second"; "lower"; . < 1), verdict($other; .p50; "Median round trip"; "longer"; . > 1),
  verdict($other; .cost; "Processor time per packet"; "higher"; . > 1);

def delivered:
  "- Frames offered but not delivered: " + (group_by(.server) | sort_by(.[0].server | server_rank)
    | map("\(.[0].server) \(map(.lost // 0) | add | whole) in \(cells), at most \(map(.lost_share // 0) | max | percent) %") | join("; ")) + ".";

def rate_spread:
  map(.spread | select(. != null)) | sort | if length == 0 then "- Each cell was measured once." else
    "- Largest spread between repetitions of one cell, (max - min) / median of the packets a second: \(last | percent) %; "
    + "over half of the cells have at most \(.[(length - 1) / 2 | floor] | percent) %. Smaller differences say nothing." end;

def summary:
  "## Real guests", "", opening, "",
  syscalls_of("vhostlab", "intree", "vhostuser"),
  (single[] | select(.name == "userspace" and .predicted != null and .setting == "" and .syscalls != null)
    | select(.workload as $w | ["tx", "rx", "udp_rr"] | index($w)) | syscalls_of_qemu),
  verdicts("userspace", "intree", "vhostuser"), delivered, rate_spread, "";
