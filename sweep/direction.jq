# SPDX-License-Identifier: GPL-2.0-only
# Does the wall clock agree with the gains counted in instructions? Input: the measurements of a run on the wall clock
# (slurped); $insn: those of a run on the instruction clock. A difference is judged by its sign in the repetitions, each of which
# measured both sides soon after one another: a sign test, one-sided, at 5 %. sweep/ablation.sh puts ideas.jq, median.jq, format.jq
# and the environment in front of it.

# The other side of a comparison with vhostlab as it is: the in-tree module, or vhostlab without something.
def other: if .server == "intree" and .knobs == {} then "intree"
  elif .server == "vhostlab" and (.knobs | keys) == ["without"] and (.knobs.without | startswith("only-") | not) then .knobs.without else null end;

def pairs:
  map(select(.guest == "process" and .guests == 1 and .sink != "check" and .cost_per_packet != null)) | group_by(same_cell) | map(
    (map(select(.server == "vhostlab" and .knobs == {}))) as $base
    | group_by(other)[] | select(.[0] | other != null)
    | (.[0] | {workload, sink, size, burst, other: other}) + {
        ratio: ((map(.cost_per_packet) | median) / (($base | map(.cost_per_packet) | median) // infinite)),
        signs: [.[] as $o | $base[] | select(.rep == $o.rep) | $o.cost_per_packet > .cost_per_packet]});

def what: if . == "intree" then "the in-tree module" elif . == "all" then "without any idea" else "without \(idea_word)" end;

# On the instruction clock a difference of less than one in a hundred is not claimed to be a gain.
def verdict:
  (.signs | length) as $n | (.signs | map(select(.)) | length) as $k
  | (tail($n; $k) <= 0.05) as $more | (tail($n; $n - $k) <= 0.05) as $less
  | if .counted == null then "no count" elif .counted > 1.01 then (if $more then "agrees" elif $less then "**contradicts**" else "open" end)
    elif .counted < 0.99 then (if $less then "agrees" elif $more then "**contradicts**" else "open" end)
    else (if $more then "costs more here" elif $less then "costs less here" else "no gain either" end) end;

if $env.clock != "wall" then empty else
  ($insn | pairs | map({([.workload, .sink, .size, .burst, .other] | tojson): .ratio}) | add // {}) as $counted
  | pairs | map(select(.signs | length >= 5) | . as $p | .counted = $counted[[.workload, .sink, .size, .burst, .other] | tojson] | .verdict = verdict)
  | if length == 0 then empty else
    sort_by([(.workload | {tx: 0, rx: 1, rr: 2}[.]), .sink, -(.counted // 0)])
    | "## Does the wall clock agree?", "",
      "Guest and server on two processors (\($env.accel), Linux \($env.kernel)): processor time a packet of the other side, as a multiple of what vhostlab as it is takes, beside the same counted in instructions. "
      + "A difference is judged by its sign in the repetitions (sign test, 5 %); below 1 % no gain is claimed. "
      + "Of \(map(select(.counted != null and .counted > 1.01)) | length) gains counted, \(map(select(.counted != null and .counted > 1.01 and .verdict == "agrees")) | length) are seen here, "
      + "\(map(select(.verdict == "**contradicts**")) | length) contradicted, \(map(select(.counted != null and .counted > 1.01 and .verdict == "open")) | length) open.", "",
      "| workload | sink | size | burst | compared with vhostlab as it is | instructions | processor time | costs more in | verdict |",
      "|---|---|--:|--:|---|--:|--:|--:|---|",
      (.[] | "| \(.workload) | \(.sink) | \(.size) | \(.burst) | \(.other | what) | \(.counted | fixed(3)) | \(.ratio | fixed(3)) | \(.signs | map(select(.)) | length) of \(.signs | length) | \(.verdict) |"), "",
      "Table: `./run.sh report \($run)`.", ""
    end
  end
