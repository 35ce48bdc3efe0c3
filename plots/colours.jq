# SPDX-License-Identifier: GPL-2.0-only
# Colours as numbers, as gnuplot takes them from a column. Servers' own come from plots/style.gp, by --arg colours.
def hex: explode[1:] | map(if . >= 97 then . - 87 else . - 48 end) | reduce .[] as $d (0; . * 16 + $d);

def server_colours: [$ARGS.named.colours | split("\n")[] | select(. != "") | split(" ") | {(.[0]): (.[1] | hex)}] | add;

# Distinct with impaired colour vision, too.
def palette: ["#332288", "#88ccee", "#117733", "#ddcc77", "#cc6677", "#44aa99", "#882255", "#999933", "#aa4499", "#6699cc"] | map(hex);
