# SPDX-License-Identifier: GPL-2.0-only
# The cells of sections "Threading models" and "Scaling": userspace guests, nobody looking on, medians of the repetitions.
# Input: points.jsonl (slurped). model is the server, of vhostlab its threading model.
def middle: map(select(. != null)) | sort | length as $n | if $n == 0 then null elif $n % 2 == 1 then .[($n - 1) / 2] else (.[$n / 2 - 1] + .[$n / 2]) / 2 end;

map(select(.guest == "process" and .sink != "check" and .knobs.trace == null))
# Of one repetition measured twice the last counts.
| group_by([.point, .rep]) | map(last)
| group_by([.server, .workload, .size, .burst, .sink, .guests, .knobs])
| map(. as $all | .[0] | {server, workload, size, burst, sink, guests, knobs,
    model: (if .server == "vhostlab" then .knobs.worker // "device" else .server end),
    cost: ($all | map(.cost_per_packet) | middle), rate: ($all | map(if .seconds > 0 then .packets / .seconds else null end) | middle),
    p50: ($all | map(.latency_p50) | middle), p99: ($all | map(.latency_p99) | middle), p999: ($all | map(.latency_p999) | middle),
    lost: ($all | map(.lost) | max), jain: ($all | map(.detail.jain) | middle), min_max: ($all | map(.detail.min_max) | middle),
    kicks: ($all | map(.kicks_per_packet) | middle), calls: ($all | map(.calls_per_packet) | middle)})
