# SPDX-License-Identifier: GPL-2.0-only
# Verdicts in words. Input: what claims.jq makes; $part: table or details; $figures: where they lie; $names: which there are;
# $run. sweep/claims.sh puts format.jq in front of it.

def verdicts: ["reproduced", "not reproduced", "open", "not measurable with this clock", "not measurable here", "no data"];

def metric_words:
  {cost_per_packet: "cost per packet", syscalls_per_packet: "system calls per packet", kicks_per_packet: "kicks per packet",
   calls_per_packet: "calls per packet", latency_p50: "round trip, median", latency_p99: "round trip, p99", rate: "packets a second",
   lost_share: "share lost", bits_per_second: "bits a second", transactions_per_second: "transactions a second",
   above_floor_per_packet: "cost above the floor"}[.] // .;

def number: if . == null then "-" elif (fabs) >= 1000 then whole elif (fabs) >= 100 then fixed(1) else brief end;

# What sets one cell off from the others, as short as it can be.
def place($along; $runs):
  [ .workload, (select(.guest != "process") | .guest), "\(.size) bytes", (select(.burst > 1 and $along != "burst") | "burst \(.burst)"),
    (select(.sink != "stack") | .sink), (select(.guests > 1 and $along != "guests") | "\(.guests) guests"),
    (.knobs | to_entries[] | select("knob.\(.key)" != $along) | "\(.key)=\(.value)"),
    (if .pair then empty else .server end), .pair, (select($runs > 1) | "run \(.run)") ]
  | map(select(. != null)) | join(" ");

def bounds:
  if .trend then "\(.trend.is) along \(.trend.along | ltrimstr("knob."))"
    + (if .trend.least then ", by a factor of at least \(.trend.least)" else "" end)
    + (if .trend.slack then ", slack \(.trend.slack * 100 | brief) %" else "" end)
  elif .value.from == null then "at most \(.value.to)"
  elif .value.to == null then "at least \(.value.from)"
  else "\(.value.from) to \(.value.to)" end;

def subject:
  (.metric | metric_words) + (if .compare then {ratio: ", ratio", minus: ", difference"}[.compare.as] else "" end);

# A row is told with its first, its extreme and its last value; a single value by itself.
def case_text($check; $runs):
  (.cell | place($check.trend.along // $check.compare.field; $runs)) + ": "
  + if .x then ([.x, .show] | transpose | map("\(.[0] | tostring) \(.[1] | number)") | join(", ")) else (.show[0] | number) end;

def at_most($n; $what): if length > $n then .[:$n] + ["\(length - $n) more \($what)"] else . end;

def check_text:
  . as $check | (.cases | map(.cell.run) | unique | length) as $runs | (.cases | map(select(.holds != true))) as $against
  | "\(subject): " + (if .keep then "unchanged as \(bounds)" else bounds end) + ": "
  + if .cases == [] then "nothing measured"
    else
      (if $against == [] then "holds in \(if (.cases | length) == 1 then "the one case" else "all \(.cases | length) cases" end)"
       else "\(if ($against | any(.holds == false)) then "fails" else "open" end) in \($against | length) of \(.cases | length) cases" end)
      + (if .trend then "" else (.cases | map(.show[0])) as $v | ", \($v | min | number) to \($v | max | number)" end)
      + ": " + ((if $against == [] then .cases else $against end) | map(case_text($check; $runs)) | at_most(4; "alike") | join("; "))
    end;

# The figures of a claim on one line: of each check the span, or the first row.
def brief_check:
  . as $check | if .cases == [] then "\(subject): nothing measured"
  elif .trend then (first(.cases[] | select(.holds != true)), .cases[0]) as $c | $c
    | "\($check | subject) \(.show[0] | number) at \($check.trend.along | ltrimstr("knob.")) \(.x[0]), \(.show[-1] | number) at \(.x[-1])"
  else (.cases | map(.show[0])) as $v | "\(subject) " + (if ($v | min) == ($v | max) then ($v[0] | number) else "\($v | min | number) to \($v | max | number)" end) end;

def command: "`./run.sh sweep configs/\(.config).conf --clock \(.clock[0])`";

def reason:
  if .verdict == "not measurable here" then .missing
  elif .verdict == "not measurable with this clock" then "it needs the other one: \(command)"
  elif .verdict == "no data" then command
  else [.judged[] | [brief_check][0]] | join("; ") end;

def table:
  "## Published claims", "",
  (. as $all | [verdicts[] as $v | ($all | map(select(.verdict == $v)) | length) as $n | select($n > 0) | "\($n) \($v)"] | "Of \($all | length) published claims: \(join(", "))."), "",
  "| claim | verdict | figures, or why there are none | source |", "|---|---|---|---|",
  (.[] | "| \(.title | cell_text) | **\(.verdict)** | \(reason | cell_text) | \(.source | cell_text) |"), "",
  "Every verdict is computed from the points of this run and of those that stand beside it, by the rules in `configs/claims.json`. A cell stands for the median of its repetitions and the interval that holds it with 95 % (fewer than six: all of them). **Open**: the interval lies on both sides of what it is judged by. "
  + "**No data**: the cells it asks for were not measured; the command measures them.", "",
  "Table: `./run.sh report \($run)`.", "";

def details:
  map(select(.verdict == "reproduced" or .verdict == "not reproduced" or .verdict == "open"))
  | if length == 0 then empty else
      "## Published claims, one by one", "",
      (.[] | "### \(.title)", "",
        "- Claimed: \(.claimed) (\(.source))", "- A reproduction shows: \(.shape)",
        (if .unchanged then "- May not change: \(.unchanged)" else empty end),
        (.judged[] | "- Measured: \(check_text)."),
        "- Verdict: **\(.verdict)**.", "",
        ("claim-\(.id)" as $name | if $names | split(" ") | index("\($name).svg") then
          "![\(.title)](\($figures)/\($name).svg)", "",
          "Figure: `plots/draw \($figures)/\($name).dat`.", "" else empty end))
    end;

if $part == "table" then table else details end
