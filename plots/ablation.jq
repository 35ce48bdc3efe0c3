# SPDX-License-Identifier: GPL-2.0-only
# Instructions per packet that an idea saves: on top of none, and as the last one. A panel a workload, a row an idea:
# NAME, saved alone, saved as the last one.
include "ideas";
def number: if . == null then "-" else tostring end;
ablation | group_by([({tx: 0, rx: 1, rr: 2}[.workload] // 3), .workload, .sink, .size, .burst]) | map(
  (.[0] | "# panel \(.workload | {tx: "transmit", rx: "receive", rr: "round trip"}[.] // .), \(.size)-byte frames, burst \(.burst)") + "\nidea alone last\n"
  + (map("\"\(.idea | idea_word)\" \(if .none != null and .only != null then .none - .only else null end | number) \(if .but != null and .all != null then .but - .all else null end | number)") | join("\n")))
| join("\n\n\n")
