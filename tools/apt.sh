#!/bin/sh
# Usage: tools/apt.sh WHO PACKAGE
# Installs a package of Debian's or Ubuntu's where this user may; otherwise says, in the name of WHO, that it is missing.
set -eu
as_root=
[ "$(id -u)" = 0 ] || as_root="sudo --non-interactive"
echo "$1: installing $2"
# An old list of packages may name files that are gone, so look once without and once with a new one.
$as_root apt-get install --yes --quiet=2 "$2" ||
    { $as_root apt-get update --quiet=2 && $as_root apt-get install --yes --quiet=2 "$2"; } ||
    echo "$1: $2 is missing; install it, on Debian or Ubuntu: sudo apt-get install $2" >&2
