# SPDX-License-Identifier: GPL-2.0-only
# The servers in reading order, which is also the order of their colours in plots/style.gp. Included by report and figures.
def usual_servers: ["userspace", "intree", "vhostlab"];
def all_servers: usual_servers + ["uring", "vhostuser"];

# Columns of a table or figure: always the usual three, of the others those that are in it ($names may hold other words).
def columns_for($names): all_servers | map(select(. as $s | usual_servers + $names | index($s)));

def server_rank: . as $s | all_servers | index($s);
