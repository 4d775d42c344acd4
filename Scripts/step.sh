#!/usr/bin/env bash
# step.sh LABEL COMMAND [ARGUMENT...]: says what is done, does it, says how long it took.
# STEP_LOG names a file that gets one line for each step.
set -euo pipefail
label=$1
shift
printf '\n==> %s\n' "$label"
start=$SECONDS
code=0
"$@" || code=$?
took=$((SECONDS - start))
if [ "$code" -eq 0 ]; then verdict=done; else verdict="FAILED ($code)"; fi
printf '<== %s: %s in %d s\n' "$label" "$verdict" "$took"
if [ -n "${STEP_LOG:-}" ]; then printf '%5d s  %s: %s\n' "$took" "$label" "$verdict" >>"$STEP_LOG"; fi
exit "$code"
