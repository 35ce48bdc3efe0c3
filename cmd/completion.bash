# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion for ./run.sh in an interactive bash: source cmd/completion.bash
#
# What is completed is read when Tab is pressed, from the tree whose run.sh is typed: sub-commands
# and options from the usage at the top of the files of cmd/. These are read and not run, since a
# folder with such files may come from anywhere.

# The folder of the run.sh that is typed, in $REPLY; ends with 1 if it is not vhostlab's.
_vhostlab_folder()
{
	local run=$1
	# shellcheck disable=SC2088 # as it is typed
	[[ $run != '~/'* ]] || run=$HOME/${run#'~/'}
	[[ $run == */* ]] || run=$(type -P -- "$run") || return 1
	[[ ! -L $run ]] || run=$(readlink -f -- "$run") || return 1
	[[ -f $run ]] || return 1
	REPLY=${run%run.sh}
	REPLY=${REPLY#./}
	[[ -f ${REPLY}cmd/common.sh && -d ${REPLY}configs && -f ${REPLY}kmod/dkms.conf ]]
}

# The lines of a command's --help, in $HELP.
_vhostlab_help()
{
	mapfile -t HELP < <(sed -n '/^# usage: /,/^[^#]/ { /^[^#]/d; s/^# \{0,1\}//p }' "$1")
}

# What $HELP says: all options in $OPTIONS, the values of option $1 in $VALUES (empty: it has none),
# and in $WORDS the words of the usage that belong to no option.
_vhostlab_usage()
{
	local line i word words option value usage=1
	OPTIONS=(--help --version) VALUES='' WORDS=' '
	for line in "${HELP[@]}"; do
		[[ $line ]] || usage=0
		# The words of the usage itself, or the first two of a line that is about an option.
		if [[ $usage == 1 ]]; then
			read -ra words <<<"${line#usage:}"
		elif [[ $line =~ ^'  '(--[a-z-]+)\ ?([^ ]*) ]]; then
			words=("${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}")
		else
			continue
		fi
		for ((i = 0; i < ${#words[@]}; i++)); do
			word=${words[i]}
			[[ $word != '[--' ]] || break
			option=${word//[[]} value=''
			option=${option//[]]}
			if [[ $option != --* ]]; then
				WORDS+="$option "
				continue
			fi
			[[ $word == *']' || ${words[i + 1]:-} == [-[]* ]] || value=${words[i + 1]:-}
			[[ " ${OPTIONS[*]} " == *" $option "* ]] || OPTIONS+=("$option")
			# The usage or the list may name the values: a|b.
			[[ $option != "$1" || -z $value || $VALUES == *'|'* ]] || VALUES=${value%%[].]*}
			[[ -z $value ]] || i=$((i + 1))
		done
	done
}

# _vhostlab_offer WORD...: those that begin with what is typed
_vhostlab_offer()
{
	local word
	for word; do
		[[ $word != "$CURRENT"* ]] || COMPREPLY+=("$word")
	done
}

# Files of the tree; where none fits, any file.
_vhostlab_files()
{
	compopt -o filenames -o default 2>/dev/null
	_vhostlab_offer "$@"
}

_vhostlab_runs()
{
	local points
	for points in "$TREE"results/*/points.jsonl; do
		[[ ! -f $points ]] || _vhostlab_files "${points%/points.jsonl}"
	done
	compopt -o filenames -o default 2>/dev/null
}

# _vhostlab_kind NAME: what the usage calls NAME
_vhostlab_kind()
{
	local file tools=()
	case $1 in
	CONFIG) _vhostlab_files "$TREE"configs/*.conf ;;
	DIR*) _vhostlab_runs ;;
	FILE) compopt -o default 2>/dev/null ;;
	TOOL)
		for file in "$TREE"trace/*.bt "$TREE"trace/*.perf "$TREE"trace/*.insn; do
			file=${file##*/}
			tools+=("${file%.*}")
		done
		_vhostlab_offer "${tools[@]}"
		;;
	*'|'*)
		IFS='|' read -ra tools <<<"$1"
		_vhostlab_offer "${tools[@]}"
		;;
	esac
}

_vhostlab()
{
	local CURRENT=${COMP_WORDS[COMP_CWORD]} TREE REPLY HELP OPTIONS VALUES WORDS
	local file before i commands=()
	COMPREPLY=()
	_vhostlab_folder "${COMP_WORDS[0]}" || { compopt -o default 2>/dev/null; return; }
	TREE=$REPLY
	if [[ $COMP_CWORD -eq 1 ]]; then
		for file in "$TREE"cmd/*; do
			[[ ! -x $file ]] || commands+=("${file##*/}")
		done
		_vhostlab_offer "${commands[@]}" help
		[[ $CURRENT != -* ]] || _vhostlab_offer --help --version
		return
	fi
	# What follows -- belongs to another command.
	for ((i = 2; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} != -- ]] || { compopt -o default 2>/dev/null; return; }
	done
	# bash takes --option=value for three words.
	before=${COMP_WORDS[COMP_CWORD - 1]}
	if [[ $CURRENT == = ]]; then
		CURRENT=''
	elif [[ $before == = ]]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	file=${TREE}cmd/${COMP_WORDS[1]}
	[[ -f $file && -x $file ]] || return
	_vhostlab_help "$file"
	_vhostlab_usage "$before"
	if [[ $VALUES ]]; then
		_vhostlab_kind "$VALUES"
	elif [[ $CURRENT == -* ]]; then
		_vhostlab_offer "${OPTIONS[@]}"
	else
		for file in CONFIG TOOL DIR; do
			[[ $WORDS != *" $file"[\ _.]* ]] || _vhostlab_kind "$file"
		done
	fi
}

complete -F _vhostlab run.sh vhostlab
