#!/bin/sh
# Usage: tools/setup.sh VENV [FILE...]
# Installs what the files pin (requirements.txt, if none is named) into the virtual environment VENV, and makes that
# first if it is not there. PyMC 6 needs Python 3.12 or newer; a machine's `python3` may be older, so look around before
# asking uv to fetch one.
set -eu
venv=$1
shift
[ $# -gt 0 ] || set -- requirements.txt
files=$*
mkdir -p "$HOME" # where the home folder cannot be written, the Makefile names one that may not be there yet
uv_version=0.13.9

fail() {
    echo "setup: $*" >&2
    exit 1
}
offline="Is there a way to the package index, https://pypi.org, or to one that pip's settings name?"

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; }

# The first Python among those that are new enough.
look_around() {
    pyenv=${PYENV_ROOT:-$HOME/.pyenv}/versions
    for python in python3.13 python3.12 python3.14 python3 "$pyenv"/3.13*/bin/python3 "$pyenv"/3.1[24]*/bin/python3; do
        if new_enough "$python"; then return; fi
    done
    false
}

make_venv() {
    "$1" -m venv "$venv" ||
        fail "'$1' cannot make a virtual environment. On Debian or Ubuntu: sudo apt-get install python3-venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$uv_version" ||
        fail "uv, which installs the rest, could not be fetched. $offline"
}

if new_enough "$venv/bin/python"; then
    : # it is there
elif [ -n "${PYTHON:-}" ]; then
    new_enough "$PYTHON" || fail "PYTHON=$PYTHON is no Python 3.12 or newer. Name another, or none: then one is looked for."
    make_venv "$PYTHON"
elif look_around; then
    make_venv "$python"
else
    echo "setup: no Python 3.12 or newer here; fetching Python 3.13 with uv"
    make_venv python3
    "$venv/bin/uv" python install 3.13 ||
        fail "none could be fetched. Install Python 3.13 yourself and name it: make PYTHON=/path/to/python3.13 book"
    make_venv "$("$venv/bin/uv" python find --managed-python 3.13)"
fi

echo "setup: installing $files into $venv ($("$venv/bin/python" --version)); this takes a minute or two"
# uv leaves byte code to the first import unless told otherwise, and then every kernel starts slowly.
# Where uv cannot reach the package index (it has its own idea of certificates), pip may.
for file; do set -- "$@" -r "$file"; shift; done
"$venv/bin/uv" pip install --compile-bytecode --quiet --python "$venv/bin/python" "$@" ||
    "$venv/bin/python" -m pip install --quiet "$@" ||
    fail "what $files asks for could not be installed. $offline"
