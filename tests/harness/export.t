#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Exports: every value of points.jsonl stands in its row, as CSV, as CSV of plain columns, and in a database to which more is
# added. Read back by other programs than the one that wrote them.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools
reference=$ROOT/results/reference
guests=$reference/guests

export_runs() { run "$ROOT/run.sh" export "$@"; }
# CSV as one JSON object a row, all of it text.
rows()
{
	python3 -c 'import csv, json, sys
for row in csv.DictReader(open(sys.argv[1], newline="")): print(json.dumps(row))' "$1"
}
# What a field of CSV says of a JSON value.
# shellcheck disable=SC2016 # jq's variables
says_it='def says($v): if $v == null then . == "" elif ($v | type) == "string" then . == $v
	elif ($v | type) == "boolean" then . == ($v | tostring) elif ($v | type) == "number" then (tonumber? // null) == $v
	else (fromjson? // null) == $v end;'
# differing ROWS POINTS PAIRS: fields of the rows that are not those of the points, in their order; PAIRS makes
# {key: column, value} of a point.
differing()
{
	jq -nr --slurpfile rows "$1" --slurpfile points "$2" "$says_it
		if (\$rows | length) != (\$points | length) then \"rows\" else
		range(\$points | length) as \$i | \$points[\$i] | $3 | . as \$f |
		select(\$rows[\$i][\$f.key] // \"none\" | says(\$f.value) | not) | \"\(\$i) \(\$f.key)\" end" | head -n 3
}

# CSV: two runs, one of real guests.
for dir in "$reference" "$guests"; do
	export_runs "$dir" --format csv --out "$TMP/${dir##*/}.csv"
	code "csv of ${dir##*/}" 0
	rows "$TMP/${dir##*/}.csv" >"$TMP/rows"
	is "csv of ${dir##*/}: every field of every point" "$(differing "$TMP/rows" "$dir/points.jsonl" 'to_entries[]')" ''
done
is 'csv: the run stands in each row' \
	"$(jq -r '[.run, .date, .revision, .kernel, .module_sha256, .seed] | @csv' "$TMP/rows" | sort -u)" \
	"$(jq -r '["guests", .date, .git.revision, .kernel, .module.sha256, (.seed | tostring)] | @csv' "$guests/env.json")"
export_runs "$guests" --format csv
is 'csv to standard output is the same' "$(md5sum <"$TMP/stdout")" "$(md5sum <"$TMP/guests.csv")"
export_runs "$reference" "$guests" --format=csv --out "$TMP/both.csv"
is 'csv of two runs has the rows of both' "$(tail -n +2 "$TMP/both.csv" | sort | md5sum)" \
	"$(cat <(tail -n +2 "$TMP/reference.csv") <(tail -n +2 "$TMP/guests.csv") | sort | md5sum)"
run bash -c '"$0" export "$1" --format csv >/dev/full' "$ROOT/run.sh" "$guests"
code 'csv to a full disk' 1

# Plain columns: of a run of real guests, and one with many knobs.
ablation=$reference/ablation
jq -c . "$guests/points.jsonl" "$ablation/points.jsonl" >"$TMP/points"
export_runs "$guests" "$ablation" --format parquet-ready --out "$TMP/plain.csv"
code 'parquet-ready' 0
rows "$TMP/plain.csv" | jq -cs 'sort_by(.run == "ablation")[]' >"$TMP/rows"
is 'parquet-ready: every plain field' "$(differing "$TMP/rows" "$TMP/points" 'del(.knobs, .detail) | to_entries[]')" ''
is 'parquet-ready: every knob' "$(differing "$TMP/rows" "$TMP/points" '.knobs | to_entries[] | .key |= "knob_" + .')" ''
is 'parquet-ready: a knob that a point does not name is empty' \
	"$(jq -s '[.[] | to_entries[] | select((.key | startswith("knob_")) and .value != "")] | length' "$TMP/rows")" \
	"$(jq -s 'map(.knobs | length) | add' "$TMP/points")"
is 'parquet-ready: every number and word of detail' \
	"$(differing "$TMP/rows" "$TMP/points" '.detail | with_entries(select(.value | scalars)) | del(.module) |
		to_entries[] | .key |= "detail_" + .')" ''
# What a bare host and the native clock have beside it.
mkdir "$TMP/bare" && cp "$guests/env.json" "$TMP/bare/"
head -n 1 "$guests/points.jsonl" | jq -c '.noise = 0.0123 | .pmu = {cycles_per_packet: 4321.5, ipc: 1.5, left_out: {l1d: "no"}} |
	.ns_per_buffer = {p10: 60, p50: 71.25, p90: 99, server: 30.5, driver: null}' >"$TMP/bare/points.jsonl"
export_runs "$TMP/bare" --format parquet-ready --out "$TMP/bare.csv"
is 'parquet-ready: noise, hardware counters, ns per buffer' \
	"$(rows "$TMP/bare.csv" | jq -r '[.noise, .pmu_cycles_per_packet, .pmu_ipc, .pmu_llc_misses_per_packet,
		.ns_per_buffer_p50, .ns_per_buffer_p90, .ns_per_buffer_server, .ns_per_buffer_driver] | join(" ")')" \
	'0.0123 4321.5 1.5  71.25 99.0 30.5 '
export_runs "$TMP/bare" --format csv --out "$TMP/bare-all.csv"
is 'csv: the same' "$(rows "$TMP/bare-all.csv" |
	jq -r '.noise, (.pmu | fromjson | .cycles_per_packet), (.ns_per_buffer | fromjson | .p50)' | paste -sd' ')" \
	'0.0123 4321.5 71.25'
is 'parquet-ready: no JSON' "$(grep -c '[{}]' "$TMP/plain.csv")" 0
is 'parquet-ready: a column for each knob there is, in their order' \
	"$(head -n 1 "$TMP/plain.csv" | tr , '\n' | sed -n 's/^knob_//p' | paste -sd' ')" \
	"$("$BENCH/plan" --defaults | jq -r 'keys_unsorted | join(" ")')"
is 'parquet-ready: the schema has the columns' \
	"$(jq -r 'keys_unsorted | join(",")' "$TMP/plain.csv.schema.json")" "$(head -n 1 "$TMP/plain.csv")"
is 'parquet-ready: what is no text is of its type' \
	"$(jq -r --slurpfile types "$TMP/plain.csv.schema.json" '
		{int64: "^-?[0-9]+$", double: "^-?[0-9.]+(e[-+][0-9]+)?$", bool: "^(true|false)$", string: "."} as $forms |
		to_entries[] | select(.value != "") | select($forms[$types[0][.key]] as $form | .value | test($form) | not) |
		"\(.key) \(.value)"' "$TMP/rows" | head -n 3)" ''
jq -c '.knobs.colour = 3' "$guests/points.jsonl" >"$TMP/points"
mkdir "$TMP/odd" && cp "$guests/env.json" "$TMP/odd/" && cp "$TMP/points" "$TMP/odd/points.jsonl"
export_runs "$TMP/odd" --format parquet-ready --out "$TMP/odd.csv"
code 'parquet-ready: a knob without a column' 1
says 'parquet-ready: a knob without a column' 'knob colour: '
is 'parquet-ready: and no file' "$(find "$TMP" -name 'odd.csv*')" ''

# A database: runs are added, each once; points as they are now.
db=$TMP/runs.db
count() { sqlite3 "$db" 'SELECT (SELECT count(*) FROM run), count(*), (SELECT count(*) FROM measurement) FROM point'; }
export_runs "$reference" --format sqlite --out "$db"
code 'sqlite' 0
says 'sqlite' 'new runs: 1, new points: 204, changed points: 0'
is 'sqlite: rows' "$(count)" '1|204|204'
is 'sqlite: costs' \
	"$(sqlite3 "$db" 'SELECT cost_per_packet FROM point WHERE cost_per_packet NOT NULL ORDER BY rowid')" \
	"$(jq '.cost_per_packet // empty' "$reference/points.jsonl")"
sum=$(sqlite3 "$db" .dump | md5sum)
export_runs "$reference" --format sqlite --out "$db"
code 'sqlite, once more' 0
says 'sqlite, once more' 'new runs: 0, new points: 0, changed points: 0'
is 'sqlite, once more: the same' "$(sqlite3 "$db" .dump | md5sum)" "$sum"
mkdir "$TMP/grown" && cp "$guests/env.json" "$TMP/grown/"
jq -c . "$guests/points.jsonl" >"$TMP/whole"
{ head -n 50 "$TMP/whole" && printf '{"point":"cut'; } >"$TMP/grown/points.jsonl"
export_runs "$TMP/grown" --format sqlite --out "$db"
says 'half a run, the last line cut off' 'new runs: 1, new points: 50,'
jq -c 'if .rep == 1 and .server == "intree" then .cost_per_packet = 1.5 else . end' "$TMP/whole" >"$TMP/grown/points.jsonl"
export_runs "$TMP/grown" --format sqlite --out "$db"
changed=$(head -n 50 "$guests/points.jsonl" | jq -c 'select(.rep == 1 and .server == "intree")' | wc -l)
says 'a run that grew' "new runs: 0, new points: 51, changed points: $changed"
is 'a run that grew is one' "$(count)" '2|305|305'

# Nothing is added, or lost, when something is wrong. refused NAME CODE SAYS ARGUMENT...
sum=$(sqlite3 "$db" .dump | md5sum)
refused()
{
	local name=$1 want=$2 text=$3
	shift 3
	export_runs "$@"
	code "$name" "$want"
	is "$name: one line that says '$text'" "$(wc -l <"$TMP/stderr") $(grep -cF -- "$text" "$TMP/stderr")" '1 1'
	is "$name: nothing changed" "$(sqlite3 "$db" .dump | md5sum)" "$sum"
}
mkdir "$TMP/new" && jq '.seed = 77' "$guests/env.json" >"$TMP/new/env.json"
{ head -n 7 "$guests/points.jsonl" && printf '{"point":"cut\n' && tail -n 9 "$guests/points.jsonl"; } >"$TMP/new/points.jsonl"
refused 'half a line within' 1 'new/points.jsonl:8: not a result line' "$ablation" "$TMP/new" --format sqlite --out "$db"
{ head -n 7 "$guests/points.jsonl" && echo '{"rep":3}'; } >"$TMP/new/points.jsonl"
refused 'a line that is no point' 1 'new/points.jsonl:8: not a result line' "$TMP/new" --format sqlite --out "$db"
refused 'a line that is no point, as csv' 1 'new/points.jsonl:8: not a result line' "$TMP/new" --format csv
cp "$guests/points.jsonl" "$TMP/new/points.jsonl"
run bash -c 'trap "" XFSZ; ulimit -f 700; exec "$@"' - "$ROOT/run.sh" export "$TMP/new" "$ablation" --format sqlite --out "$db"
code 'a full disk' 1
says 'a full disk' 'nothing was added'
is 'a full disk: nothing changed' "$(sqlite3 "$db" .dump | md5sum)" "$sum"
echo '{' >"$TMP/new/env.json"
refused 'a damaged env.json' 1 'new/env.json: it is missing or damaged' "$TMP/new" --format sqlite --out "$db"
refused 'no run' 2 'it has no points' "$TMP" --format sqlite --out "$db"
refused 'no folder' 2 'there is no such folder' "$TMP/none" --format sqlite --out "$db"
refused 'a folder that is not there' 2 'there is no such folder' "$guests" --format csv --out "$TMP/none/x.csv"
refused 'no format' 2 'which format?' "$guests" --out "$TMP/x"
refused 'a format that is not known' 2 'xml is not known; allowed: csv, parquet-ready, sqlite' "$guests" --format xml
refused 'sqlite without a file' 2 'add --out FILE' "$guests" --format sqlite
refused 'a file that is there' 2 'nothing is overwritten' "$guests" --format csv --out "$TMP/both.csv"
: >"$TMP/odd.csv.schema.json"
refused 'a schema that is there' 2 'odd.csv.schema.json: it is there' "$guests" --format parquet-ready --out "$TMP/odd.csv"
refused 'no database' 2 'or not a database of vhostlab' "$guests" --format sqlite --out "$TMP/both.csv"
sqlite3 "$TMP/other.db" 'CREATE TABLE t (x)'
refused 'a database of another program' 2 'or not a database of vhostlab' "$guests" --format sqlite --out "$TMP/other.db"
cp "$db" "$TMP/later.db" && sqlite3 "$TMP/later.db" 'PRAGMA user_version = 99'
refused 'tables of another version' 2 'its tables are of version 99' "$guests" --format sqlite --out "$TMP/later.db"
done_testing
