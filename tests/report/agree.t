#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# No two committed pages disagree: every verdict on a claim, the count of verdicts, and every headline about one run are
# the same wherever they stand; the front page is short and its links lead somewhere.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../harness/lib/tap.sh"

# pages DIR: every page people see, on stdout
pages()
{
	find "$1/RESULTS.md" "$1/results/reference" -name '*.md'
}

# verdicts DIR: "claim|verdict" wherever one stands in a table or below a claim's heading
verdicts()
{
	pages "$1" | xargs sed -nE \
		-e 's/^\| \[?([^]|]*)(\]\([^)]*\))? \| \*\*(reproduced|not reproduced|open|by construction|nothing shown|other system|no data|not (measurable|built)[a-z ]*)\*\* \|.*/\1|\3/p' \
		-e '/^### /{ s/^### //; h; }' -e '/^- Verdict: /{ s/^- Verdict: \*\*(.*)\*\*\.$/\1/; x; G; s/\n/|/p; }'
}

# twice: names on stdin that have more than one value, lines NAME|VALUE
twice()
{
	sort -u | cut -d'|' -f1 | uniq -d
}

# headlines DIR: "run and subject|sentence", the run being the folder that a page was made from. What the front page says of real
# guests is of their own run.
headlines()
{
	local page run guests
	while read -r page; do
		# shellcheck disable=SC2016 # the backtick of the page
		run=$(sed -n '1s/.*run.sh report \([^`]*\)`.*/\1/p' "$page")
		# Of a run on several kernels each has a page of its own, in a folder of its series.
		[[ ! ${page%/*} =~ /[0-9]+\.[0-9]+$ ]] || run+=${BASH_REMATCH[0]}
		guests=$run
		[[ $page != "$1/RESULTS.md" ]] || guests=results/reference/guests
		sed -nE -e "s#^- (Against [a-z]*), #$run \1|#p" -e "s#^- \*\*(System calls|Latency|Cost|Loss):\*\* #$run \1|#p" \
			-e "s#^(Of [0-9]* published claims): ([^.]*)\..*#\1|\2#p" -e "s#^- \*\*(Real guests):\*\* #$guests \1|#p" \
			-e "s#^\*\*(With real guests), a packet costs more with vhostlab than with\*\* #$guests \1|#p" "$page"
	done < <(pages "$1")
}

# The tree of pages in a copy, with one number or verdict changed: the checks below must see it.
mkdir -p "$TMP/tree/results"
cp -r "$ROOT/RESULTS.md" "$TMP/tree/" && cp -r "$ROOT/results/reference" "$TMP/tree/results/"
sed -i '0,/| \*\*reproduced\*\* |/s//| **not reproduced** |/' "$TMP/tree/RESULTS.md"
sed -i -e 's/^- \*\*Latency:\*\* a round trip takes /&1/' -e 's/^\(- \*\*Real guests:.*at most \)/\11/' \
	-e 's/^\(\*\*With real guests.*userspace in \)/\11/' "$TMP/tree/RESULTS.md"

is 'there are verdicts to compare' "$(($(verdicts "$ROOT" | wc -l) >= 60))" 1
is 'no two pages give a claim different verdicts' "$(verdicts "$ROOT" | twice)" ''
is 'a verdict changed on one page is seen' "$(verdicts "$TMP/tree" | twice | wc -l)" 1
is 'there are headlines to compare' "$(($(headlines "$ROOT" | wc -l) >= 30))" 1
is 'no two pages give a headline different numbers' "$(headlines "$ROOT" | twice)" ''
# Which of these the pages have depends on what their runs may say.
changed=$(diff <(headlines "$ROOT" | sort -u) <(headlines "$TMP/tree" | sort -u) | sed -n 's/^> \([^|]*\)|.*/\1/p' | sort -u)
is 'a number changed on one page is seen' "$(headlines "$TMP/tree" | twice)" "$changed"
is 'one was changed' "$(grep -cx 'results/reference Latency' <<<"$changed")" 1
is 'the front page has 200 lines at most' "$(($(wc -l <"$ROOT/RESULTS.md") <= 200))" 1
broken=
while read -r page; do
	while read -r link; do
		[[ -e $(dirname "$page")/$link ]] || broken+="$page: $link "
	done < <(grep -oE '\]\([^)#:]+\)' "$page" | tr -d '()]' | sort -u)
done < <(pages "$ROOT")
is 'every link and figure of a page exists' "$broken" ''
done_testing
