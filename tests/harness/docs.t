#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The pages: README and RESULTS.md stay short, every relative link leads to a file, every key that a configuration may have is
# in doc/configuration.md with the values the parser takes, and every field of a result is in doc/results.md.
# shellcheck disable=SC2016 # backquotes are Markdown's
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools
cd "$ROOT" || exit 1

at_most()
{
	local lines
	lines=$(wc -l <"$1")
	result "$1 has at most $2 lines" $((lines <= $2 ? 1 : 0)) "it has $lines"
}

at_most README.md 100
at_most RESULTS.md 200
for page in doc/*.md; do
	at_most "$page" 200
done

# PAGE<TAB>TARGET of each link that is neither an address nor a place in the same page; code is no link.
links()
{
	local page
	git ls-files --cached --others --exclude-standard '*.md' | while IFS= read -r page; do
		[[ -f $page ]] || continue
		sed -E '/^    /d; s/`[^`]*`//g' "$page" | grep -oE '\]\([^)]+\)' | sed -E 's/^\]\(//; s/\)$//' |
			grep -vE '^([a-z]+:|#)' | sed "s|^|$page	|" || true
	done
}
# The names of a page's headings, as hosts of Markdown make them.
anchors()
{
	sed -nE 's/^#+ +//p' "$1" | tr '[:upper:]' '[:lower:]' | sed -E 's/[^[:alnum:] _-]//g; s/ /-/g'
}
broken=''
count=0
while IFS=$'\t' read -r page target; do
	count=$((count + 1))
	file=$(dirname -- "$page")/${target%%#*}
	if [[ ! -e $file ]]; then
		broken+="$page: $target"$'\n'
	elif [[ $target == *.md#* ]]; then
		anchors "$file" | grep -qxF -- "${target#*#}" || broken+="$page: $target: no such heading"$'\n'
	fi
done < <(links)
is 'every relative link of every page leads to a file, and to a heading there' "$broken" ''
result 'there are links' $((count > 50 ? 1 : 0)) "$count"

# The names in the first column of the tables of a page, each in its `quotes`.
first_column()
{
	grep '^|' "$1" | cut -d'|' -f2 | grep -o '`[^`]*`' | tr -d '`' | sort -u
}

# Of [sweep], as the parser names them when a key is wrong; axes and knobs as it lists them.
printf '[sweep]\nnothing = 1\n[a]\nserver = intree\nworkload = tx\n' >"$TMP/sweep.conf"
run "$BENCH/plan" "$TMP/sweep.conf"
sweep_keys=$(sed -n 's/.*not known in \[sweep\]; allowed: //p' <<<"$OUT" | tr -d ' ' | tr , '\n')
vocabulary=$("$BENCH/plan" --vocabulary)
axes=$(awk '{ print $1 }' <<<"$vocabulary")
result 'the parser names its keys' "$([[ $(wc -l <<<"$sweep_keys") -ge 9 && $(wc -l <<<"$axes") -ge 30 ]] && echo 1 || echo 0)" \
	"$sweep_keys"$'\n'"$axes"
documented=$(first_column doc/configuration.md)
is 'every key that the parser knows is in doc/configuration.md' \
	"$(printf '%s\n' "$sweep_keys" "$axes" | sort -u | comm -23 - <(printf '%s\n' "$documented"))" ''
is 'every knob in doc/configuration.md is one that the parser knows' \
	"$(grep '^knob\.[a-z]' <<<"$documented" | comm -13 <(sort -u <<<"$axes") -)" ''

# Each row of an axis or knob names the words it may have, and its default.
wrong=''
while read -r name rest; do
	row=$(grep "^| \`$name\` |" doc/configuration.md) || row=$(grep -F "\`$name\`" doc/configuration.md)
	[[ $rest =~ \(default\ ([^,\)]+) && $row != *"${BASH_REMATCH[1]}"* ]] && wrong+="$name: default ${BASH_REMATCH[1]}"$'\n'
	if [[ $rest =~ from\ ([0-9]+)\ to\ ([0-9]+) ]]; then
		range="${BASH_REMATCH[1]} to ${BASH_REMATCH[2]}"
		[[ $row == *"| $range |"* || $row == *", $range |"* || ($range == '0 to 1' && $row == *'| 0, 1 |'*) ]] ||
			wrong+="$name: $range"$'\n'
		continue
	fi
	IFS=', ' read -ra words <<<"${rest%%(*}"
	for word in "${words[@]}"; do
		grep -qF "\`$word\`" doc/configuration.md || wrong+="$name: $word"$'\n'
	done
done <<<"$vocabulary"
is 'values and defaults in doc/configuration.md are those of the parser' "$wrong" ''

# Of points.jsonl and env.json, whatever the reference has; the module's counters and the names of system calls are data.
fields()
{
	jq -r 'keys[], (.detail // {} | keys[])' results/reference/points.jsonl results/reference/*/points.jsonl
	jq -r 'keys[]' results/reference/env.json results/reference/*/env.json
	jq -r 'keys[]' results/reference/control.jsonl
}
is 'every field of a result is in doc/results.md' \
	"$(fields | sort -u | comm -23 - <(first_column doc/results.md))" ''

done_testing
