# SPDX-License-Identifier: GPL-2.0-only
# Cost per packet against one axis at a time, all else as in the cell of 64 bytes, burst 64: ring, regions, and where one of
# those was measured also guests, frame size and burst.
include "scaling-panels";
include "servers";

def usual: map(select(.sink == "stack" and .workload != "rr"));
def of($workload): map(select(.workload == $workload));
def base($size; $burst; $guests): map(select(($size == null or .size == $size) and ($burst == null or .burst == $burst) and ($guests == null or .guests == $guests)));

usual as $cells | [("tx", "rx") as $w | ($cells | of($w)) | . as $c | ($w | workload_words) as $name
  | [($c | only(["ring"]) | base(64; 64; 1) | varied(.knobs.ring // 256) | panel("\($name): ring (entries)"; .knobs.ring // 256; .server; .cost)),
     ($c | only(["regions"]) | base(64; 64; 1) | varied(.knobs.regions // 1) | panel("\($name): memory regions"; .knobs.regions // 1; .server; .cost))]
  | if length == 0 then . else . +
    [($c | only([]) | base(64; 64; null) | varied(.guests) | panel("\($name): guests"; .guests; .server; .cost)),
     ($c | only([]) | base(null; 64; 1) | varied(.size) | panel("\($name): frame (bytes)"; .size; .server; .cost)),
     ($c | only([]) | base(64; null; 1) | varied(.burst) | panel("\($name): burst (packets a kick)"; .burst; .server; .cost))] end | .[]]
| emit(all_servers)
