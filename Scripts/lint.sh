#!/usr/bin/env bash
# Formatting, layers, file lengths, shell syntax.
set -euo pipefail
cd "$(dirname "$0")/.."
code=0
paths=(Package.swift Sources Tests)
for extra in Benchmarks Examples; do if [ -d "$extra" ]; then paths+=("$extra"); fi; done
swift format lint --strict --parallel --recursive "${paths[@]}" || code=1
bash Scripts/check-layers.sh --self-test || code=1
bash Scripts/check-layers.sh || code=1
bash Scripts/file-lengths.sh || code=1
for script in Scripts/*.sh .ci/run; do bash -n "$script" || code=1; done
exit "$code"
