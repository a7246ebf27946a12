#!/bin/sh
# Usage: tools/wheels.sh UV...
# Has every pin of requirements*.txt a wheel for every system and Python that a reader may have? Nobody should need a
# compiler. Nothing is installed; UV is the command for uv. The package index is asked.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat requirements*.txt | grep -v "^-e" >"$work/pins.txt"

code=0
for system in x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu x86_64-apple-darwin aarch64-apple-darwin x86_64-pc-windows-msvc; do
    pythons="3.12 3.13 3.14"
    [ $system != x86_64-apple-darwin ] || pythons="3.12 3.13" # see numba in pyproject.toml
    for python in $pythons; do
        if said=$("$@" pip install --dry-run --quiet --only-binary :all: --python-platform "$system" \
            --python-version "$python" --target "$work/none" -r "$work/pins.txt" 2>&1); then
            echo "wheels: all there for $system, Python $python"
        else
            echo "wheels: missing for $system, Python $python"
            echo "$said"
            code=1
        fi
    done
done
exit $code
