# SPDX-License-Identifier: GPL-2.0-only
# What the figures of sections "Threading models" and "Scaling" share. Input of the figures: sweep/scaling-cells.jq.
def models: ["userspace", "uring", "intree", "device", "queue", "workqueue", "shared"];
def workload_words: {tx: "transmit", rx: "receive", rr: "round trip"}[.];
def workload_order: {tx: 0, rx: 1, rr: 2}[.];
def number: if . == null then "-" else tostring end;

# Cells whose knobs are at their default but for those.
def only($knobs): map(select(.knobs | keys - $knobs == []));
# Cells that have more than one value of x.
def varied(x): if (map(x) | unique | length) > 1 then . else empty end;

# From cells: {title, rows: [{x, y: {column: value}}]}.
def panel($title; x; column; value):
  {title: $title, rows: (group_by(x) | map({x: (.[0] | x), y: (map({(column): value}) | add)}) | map(select(.y | any(. != null))))};

# Panels with one column for each of $order that is in one of them.
def emit($order): ([.[].rows[].y | to_entries[] | select(.value != null) | .key] | unique) as $have
  | ($order | map(select(. as $o | $have | index($o)))) as $columns
  | map(select(.rows | length > 0)) | map(
    "# panel \(.title)\nx \($columns | join(" "))\n"
    + (.rows | map("\(.x) \([.y[$columns[]] | number] | join(" "))") | join("\n")))
  | join("\n\n\n");

# Panels against the number of guests, one curve a threading model or other server; none where nobody asked for models.
def by_guests($what; value): if all(.knobs.worker == null) then [] else . end | only(["worker"]) | group_by([(.workload | workload_order), .sink, .size, .burst])
  | map(varied(.guests) | (.[0] | "\($what)\(.workload | workload_words)\(if .workload == "rr" then "" else ", burst \(.burst)" end), \(.size) bytes") as $title
    | panel($title; .guests; .model; value));
