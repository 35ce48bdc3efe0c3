#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The manual pages: they are made, installed and shown without a warning, and have all that they are
# made from: the help of every command, every parameter and ioctl of the module, every axis and knob,
# every tracepoint and counter.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools
cd "$ROOT" || exit 1
export LC_ALL=C.UTF-8

run make BUILD="$TMP/build" DESTDIR="$TMP/root" install-man
code 'make install-man' 0
is 'make install-man: silent' "$(cat "$TMP/stderr")" ''
is 'what it installs' "$(cd "$TMP/root" && find usr -type f | sort)" "$(printf 'usr/share/%s\n' \
	bash-completion/completions/run.sh man/man1/vhostlab.1 man/man4/vhostlab_net.4 man/man5/vhostlab.conf.5)"
run man/make "$TMP/again"
is 'they are the same whenever they are made' "$(diff -r "$TMP/build/man" "$TMP/again" 2>&1)" ''

# As a terminal of 80 columns shows them, and what groff has to say about them.
for page in vhostlab vhostlab_net vhostlab.conf; do
	run env MANWIDTH=80 man --warnings -E UTF-8 -M "$TMP/root/usr/share/man" "$page"
	code "man $page" 0
	is "man $page: no warning" "$(cat "$TMP/stderr")" ''
	cp "$TMP/stdout" "$TMP/$page"
	is "man $page: nothing is left that make should replace" \
		"$(grep -nE '^ *@|\{[A-Z]+_[A-Z_]+\}|\$[1-9]' "$TMP/$page")" ''
done

# missing PAGE < TEXTS: those lines that PAGE does not have, wherever it breaks them
missing()
{
	local page text
	page=$(tr -d '[:space:]' <"$TMP/$1")
	while IFS= read -r text; do
		[[ $page == *"$(tr -d '[:space:]' <<<"$text")"* ]] || printf '%s\n' "$text"
	done
}

# enough NAME COUNT FILE: it has so many lines; a search for nothing would find all of it
enough()
{
	result "$1: at least $2 are looked for" $(($(wc -l <"$3") >= $2 ? 1 : 0)) "$(cat "$3")"
}

for command in cmd/*; do
	[[ ! -x $command ]] || ./run.sh "${command##*/}" --help | sed 's/^usage: //' | tr '\n' ' '
	[[ ! -x $command ]] || echo
done >"$TMP/helps"
enough 'help of commands' 9 "$TMP/helps"
is 'vhostlab(1) has the whole help of every command' "$(missing vhostlab <"$TMP/helps")" ''
./run.sh help | sed -nE 's/^  ([a-z]+) +.*/   \1/p' >"$TMP/commands"
enough 'commands' 9 "$TMP/commands"
is 'vhostlab(1) has a part for every command' "$(grep -vxFf "$TMP/vhostlab" "$TMP/commands")" ''
sed '/^DESCRIPTION$/,$d' "$TMP/vhostlab" >"$TMP/synopsis"
for command in cmd/*; do
	[[ ! -x $command ]] || ./run.sh "${command##*/}" --help | sed '/^$/,$d; s/^usage: //'
done >"$TMP/usages"
is 'vhostlab(1) begins with the usage of every command' "$(missing synopsis <"$TMP/usages")" ''
for tool in trace/*.bt trace/*.perf trace/*.insn; do
	sed -n "s/^[ #*]*\(${tool##*/}\): /\1 /p" "$tool" | head -n 1 | sed 's/\.\(bt\|perf\|insn\) / /'
done >"$TMP/tools"
enough 'tools' 15 "$TMP/tools"
is 'vhostlab(1) has every trace tool' "$(missing vhostlab <"$TMP/tools")" ''

# The compiler joins the parts of a text, as it does for modinfo.
{ echo '#define MODULE_PARM_DESC(name, text) @ name text' && grep -v '^#include' kmod/params.c; } |
	gcc -E -P - | sed -n 's/;$//; s/^@ //p' | sed 's/" *"//g; s/"//g' >"$TMP/parameters"
enough 'parameters' 14 "$TMP/parameters"
is 'all parameters are looked for' "$(wc -l <"$TMP/parameters")" \
	"$(grep -cE '^module_param(_named|_cb)?\(' kmod/params.c)"
is 'vhostlab_net(4) has every parameter and its text' "$(missing vhostlab_net <"$TMP/parameters")" ''
grep -oE '\bcase VHOST[A-Z_]+' kmod/device.c | cut -d' ' -f2 | sort -u >"$TMP/ioctls"
enough 'ioctls' 20 "$TMP/ioctls"
is 'vhostlab_net(4) has every ioctl' \
	"$(grep -vxFf <(grep -oE 'VHOST[A-Z_]+' "$TMP/vhostlab_net") "$TMP/ioctls")" ''
sed -nE 's/^(TRACE_EVENT\(|DEFINE_EVENT\([a-z_]+, )([a-z_]+),$/\2/p' kmod/trace.h >"$TMP/events"
enough 'tracepoints' 13 "$TMP/events"
is 'vhostlab_net(4) has every tracepoint' \
	"$(grep -vxFf <(sed -nE 's/^       ([a-z_]+)( .*)?$/\1/p' "$TMP/vhostlab_net") "$TMP/events")" ''
