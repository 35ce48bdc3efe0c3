# SPDX-License-Identifier: GPL-2.0-only
# Stacked bars of the stages of a burst. Two blocks a panel: segments (x, from, to, colour, text), then bars (x, total, text).
# Grey belongs to the guest's side, a server's own colour to what the server does; the module's stages are shades of it.
include "panels";
include "servers";
include "colours";

def order: ["kick", "wake", "look", "copy", "hand", "publish", "serve", "call", "guest"];
def colour($server): {kick: 6710886, wake: 9474192, look: 19768, copy: 40563, hand: 6735275, publish: 11002579,
  serve: server_colours[$server], call: 12105912, guest: 14737632};

def short: if . >= 10000 then "\(. / 1000 | round)k" elif . >= 1000 then "\(. / 100 | round / 10)k" else "\(round)" end;

def bar($x): . as $cell | reduce order[] as $s ({at: 0, rows: []};
    ($cell.net[$s]) as $v | if $v == null then . else
      .rows += ["\($x) \(.at) \(.at + $v) \(colour($cell.server)[$s]) \"\($s) \($v | short)\""] | .at += $v end) | .rows[];

group_by([(.workload | {tx: 0, rx: 1}[.]), .burst]) | (map(map(.burst)[0]) | unique) as $bursts
| [$bursts[] as $b | ("tx", "rx") as $w | (.[] | select(.[0].workload == $w and .[0].burst == $b))]
| map(. as $cells
    | "# panel \(.[0].workload | workload_name), \(.[0].burst | if . == 1 then "one frame" else "burst of \(.) frames" end) of \(.[0].size) bytes\nx from to colour text\n"
    + ([all_servers | to_entries[] | .key as $x | .value as $s | $cells[] | select(.server == $s) | bar($x)] | join("\n"))
    + "\n\n\nx total text server\n"
    + ([all_servers | to_entries[] | .key as $x | .value as $s | $cells[] | select(.server == $s) | (.net | add) as $all | "\($x) \($all) \($all | short) \($s)"] | join("\n")))
| join("\n\n\n")
