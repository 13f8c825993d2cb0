#!/bin/sh
# Takes the picture of the monthly report: docs/pictures/report.sh [SCOPETRIM]
# It needs Chromium. Browsers draw letters differently, so no test compares the picture; take it anew when the page changes.
set -eu
cd "$(dirname "$0")/../.."
scopetrim=${1:-target/debug/scopetrim}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
    echo "no Chromium: the picture stays as it is" >&2
    exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$scopetrim" report samples/shop --month 2026-09 --output json --out "$work/2026-09" --quiet
"$scopetrim" report samples/shop --month 2026-10 --previous "$work/2026-09" --organisation "The Shop" --out "$work" --quiet
"$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1 \
    --window-size=1000,860 --screenshot="$work/report.png" "file://$work/report.html" >/dev/null 2>&1
mv "$work/report.png" docs/pictures/report.png
ls -l docs/pictures/report.png