grep -oE 'X\([a-z_]+\)' kmod/counters.h | sed -E 's/X\((.*)\)/\1/' | grep -vx field >"$TMP/counters"
enough 'counters' 28 "$TMP/counters"
is 'vhostlab_net(4) has every counter' "$(missing vhostlab_net <"$TMP/counters")" ''
sed -nE 's/^#define VHL_MAX_(REGIONS|IOVAS|INDIRECT)[[:space:]]+([0-9]+)$/\2/p' kmod/*.h >"$TMP/limits"
enough 'limits' 3 "$TMP/limits"
is 'vhostlab_net(4) has the numbers of kmod/' "$(missing vhostlab_net <"$TMP/limits")" ''

# prose < MARKDOWN: its lines as a page shows them, without headings and tables
prose()
{
	sed -E '/^(#|\||<!--)/d; s/^- //; s/`//g; s/\[([^]]*)\]\([^)]*\)/\1/g; /^$/d'
}
prose <doc/configuration.md >"$TMP/prose"
enough 'lines of doc/configuration.md' 60 "$TMP/prose"
is 'vhostlab.conf(5) has every line of doc/configuration.md' "$(missing vhostlab.conf <"$TMP/prose")" ''
sed '1,/^# Tracepoints/d' trace/README.md | prose >"$TMP/prose"
enough 'lines of trace/README.md' 20 "$TMP/prose"
is 'vhostlab_net(4) has those of trace/README.md' "$(missing vhostlab_net <"$TMP/prose")" ''

# As the parser names them; [sweep] in its message about a wrong key.
"$BENCH/plan" --vocabulary | awk '{ print $1 " =" }' >"$TMP/keys"
printf '[sweep]\nnothing = 1\n[a]\nserver = intree\nworkload = tx\n' >"$TMP/sweep.conf"
run "$BENCH/plan" "$TMP/sweep.conf"
sed -n 's/.*not known in \[sweep\]; allowed: //p' <<<"$OUT" | tr -d ' ' | tr , '\n' |
	sed 's/$/ =/' >>"$TMP/keys"
enough 'keys' 45 "$TMP/keys"
is 'vhostlab.conf(5) has every key, axis and knob' \
	"$(grep -vxFf <(sed -nE 's/^       ([a-z_.0-9]+ =).*/\1/p' "$TMP/vhostlab.conf") "$TMP/keys")" ''
sed -n '/^ *\[sweep\]$/,/^[A-Z]/ { s/^ *//; /^[A-Z]/d; p }' "$TMP/vhostlab.conf" >"$TMP/example.conf"
run "$BENCH/plan" --get points "$TMP/example.conf"
code 'its example is a configuration' 0
result 'its example has points' "$((TEXT > 10))" "$TEXT"

# A page of a copy in which one thing is changed, and what is said about it.
mkdir "$TMP/tree"
cp -r cmd kmod lab trace doc "$TMP/tree/"
mkdir "$TMP/tree/man"
cp man/make "$TMP/tree/man/"
page()
{
	printf '%s\n' '# NAME' '' 'x - y' '' "$@" >"$TMP/tree/man/x.1.md"
	run "$TMP/tree/man/make" "$TMP/out"
}
# shellcheck disable=SC2016 # backquotes are Markdown's
sed -i 's/^# Configurations, what .*/&\n#\n#   --new A|B  one: *what* is <new> in `list`\n#              two: all/' \
	"$TMP/tree/cmd/list"
page '# COMMANDS' '' '@commands'
code 'a new option' 0
MANWIDTH=80 man -E UTF-8 -l "$TMP/out/x.1" >"$TMP/x"
# shellcheck disable=SC2016 # backquotes are Markdown's
is 'a new option is in the page, with its characters' \
	"$(missing x <<<'--new A|B one: *what* is <new> in `list`')" ''
is 'each of its values has a line' "$(grep -cx ' *two: all' "$TMP/x")" 1
# refused NAME TEXT: the last page, in one line
refused()
{
	code "$1" 1
	says "$1" "$2"
	is "$1: one line" "$(wc -l <"$TMP/stderr")" 1
}
run man/make --help
says 'make --help' 'usage: man/make [DIR]'
run man/make --new
code 'a wrong option' 2
says 'a wrong option' 'there is no such option'
page '@nothing'
refused 'an unknown word' 'vhostlab: man: x.1.md: @nothing: it is not known'
page '@section doc/glossary.md Nothing'
refused 'a section that is not there' 'doc/glossary.md has no such section'
page '@section doc/nothing.md Glossary'
refused 'a document that is not there' 'doc/nothing.md: there is no such file'
page "@section doc/configuration.md Section [sweep]"
refused 'a table that has no rule' 'add a line @rows key|values|default|meaning'
page '{VHL_NO_SUCH_NUMBER} entries'
refused 'a number that is not there' 'kmod/ defines no number VHL_NO_SUCH_NUMBER'

touch "$TMP/root/usr/share/man/man1/another.1"
run make BUILD="$TMP/build" DESTDIR="$TMP/root" uninstall
code 'make uninstall' 0
is 'make uninstall removes them, and no other' "$(cd "$TMP/root" && find . -type f)" \
	./usr/share/man/man1/another.1
mkdir -p "$TMP/root/usr/share/bash-completion/completions"
echo 'complete -f run.sh' >"$TMP/root/usr/share/bash-completion/completions/run.sh"
run make BUILD="$TMP/build" DESTDIR="$TMP/root" uninstall
is "another's completion stays" "$(ls "$TMP/root/usr/share/bash-completion/completions")" run.sh
done_testing
