# SPDX-License-Identifier: GPL-2.0-only
# Verdicts on published claims. Input: the cells of all runs (claims-cells.jq), joined; $claims: configs/claims.json;
# $defaults: what a knob is that a point does not name (plan --defaults). Output: the claims, each with its verdict and the
# cases that led to it. How a claim is written stands in README.md.
#
# A case holds, fails, or is open: open when the repetitions are too far apart to tell, or when a time was measured only once, so
# that nobody knows how far apart they would be. Nothing is compared across runs.

# A field that a check compares or runs along may have any value.
def usual: {guest: "process", queues: 1, guests: 1, sink: "stack"};

# What a cell has under a name, knobs at their default included.
def value_of($name):
  if $name | startswith("knob.") then ($name[5:]) as $k | if .knobs | has($k) then .knobs[$k] else $defaults[0][$k] end
  else .[$name] end;

def one_of($wanted): . as $v | if $wanted | type == "array" then $wanted | index([$v]) != null else $v == $wanted end;

# Are the cell's fields as $where says, and all knobs it does not speak of at their defaults?
def fits($where; $free):
  . as $c | ($where | to_entries | all(.key as $k | .value as $v | $c | value_of($k) | one_of($v)))
  and ([.knobs | keys[] | "knob." + .] - ($where | keys) - $free == []);

def fields: ["workload", "sink", "guest", "size", "burst", "queues", "guests", "server"];

# All that tells one cell from another, without the field $name.
def rest($name):
  {run, clock} + (. as $c | fields - [$name] | map({(.): $c[.]}) | add)
  + (.knobs | del(.[$name | ltrimstr("knob.")]) | with_entries(.key |= "knob." + .));

# Counts are what they are; times of the wall clock need to be seen twice.
def once($metric): .clock == "wall" and ($metric | IN("syscalls_per_packet", "kicks_per_packet", "calls_per_packet") | not) and .m[$metric].n == 1;

# Pairs of cells that differ in one field only, as one cell: the ratio or the difference of the metric.
def compared($compare; $metric):
  if $compare == null then . else
    group_by(rest($compare.field))
    | map(. as $group
      | [$group[] | select(value_of($compare.field) | one_of($compare.a))] as $left
      | [$group[] | select(value_of($compare.field) | one_of($compare.b))] as $right
      | $left[] as $l | $right[] as $r | $l.m[$metric] as $x | $r.m[$metric] as $y
      | select($x != null and $y != null)
      | select($compare.as == "minus" or $y.min > 0)
      | $l + {pair: "\($l | value_of($compare.field)) \({ratio: "/", minus: "-"}[$compare.as]) \($r | value_of($compare.field))",
          m: {($metric): ({n: ([$x.n, $y.n] | min)} + if $compare.as == "ratio"
            then {median: ($x.median / $y.median), min: ($x.min / $y.max), max: ($x.max / $y.min)}
            else {median: ($x.median - $y.median), min: ($x.min - $y.max), max: ($x.max - $y.min)} end)}})
  end;

# Every cell by itself: its value lies in the bounds.
def value_cases($metric; $bounds):
  map(once($metric) as $once | .m[$metric] as $v | select($v != null)
    | ($bounds.from // -infinite) as $from | ($bounds.to // infinite) as $to | 1e-9 as $e
    | {cell: del(.m), show: [$v.median],
       holds: (if $once then null elif $v.min >= $from - $e and $v.max <= $to + $e then true
               elif $v.max < $from - $e or $v.min > $to + $e then false else null end)});

# How far the repetitions of a cell lie apart, as a share of their median.
def scatter: (.max - .min) / ([.median | fabs, 1e-12] | max);

# A row of cells along a field: how their medians go. $t.slack is what one step may go the wrong way, as a share. A row is open
# when the repetitions of a cell in it lie farther apart than what it is judged by.
def trend_cases($metric; $t):
  group_by([rest($t.along), .pair])
  | map(map(select(.m[$metric] != null)) | sort_by(value_of($t.along)))
  | map(select(length >= (if $t.is == "dip" or $t.is == "peak" then 3 else 2 end)))
  | map(. as $row | map(.m[$metric].median) as $y | ($t.slack // 0.01) as $slack | ($t.least // 1) as $least
    | (map(.m[$metric] | scatter) | max) as $scatter
    | {cell: ($row[0] | del(.m)), along: $t.along, x: ($row | map(value_of($t.along))), show: $y,
       holds: (
         if ($row | any(once($metric))) or $scatter > ([$slack, $least - 1] | max) then null
         elif $t.is == "rising" then
           ([range(1; $y | length) | $y[.] >= $y[. - 1] * (1 - $slack)] | all) and $y[-1] >= $y[0] * $least
         elif $t.is == "falling" then
           ([range(1; $y | length) | $y[.] <= $y[. - 1] * (1 + $slack)] | all) and $y[-1] * $least <= $y[0]
         elif $t.is == "flat" then ($y | max) <= ($y | min) * (1 + $slack)
         elif $t.is == "dip" then ($y[1:-1] | min) * $least <= ([$y[0], $y[-1]] | min)
         elif $t.is == "peak" then ($y[1:-1] | max) >= ([$y[0], $y[-1]] | max) * $least
         else error("claims: trend \($t.is): not known; allowed: rising, falling, flat, dip, peak") end)});

def judged($claim; $cells):
  . as $check | (usual + ($claim.where // {}) + ($check.where // {})) as $where
  | [$check.compare.field, $check.trend.along] as $free
  | ($where | with_entries(select(.key as $k | $free | index([$k]) == null or ($check.where // {} | has($k)) or ($claim.where // {} | has($k))))) as $where
  | [$cells[] | select(fits($where; $free))] | compared($check.compare; $check.metric)
  | if $check.trend then trend_cases($check.metric; $check.trend) else value_cases($check.metric; $check.value) end
  | $check + {cases: .};

def verdict($clocks):
  (.judged | map(.cases[].holds)) as $holds
  | if .missing then "not measurable here"
    elif ($holds | any(. == false)) then "not reproduced"
    elif ($holds | length) == 0 and ((.clock - (.clock - $clocks)) == []) then "not measurable with this clock"
    elif (.judged | any(.cases == [])) then "no data"
    elif ($holds | any(. == null)) then "open"
    else "reproduced" end;

. as $all | (map(.clock) | unique) as $clocks
| $claims[0].claims | map(. as $claim
  | [$all[] | select(.clock | one_of($claim.clock))] as $cells
  | . + {judged: (if .missing then [] else [.checks[] | judged($claim; $cells)] end)}
  | . + {verdict: verdict($clocks)})
