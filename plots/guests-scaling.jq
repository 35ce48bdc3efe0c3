# SPDX-License-Identifier: GPL-2.0-only
# Several guests at once, and several queue pairs: packets a second of all together, and loss or round trip.
include "guest-stacks";
include "panels";

def curve($axis; $title): select((map(.[$axis]) | unique | length) > 1)
  | [{name: "packets a second", of: "rate", factor: 1},
     if all(.p50 == null) then {name: "lost %", of: "lost_share", factor: 100} else {name: "median round trip (us)", of: "p50", factor: 0.001} end][] as $m
  | {title: "\($title): \($m.name)", rows: (group_by(.[$axis])
      | map({x: .[0][$axis], y: (map({(.server): (.[$m.of] | if . == null then . else . * $m.factor end)}) | add)}) | map(select(.y | any(. != null))))};

map(select(.guest == "qemu" and (.name as $n | .server == $n)))
| group_by([(.workload | workload_order), .size, .setting]) | map("\(.[0].workload | workload_words), \(.[0].size) bytes" as $t
  | (map(select(.queues == 1)) | curve("guests"; "\($t), guests at once")), (map(select(.guests == 1)) | curve("queues"; "\($t), queue pairs")))
| emit
