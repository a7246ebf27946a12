#!/bin/sh
# Usage: tools/sandbox.sh
# Installs what the grader's sandbox needs, where this user may; otherwise says what is missing. The tests of the
# grader then fail with the reason.
set -eu
[ "$(uname)" = Linux ] || exit 0

as_root=
[ "$(id -u)" = 0 ] || as_root="sudo --non-interactive"

if ! command -v bwrap >/dev/null; then
    echo "sandbox: installing bubblewrap"
    # An old list of packages may name files that are gone, so look once without and once with a new one.
    $as_root apt-get install --yes --quiet=2 bubblewrap ||
        { $as_root apt-get update --quiet=2 && $as_root apt-get install --yes --quiet=2 bubblewrap; } ||
        echo "sandbox: bubblewrap is missing; install it, on Debian or Ubuntu: sudo apt-get install bubblewrap" >&2
fi

# Ubuntu 24.04 lets only programs with a profile make user namespaces, and bwrap has none.
restricted=/proc/sys/kernel/apparmor_restrict_unprivileged_userns
if [ -e "$restricted" ] && [ "$(cat "$restricted")" = 1 ]; then
    $as_root sysctl --quiet kernel.apparmor_restrict_unprivileged_userns=0 ||
        echo "sandbox: run once: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0" >&2
fi
