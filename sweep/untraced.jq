# SPDX-License-Identifier: GPL-2.0-only
# Stages as they are when nobody looks on: from each one the cost of the events recorded in it is taken off. (On the
# wall clock that cost drowns in the noise between two passes, so there they stay as they were seen.) Input: the objects of
# build/bench/stages with their point and repetition (slurped); $points: the run's measurements.
map(. as $s
  | ($points | map(select(.point == $s.point and .rep == $s.rep)) | last) as $p
  | select($p != null) | .untraced = $p.seconds * 1e9 / $p.packets * .packets / .bursts
  | .added = .end_to_end - .untraced)
| group_by([.server, .workload, .size, .burst, .sink]) | map(first)
| . as $all | map(if .clock != "insn" then .net = .stages else . as $s | (.scheduler_events | add) as $wakes | (.module_events | add) as $marks
  # One of the scheduler costs what it costs where there is no other; else all are taken for alike.
  | ([$all[] | select(.workload == $s.workload and .burst == $s.burst and .size == $s.size and (.module_events | add) == 0)
    | .added / (.scheduler_events | add)] | if length > 0 then add / length else null end) as $known
  | .wake_cost = (if $marks == 0 then .added / $wakes else $known // (.added / ($wakes + $marks)) end)
  | .mark_cost = (if $marks == 0 then null else (.added - .wake_cost * $wakes) / $marks end)
  | .net = (. as $r | .stages | with_entries(.value -= $r.wake_cost * $r.scheduler_events[.key]
    + ($r.mark_cost // 0) * $r.module_events[.key])) end)
