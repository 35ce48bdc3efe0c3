# SPDX-License-Identifier: GPL-2.0-only
# Numbers as text, the same on every machine, and the small sums of the report.

def pad($n): if length < $n then "0" * ($n - length) + . else . end;

# A number with that many decimals, rounded half up.
def fixed($n):
  if . == null then "-" else
    (if . < 0 then "-" else "" end) as $sign | (if . < 0 then -. else . end)
    | (pow(10; $n)) as $scale | (. * $scale + 0.5 | floor) as $all
    | ($all / $scale | floor) as $head | ($all - $head * $scale) as $tail
    | (if $all == 0 then "" else $sign end) + ($head | tostring) + (if $n > 0 then "." + ($tail | tostring | pad($n)) else "" end)
  end;

def whole: fixed(0);

# Four decimals at most, without the zeros behind.
def brief: if . == null then "-" else fixed(4) | sub("0+$"; "") | sub("\\.$"; "") end;

def cell_text: gsub("\\|"; "\\|") | gsub("\n"; " ");

def unit: if $env.clock == "insn" then "instructions" else "ns of processor time" end;

def middle(metric): if . == null then null else .[metric] | if . == null then null else .median end end;

def most(metric): if . == null then "-" else .[metric] | if . == null then "-" else (.max | whole) end end;

def cost: middle("cost_per_packet") | whole;

def per_packet(metric): middle(metric) | brief;

def quotient(a; b): a as $a | b as $b | if $a == null or $b == null or $b == 0 then "-" else ($a / $b | fixed(3)) end;

def ratio(a; b): quotient(a | middle("cost_per_packet"); b | middle("cost_per_packet"));

def difference(a; b): (a | middle("cost_per_packet")) as $a | (b | middle("cost_per_packet")) as $b | if $a == null or $b == null then "-" else ($a - $b | whole) end;

def per_packet_difference(metric): (.userspace | middle(metric)) as $a | (.vhostlab | middle(metric)) as $b | if $a == null or $b == null then "-" else ($a - $b | brief) end;

# One object a cell, the servers side by side.
def servers_of: (.[0] | {workload, sink, size, burst, queues, guests, guest}) + (map({(.server): .}) | add);

def losses($servers): [.[$servers[]] | most("lost")] | join(", ");

# The servers of such cells, and what stands above the column of their losses.
def shown: columns_for(map(keys) | add // []);

def lost_heading: "lost " + (map({uring: "ur", vhostuser: "vu"}[.] // .[:1]) | join(", "));

# Was everything delivered? In words, by server.
def delivery:
  [map(select(.server != "floor")) | group_by(.server)[] | {server: .[0].server,
    lost: ([.[] | .lost | select(. != null) | .max] | add // 0), cells: length,
    corrupt: ([.[] | .corrupt | select(. != null) | .max] | add // 0), checked: ([.[] | select(.sink == "check")] | length)}]
  | sort_by(.server | server_rank)
  | map("\(.server) lost \(.lost | whole) frames in its \(.cells) cells and delivered \(.corrupt | whole) wrong ones in the \(.checked) cells that check content")
  | join("; ") + ".";
