# SPDX-License-Identifier: GPL-2.0-only
# Horizontal bars of real guests, one a server with its settings, in parts. Input of the figures: the cells of
# sweep/guest-cells.jq. A panel is {title, bars: [{name, parts: [{name, value}], text}]}; in the data file it has two
# blocks: parts (place, from, to, colour, text), then bars (place, total, text, name). "# key" lines name the colours.
include "servers";
include "colours";

# Cells of one QEMU guest with one queue pair, the smallest frame of each workload.
def single: map(select(.guest == "qemu" and .queues == 1 and .guests == 1));
def smallest: group_by([.workload, .setting]) | map((map(.size) | min) as $s | map(select(.size == $s))) | add // [];
# What is counted is shown for small packets and streams each way and a round trip; the tables have all of it.
def headline: single | smallest | map(select(.setting == "" and (.workload as $w | ["tx", "rx", "udp_rr", "tcp_tx", "tcp_rx"] | index($w))));

def workload_words:
  {tx: "transmit", rx: "receive", udp_tx: "UDP out, fixed rate", udp_rx: "UDP in, fixed rate", tcp_tx: "TCP stream out", tcp_rx: "TCP stream in",
   ping: "ping", udp_rr: "UDP round trip", tcp_rr: "TCP round trip", echo: "echo"}[.];
def workload_order: . as $w | ["tx", "rx", "udp_tx", "udp_rx", "tcp_tx", "tcp_rx", "ping", "udp_rr", "tcp_rr", "echo"] | index($w);

# One panel a workload, size and setting, from a function of its cells.
def panels(bars): group_by([.guest != "qemu", (.workload | workload_order), .sink, .size, .burst, .queues, .setting])
  | map({title: (.[0] | "\(if .guest == "qemu" then "" else "DPDK guest: " end)\(.workload | workload_words), \(.size) bytes"
      + (if .guest == "dpdk" then ", burst \(.burst), \(.sink)" else "" end) + (if .setting == "" then "" else ", \(.setting)" end)), bars: [bars]});

def words: gsub(","; ", ");

def short: if . >= 100 then "\(round)" elif . >= 10 then "\(. * 10 | round / 10)" else "\(. * 100 | round / 100)" end;

# Parts that are nowhere large have no colour of their own.
def rest: "other";

# Those that some bar has at least the twentieth part of the panel's longest of, first the ones in $order.
def kinds($order): [.[] | ([.bars[].parts | map(.value) | add // 0] | max) as $top | .bars[].parts[] | select(.value > 0 and .value >= $top / 20 and .name != rest) | .name] | unique
  | . as $all | ($order | map(select(. as $n | $all | index($n)))) + ($all - $order) | .[:palette | length];

# Colours of parts: $known by name, of others as they come.
def emit_stacks($order; $known): kinds($order) as $kinds
  | (reduce range($kinds | length) as $i ({}; .[$kinds[$i]] = ($known[$kinds[$i]] // palette[$i])) | .[rest] = 12303291) as $colours
  | map(select(.bars | length > 0) | .bars |= map(.parts |= (
      [$kinds[] as $k | .[] | select(.name == $k and .value > 0)] as $named
      | (map(select(.name as $n | $kinds | index($n) | not).value) | add // 0) as $small
      | $named + (if $small > 0 then [{name: rest, value: $small}] else [] end))))
  | . as $panels | ([.[].bars[].parts[].name] | unique) as $used
  | ($panels | map(. as $p
      | "# panel \($p.title)\nplace from to colour text\n"
      + ([$p.bars | to_entries[] | .key as $y | .value.parts | if length == 0 then "\($y) 0 0 0 \"\"" else length as $n | foreach .[] as $s ({at: 0}; .from = .at | .at += $s.value;
          "\($y) \(.from) \(.at) \($colours[$s.name]) \"\(if $n > 1 then "\($s.name) \($s.value | short)" else "" end)\"") end] | join("\n"))
      + "\n\n\nplace total text name\n"
      + ([$p.bars | to_entries[] | "\(.key) \(.value.parts | map(.value) | add // 0) \"\(.value.text)\" \"\(.value.name | words)\""] | join("\n"))) | join("\n\n\n"))
    + (if ($panels | length) == 0 then "" else "\n" + ([($kinds + [rest])[] | select(. as $k | $used | index($k)) | "# key \($colours[.]) \(.)"] | join("\n")) end);
def emit_stacks($order): emit_stacks($order; {});
