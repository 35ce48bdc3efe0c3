# SPDX-License-Identifier: GPL-2.0-only
# The section of RESULTS.md about what was predicted of QEMU's system calls and what was counted; stands behind guest-words.jq.

# Why a count is not the predicted one, by rule. Input: a row; $c: its cell.
def reason($c):
  (.here // .alone) as $p | (.measured - $p) as $d
  | if ($d | fabs) <= ([0.05, $p * 0.1] | max) then
      if $p < .alone - 0.05 then "packets share turns: \(1 / ([$c.turns, 0.001] | max) | fixed(1)) a turn" else "as predicted" end
    elif .call == "KVM_SIGNAL_MSI" then
      (if $d > 0 then "sent packets end with an interrupt, too" else "the guest is still at work and wants no interrupt" end)
      + (if $c.calls == null then "" else ": \($c.calls | fixed(2)) calls per packet" end)
    elif .alone == 0 then $predictions.unmodelled[.call] // "not in the model"
    elif .call == "ppoll" then
      if $d > 0 then "turns that found no packet, or one thing to do where the model has two" else "one turn found more than one thing to do" end
    elif $d < 0 then "packets share calls"
    else "attempts that moved no packet across the tap" end;

# Of a server that is a module nothing is predicted but none: its worker as a whole, and what QEMU does often all the same.
def prediction_rows:
  . as $c | ([.predicted[] | . + {measured: ($c.calls_by[.role][.call] // 0)}]
    + [$c.calls_by | to_entries[] | .key as $role | .value // {} | to_entries[] | .key as $call | select(.value >= 0.05)
      | select($c.predicted | any(.role == $role and .call == $call) | not) | {role: $role, call: $call, alone: 0, here: 0, measured: .value}]
    + if ($c.predicted | length) > 0 then [] else [{role: "serving", call: "all", alone: 0, here: 0, measured: ($c.syscalls // 0)}] end)
  | sort_by([(.role as $r | ["serving", "main", "worker", "vcpu"] | index($r)) // 4, -.alone, .call])[] | {c: $c, row: .};

def prediction_section:
  [.[] | select(.predicted != null and .calls_by != null and .setting == "") | prediction_rows]
  | select(length > 0) |
    "## Real guests: prediction and measurement", "",
    "Source of the prediction: \($predictions.source). It gives every packet a **turn** of the main loop (alone). The column beside it takes as many turns as there were: "
    + "kicks per packet when the guest transmits; when it receives, reads beyond one per packet. The last column is chosen by rule from the numbers.", "",
    table(["workload", "size", "server", "thread", "call", "predicted, alone", "predicted, with the turns there were", "measured", "measured - predicted", "why"]; "lrlllrrrrl";
      .c.workload, .c.size, (.c.name | words), (.row.role | role_words), .row.call, (.row.alone | brief), (.row.here | brief), (.row.measured | fixed(2)),
      (.row.measured - (.row.here // .row.alone) | fixed(2)), (.c as $c | .row | reason($c)));
