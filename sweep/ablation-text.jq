# SPDX-License-Identifier: GPL-2.0-only
# The section of RESULTS.md about ideas: see ideas.jq. sweep/ablation.sh puts format.jq and the environment in front of it.
def minus(a; b): a as $a | b as $b | if $a == null or $b == null then "-" else ($a - $b | whole) end;

def best: map(select(.but != null and .all != null)) | group_by(.workload) | .[]
  | max_by(.but - .all) | "- \(.workload), \(.sink), \(.size) bytes, burst \(.burst): most depends on \(.idea): \(.idea | idea_name). Without it a packet costs \(.but / .all | fixed(3)) times as much.";

# Cells with settings other than the default, beside the same cell as it is.
def settings:
  map(select(.guest == "process" and .queues == 1 and .guests == 1 and .sink != "check" and .cost_per_packet != null)) as $cells
  | ($cells | map(select(.knobs == {})) | map({([.server, same_cell] | tojson): cost_of}) | add) as $plain
  | $cells | map(select(.knobs != {} and .knobs.without == null and .knobs.trace == null)
    | {server, workload, sink, size, burst, name: (.knobs | keys | join(", ")), value: (.knobs | map(tostring) | join(", ")), order: [.knobs[]], cost: cost_of,
        plain: $plain[[.server, same_cell] | tojson], lost: (.lost | if . == null then null else .max end)})
  | map(select(.plain != null)) | sort_by([.name, (.workload | {tx: 0, rx: 1, rr: 2}[.]), .sink, .size, .burst, (.server | server_rank), .order]);

. as $cells | (if ($cells | ablation | length) == 0 then empty else
  "## What each idea is worth", "", (if $have | index("ablation.svg") then "![What each idea saves](\($figures)/ablation.svg)", "" else empty end),
  ($cells | ablation | best), "",
  "| workload | sink | size | burst | idea | what it is | with none | with it alone | saved alone | with all but it | with all | saved as the last one |",
  "|---|---|--:|--:|---|---|--:|--:|--:|--:|--:|--:|",
  ($cells | ablation[] | "| \(.workload) | \(.sink) | \(.size) | \(.burst) | \(.idea) | \(.idea | idea_name) | \(.none | whole) | \(.only | whole) | \(minus(.none; .only)) | \(.but | whole) | \(.all | whole) | \(minus(.but; .all)) |"), "",
  "Cost in \(unit) per packet, server vhostlab, \($env.clock) clock, \($env.accel), Linux \($env.kernel); an idea is left out with `without=IDEA`, and used alone with `without=only-IDEA`. Figure and table: `./run.sh report \($run)`.", "",
  ($cells | settings | if length == 0 then empty else
    "### Settings", "",
    "| setting | value | workload | sink | size | burst | server | cost | as it is by default | ratio | lost |", "|---|--:|---|---|--:|--:|---|--:|--:|--:|--:|",
    (.[] | "| \(.name) | \(.value) | \(.workload) | \(.sink) | \(.size) | \(.burst) | \(.server) | \(.cost | whole) | \(.plain | whole) | \(quotient(.cost; .plain)) | \(.lost // "-") |"), "" end)
end) | strings
