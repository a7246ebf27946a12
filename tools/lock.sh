#!/bin/sh
# Usage: tools/lock.sh UV [--upgrade]
# Pins what pyproject.toml asks for: the book in requirements.txt, what the tests need beyond it in requirements-test.txt,
# and what developers need beyond both in requirements-dev.txt. What is pinned already stays, if pyproject.toml lets it;
# with --upgrade everything is the newest there is.
set -eu
uv=$1
upgrade=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# For every system, and every Python that the project takes.
pin() {
    "$uv" pip compile --quiet --universal --python-version 3.12 --annotation-style line \
        --custom-compile-command "make lock" "$@"
}

# The option that leaves out of one file what others pin, for each package.
without() { sed -n 's/^\([a-z][^= ]*\)==.*/--no-emit-package \1/p' "$@"; }

# Usage: beyond EXTRA FILE FILE...   Pins for an extra what the first files do not pin, in the last one.
beyond() {
    extra=$1
    file=$2
    shift 2
    cat "$@" | grep -v "^-e" >"$work/pins"
    # shellcheck disable=SC2046
    pin pyproject.toml --extra book --extra test --extra "$extra" --constraint "$work/pins" \
        $(without "$@") --output-file "$file" ${upgrade:+"$upgrade"}
    sed '/^# The following packages/,$d' "$file" >"$work/file" && cat "$work/file" >"$file"
}

echo "-e .[book]" | pin - --output-file requirements.txt ${upgrade:+"$upgrade"}
beyond test requirements-test.txt requirements.txt
beyond dev requirements-dev.txt requirements.txt requirements-test.txt
