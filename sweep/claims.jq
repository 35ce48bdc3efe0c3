# SPDX-License-Identifier: GPL-2.0-only
# Verdicts on published claims. Input: the cells of all runs (claims-cells.jq), joined; $claims: configs/claims.json;
# $defaults: what a knob is that a point does not name (plan --defaults). Output: the claims, each with its verdict and the
# cases that led to it. How a claim is written stands in README.md.
#
# A case holds, fails, or is open: open when the interval of a median lies on both sides of what it is judged by, or when a time was
# measured only once, so that there is none. Nothing is compared across runs.
include "median";

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

# Ratios or differences of two cells' repetitions, each with the one of the same number: those were measured near each other and
# share what the machine was like just then.
def by_number($how; $x; $y):
  [$x | keys[] | select($y[.] != null and ($how == "minus" or $y[.] != 0)) | if $how == "ratio" then $x[.] / $y[.] else $x[.] - $y[.] end];

# Pairs of cells that differ in one field only, as one cell: the ratio or the difference of the metric. Six repetitions and more
# have an interval of their own; fewer say so little that the widest one counts, between any two of them.
def compared($compare; $metric):
  if $compare == null then . else
    group_by(rest($compare.field))
    | map(. as $group
      | [$group[] | select(value_of($compare.field) | one_of($compare.a))] as $left
      | [$group[] | select(value_of($compare.field) | one_of($compare.b))] as $right
      | $left[] as $l | $right[] as $r | $l.m[$metric] as $x | $r.m[$metric] as $y
      | select($x != null and $y != null)
      | select($compare.as == "minus" or $y.lo > 0)
      | by_number($compare.as; $x.by; $y.by) as $pairs
      | $l + {pair: "\($l | value_of($compare.field)) \({ratio: "/", minus: "-"}[$compare.as]) \($r | value_of($compare.field))",
          m: {($metric): ({n: ([$x.n, $y.n] | min)}
            + if $compare.as == "ratio"
              then {median: ($x.median / $y.median), lo: ($x.lo / $y.hi), hi: ($x.hi / $y.lo)}
              else {median: ($x.median - $y.median), lo: ($x.lo - $y.hi), hi: ($x.hi - $y.lo)} end
            + if $pairs | length >= 6 then $pairs | median_interval | {lo, hi} else {} end)}})
  end;

# Every cell by itself: its value lies in the bounds.
def value_cases($metric; $bounds):
  map(once($metric) as $once | .m[$metric] as $v | select($v != null)
    | ($bounds.from // -infinite) as $from | ($bounds.to // infinite) as $to | 1e-9 as $e
    | {cell: del(.m), show: [$v.median],
       holds: (if $once then null elif $v.lo >= $from - $e and $v.hi <= $to + $e then true
               elif $v.hi < $from - $e or $v.lo > $to + $e then false else null end)});

# Is the first $f times the second, at least? For the intervals certainly, certainly not, or null.
def reaches($a; $b; $f): if $a.lo >= $f * $b.hi then true elif $a.hi < $f * $b.lo then false else null end;

# All of them; any of them. As with numbers, what is not known decides nothing where the others do.
def all_of: if any(.[]; . == false) then false elif any(.[]; . == null) then null else true end;
def any_of: if any(.[]; . == true) then true elif any(.[]; . == null) then null else false end;

# A row that rises ends higher by the factor, and no step goes down farther than the slack. A step of which that is not known
# counts as its medians.
def rises($slack; $least):
  . as $y | [range(1; length) as $i | reaches($y[$i]; $y[$i - 1]; 1 - $slack)
    | if . == null and $y[$i].median >= $y[$i - 1].median * (1 - $slack) then true else . end]
  + [reaches($y[-1]; $y[0]; $least)] | all_of;

# A row of cells along a field: how their medians go. $t.slack is what one step may go the wrong way, as a share; what lies below
# $t.floor is not told apart.
def trend_cases($metric; $t):
  group_by([rest($t.along), .pair])
  | map(map(select(.m[$metric] != null)) | sort_by(value_of($t.along)))
  | map(select(length >= (if $t.is == "dip" or $t.is == "peak" then 3 else 2 end)))
  | map(. as $row | ($t.slack // 0.01) as $slack | ($t.least // 1) as $least
    | map(.m[$metric] | if $t.floor then (.lo, .hi, .median) |= ([., $t.floor] | max) else . end) as $y
    | {cell: ($row[0] | del(.m)), along: $t.along, x: ($row | map(value_of($t.along))), show: ($row | map(.m[$metric].median)),
       holds: (
         if $row | any(once($metric)) then null
         elif $t.is == "rising" then $y | rises($slack; $least)
         elif $t.is == "falling" then $y | reverse | rises(1 - 1 / (1 + $slack); $least)
         elif $t.is == "flat" then [$y[] as $a | $y[] as $b | reaches($a; $b; 1 / (1 + $slack))] | all_of
         elif $t.is == "dip" then [$y[1:-1][] as $a | [reaches($y[0]; $a; $least), reaches($y[-1]; $a; $least)] | all_of] | any_of
         elif $t.is == "peak" then [$y[1:-1][] as $a | [reaches($a; $y[0]; $least), reaches($a; $y[-1]; $least)] | all_of] | any_of
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
