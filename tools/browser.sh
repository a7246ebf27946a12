#!/bin/sh
# Usage: tools/browser.sh
# Installs Chromium, in which the tests answer exercises as readers do, where there is none and this user may; otherwise
# says that it is missing.
set -eu
for name in chromium chromium-browser google-chrome google-chrome-stable \
    "/Applications/Chromium.app/Contents/MacOS/Chromium" "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(uname)" = Linux ]; then
    "${0%/*}/apt.sh" browser chromium
else
    echo "browser: there is neither Chromium nor Chrome; install one of them" >&2
fi
