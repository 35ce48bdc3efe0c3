# SPDX-License-Identifier: GPL-2.0-only
# What the A/A control of a run says, from `stats --control`: as a line for people ($form "line") or a section of RESULTS.md.
def cost: . * 1000 | round / 1000;
def verdict:
  if .few then "too few repetitions to judge"
  elif .different then "DIFFERENT: smaller differences than this are noise here"
  else "no difference" end;
def cell: "\(.server) \(.workload) \(.size) x \(.burst), sink \(.sink)";

map(select(.a != null and .b != null))
| if length == 0 then empty
  elif $form == "line" then .[] | "vhostlab: A/A control: \(cell), twice: cost \(.a.median | cost) and \(.b.median | cost): \(verdict)"
  else
    "## The same twice", "",
    "A cell measured twice in each repetition, under two identities, as if it were two (A/A control): what differs between them is noise.", "",
    "| cell | cost | cost, again | apart by | repetitions | judged as two cells would be |", "|---|--:|--:|--:|--:|---|",
    (.[] | "| \(cell) | \(.a.median | cost) | \(.b.median | cost) | \((.difference // 0) * 100 | cost) % | \(.a.n) and \(.b.n) | \(verdict)"
      + (if .threshold != null then " (limit \(.threshold * 100 | cost) %)" elif .p != null then " (p \(.p | cost))" else "" end) + " |"), ""
  end
