# SPDX-License-Identifier: GPL-2.0-only
# The points of a run, all of them in one array, each with what it cost above the floor: server floor in the same cell moves
# the same frames through the same tap in the same bursts, without a ring and without a guest. Null where that was not measured.
def cell: [.workload, .size, .burst, .sink, .clock, .accel] | tojson;
def middle: sort | if length % 2 == 1 then .[(length - 1) / 2] else (.[length / 2 - 1] + .[length / 2]) / 2 end;

(map(select(.server == "floor" and .cost_per_packet != null)) | group_by(cell)
  | map({key: (.[0] | cell), value: (map(.cost_per_packet) | middle)}) | from_entries) as $floor
| .[] | .above_floor_per_packet = (if .guest == "process" and .cost_per_packet != null and $floor[cell] != null
    then .cost_per_packet - $floor[cell] else null end)
