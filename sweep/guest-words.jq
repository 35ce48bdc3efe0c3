# SPDX-License-Identifier: GPL-2.0-only
# How the sections of real guests say things: tables, units, calls by name, what a cell is called and which it is compared with.

def figure($name; $text):
  if $have | index("\($name).svg") then
    "![\($text)](\($figures)/\($name).svg)", "", "Figure: `plots/draw \($figures)/\($name).dat`.", ""
  else empty end;

# A table: headings, their alignment (a letter each, l or r), and rows of cells, made from the input.
def table($heads; $align; row):
  if length == 0 then empty else
    "| \($heads | join(" | ")) |", "|\($align / "" | map({l: "---|", r: "--:|"}[.]) | add)", (.[] | "| \([row] | join(" | ")) |"), "" end;

def micro: if . == null then "-" else . / 1000 | fixed(1) end;
def mega: if . == null then "-" else . / 1e6 | fixed(1) end;
def percent: if . == null then "-" else . * 100 | fixed(2) end;
def over($other): if . == null or $other == null or $other == 0 then "-" else . / $other | fixed(3) end;
def words: if . == "" then "-" else gsub(","; ", ") end;
def emulated: if $env.accel == "tcg" then "emulated " else "" end;

def cells: "\(length) cell\(if length == 1 then "" else "s" end)";

# The sum of what is there.
def total: map(select(. != null)) | if length == 0 then null else add end;

# Calls or exits by name, the most frequent first; what happens less than once in 200 packets is one sum.
def named:
  if . == null then "not counted" else to_entries | map(select(.value > 0)) | sort_by(-.value, .key)
    | (map(select(.value < 0.005).value) | total) as $rest
    | map(select(.value >= 0.005) | "\(.key) \(.value | fixed(2))") + if $rest == null then [] else ["the rest \($rest | brief)"] end
    | if length == 0 then "none" else join(", ") end end;

def role_words:
  {vcpu: "vCPU", main: "main loop", other: "other threads of QEMU", worker: "worker", server: "server's process", guest: "guest's process",
   serving: "serving side"}[.] // .;

def place: .workload, .size, (.setting | words), (.name | words);
def place_heads: ["workload", "size", "setting", "server"];

def place_text:
  [ "\(.workload)", "\(.size) bytes", (select(.guest == "dpdk") | "burst \(.burst)", .sink), (select(.guests > 1) | "\(.guests) guests"),
    (select(.queues > 1) | "\(.queues) queues"), (select(.setting != "") | .setting) ] | join(", ");

def single: map(select(.queues == 1 and .guests == 1));

# The server of that name, its settings at their defaults, in the same cell.
def peer($cells; $server):
  . as $c | first($cells[] | select(.name == $server and ([., $c] | map([.guest, .workload, .sink, .size, .burst, .queues, .guests, .setting]) | .[0] == .[1]))) // null;
