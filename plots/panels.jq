# SPDX-License-Identifier: GPL-2.0-only
# What all figures share: which cells they show, and the one layout of their data files.
# A data file has one block a panel, two blank lines apart: "# panel TITLE", a header, then
# one row an x value with one column a server. The header names them; "-" is a value that was not measured.
include "servers";

def workload_name: {tx: "transmit", rx: "receive", rr: "round trip"}[.];

# Cells of the measured passes: process guest, one queue, knobs at their default.
def plain: map(select(.knobs == {} and .guest == "process" and .queues == 1 and .guests == 1));

def value(metric): .[metric] | if . == null then null else .median end;

# Rows of one panel: for each x (a function of a cell) the metric of every server.
def rows(x; metric):
  group_by(x) | map({x: (.[0] | x), y: (map({(.server): value(metric)}) | add)})
  | map(select(.y | any(. != null)));

def number: if . == null then "-" else tostring end;

def emit: columns_for(map(.rows[].y | keys[])) as $servers
  | map(select(.rows | length > 0)) | map(
    "# panel \(.title)\nx \($servers | join(" "))\n"
    + (.rows | map("\(.x) \([.y[$servers[]] | number] | join(" "))") | join("\n")))
  | join("\n\n\n");
