#!/bin/sh
# What the action for GitHub and the template for GitLab run: pipeline.sh FOLDER FORM CHECKED MARKDOWN
#
# `check` writes its result in FORM (github, junit, text, json) into the file CHECKED, and `report` the month as Markdown
# into the file MARKDOWN. The exit code is that of `check`, and 0 where only some input was incomplete.
#
# SCOPETRIM           the program; default: scopetrim
# SCOPETRIM_FAIL_ON   what fails, several words: "likely high"; default: that of `check`
# SCOPETRIM_BASELINE  file of known issues
# SCOPETRIM_MONTH     month of the report, 2026-10; default: the last whole month; none: no report
set -u
folder=$1 form=$2 checked=$3 markdown=$4
scopetrim=${SCOPETRIM:-scopetrim}

month=${SCOPETRIM_MONTH:-}
if [ -z "$month" ]; then
    month=$(date -u -d "$(date -u +%Y-%m-01) -1 day" +%Y-%m 2>/dev/null) || month=none
fi
if [ "$month" != none ]; then
    if "$scopetrim" report "$folder" --month "$month" --output md --quiet >"$markdown.part"; then
        mv "$markdown.part" "$markdown"
    else
        rm -f "$markdown.part"
        echo "no report of $month; the check goes on" >&2
    fi
fi

set -- check "$folder" --output "$form"
for limit in ${SCOPETRIM_FAIL_ON:-}; do
    set -- "$@" --fail-on "$limit"
done
if [ -n "${SCOPETRIM_BASELINE:-}" ]; then
    set -- "$@" --baseline "$SCOPETRIM_BASELINE"
fi
"$scopetrim" "$@" >"$checked"
code=$?
if [ "$code" = 3 ]; then
    echo "passed, but some input was incomplete" >&2
    code=0
fi
exit "$code"
