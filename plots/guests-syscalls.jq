# SPDX-License-Identifier: GPL-2.0-only
# System calls per packet, two panels a workload: the serving side, beside what was predicted for packets that come alone,
# and the vCPU's thread.
include "guest-stacks";

def by_name: to_entries | map({name: .key, value: .value});
def merged: group_by(.name) | map({name: .[0].name, value: (map(.value) | add)});
def bar($name): {name: $name, parts: ., text: (map(.value) | add // 0 | short)};

def sides: {title: "serving side", roles: ["main", "worker", "server"]}, {title: "vCPU", roles: ["vcpu"]};
def of($side): . as $role | $side.roles | index($role);

headline | map(select(.calls_by != null))
| [panels(.)[] | .bars[0] as $cells | sides as $side
  | {title: "\(.title): \($side.title)", bars: [$cells[]
      | (.name as $n | [.calls_by | to_entries[] | select(.key | of($side)) | .value // {} | by_name[]] | merged | bar($n)),
        (.predicted | select(length > 0) | map(select(.role | of($side)) | {name: .call, value: .alone}) | merged | bar("predicted"))]}]
| emit_stacks(["ppoll", "read", "writev", "write", "KVM_SIGNAL_MSI", "KVM_RUN", "futex"])
