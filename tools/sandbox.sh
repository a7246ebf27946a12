#!/bin/sh
# Usage: tools/sandbox.sh [--disposable]
# Installs bubblewrap, the grader's sandbox, where this user may; otherwise says what is missing. Changes nothing else
# on the machine, but with --disposable, for a machine that is thrown away after the job, lifts what Ubuntu 24.04 puts in
# bubblewrap's way.
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

# There, only programs with a profile may make user namespaces, and bwrap has none.
restricted=${RESTRICTED:-/proc/sys/kernel/apparmor_restrict_unprivileged_userns}
if [ -e "$restricted" ] && [ "$(cat "$restricted")" = 1 ]; then
    if [ "${1:-}" = --disposable ]; then
        $as_root sysctl --quiet kernel.apparmor_restrict_unprivileged_userns=0
    else
        echo "sandbox: Ubuntu keeps bubblewrap from making a sandbox. If you want the grader on this machine, allow it:" >&2
        echo "sandbox:     sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0   (until the next start)" >&2
    fi
fi
