#!/bin/sh
# Usage: tools/sandbox.sh [--disposable]
# Installs bubblewrap, the grader's sandbox, where this user may; otherwise says what is missing. Changes nothing else
# on the machine, but with --disposable, for a machine that is thrown away after the job, lifts what Ubuntu 24.04 puts in
# bubblewrap's way.
set -eu
[ "$(uname)" = Linux ] || exit 0

as_root=
[ "$(id -u)" = 0 ] || as_root="sudo --non-interactive"

command -v bwrap >/dev/null || "${0%/*}/apt.sh" sandbox bubblewrap

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
