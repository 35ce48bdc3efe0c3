# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Debian packages without installing them: an apt state of our own, fed by the archives that this
# machine's apt sources name. Needs no root. Sourced after lab/lib.sh by the scripts that fetch.

# Base addresses of the archives in this machine's own apt sources that look like Debian's, and of
# its security archive. `apt-get update --print-uris` needs no downloaded lists and understands
# every source format apt knows.
machine_archives()
{
	local scratch uri base
	scratch=$(mktemp -d)
	mkdir -p "$scratch/lists/partial"
	MAIN=() SECURITY=''
	while read -r uri _; do
		uri=${uri//\'/}
		[[ $uri == */dists/*/InRelease ]] || continue
		base=${uri%%/dists/*}
		case ${uri##*/dists/} in
		*-security/*) SECURITY=${SECURITY:-$base} ;;
		bookworm* | trixie* | oldstable* | stable* | testing* | sid* | unstable*)
			[[ " ${MAIN[*]-} " == *" $base "* ]] || MAIN+=("$base")
			;;
		esac
	done < <(apt-get -o "Dir::State::Lists=$scratch/lists" update --print-uris 2>/dev/null)
	rm -rf "$scratch"
	[[ ${#MAIN[@]} -gt 0 ]] ||
		die 77 "lab: no Debian archive among this machine's apt sources: add one (deb URI bookworm main)"
}

# private_apt NAME TEST SUITE...: an apt state of our own whose only source is an archive with these
# suites for which the command TEST succeeds; suite `security` is the security archive, if there is
# one. A third-party archive for the same distribution fails the check of Debian's signature, or
# TEST; then the next one is tried. Sets APT_DIR and APT_OPTIONS; fails when no archive is left. No
# package counts as installed, unless the caller changes APT_DIR/status.
private_apt()
{
	local name=$1 test=$2 options='arch=amd64' base security suite
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	shift 2
	APT_DIR=$BUILD/lab/apt-$name
	machine_archives
	[[ -r $keyring ]] && options+=" signed-by=$keyring"
	mkdir -p "$APT_DIR"/{lists/partial,archives/partial,empty}
	: >"$APT_DIR/status"
	: >"$APT_DIR/update.log"
	APT_OPTIONS=(-qq -o "Dir::Etc::SourceList=$APT_DIR/sources.list" -o "Dir::Etc::SourceParts=$APT_DIR/empty"
		-o "Dir::Etc::Preferences=/dev/null" -o "Dir::Etc::PreferencesParts=$APT_DIR/empty"
		-o "Dir::State=$APT_DIR" -o "Dir::State::Lists=$APT_DIR/lists" -o "Dir::State::status=$APT_DIR/status"
		-o "Dir::Cache=$APT_DIR" -o "Dir::Cache::archives=$APT_DIR/archives"
		-o "APT::Architecture=amd64" -o "APT::Sandbox::User=" -o "Acquire::Languages=none"
		-o "Acquire::Retries=3" -o "DPkg::Lock::Timeout=60")
	note "reading the package list for $name"
	for base in "${MAIN[@]}"; do
		for security in "$SECURITY" ''; do
			for suite in "$@"; do
				if [[ $suite != security ]]; then
					echo "deb [$options] $base $suite main"
				elif [[ -n $security ]]; then
					echo "deb [$options] $security bookworm-security main"
				fi
			done >"$APT_DIR/sources.list"
			if apt-get "${APT_OPTIONS[@]}" update >>"$APT_DIR/update.log" 2>&1 && "$test"; then
				return
			fi
		done
	done
	return 1
}
