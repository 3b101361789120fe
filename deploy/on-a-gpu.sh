#!/usr/bin/env bash
# Everything that only a GPU can answer, in the order in which a failure says most. Results go to FOLDER, one JSON line
# a case, to be appended to bench/results. About a quarter of an hour on an H100, most of it random requests.
#
#   deploy/on-a-gpu.sh [FOLDER]             FOLDER: where results go, ./gpu-results by default
#   PENSTOCK=penstock/penstock              the program: ./penstock of a checkout, or the bundle's
#   SHAPE=lfm2.5-8b-a1b                     what the step profile runs, with random weights
#   STEPS="check sanitizer profile load"    some of it
set -euo pipefail
OUT=${1:-gpu-results}
PENSTOCK=${PENSTOCK:-./penstock}
SHAPE=${SHAPE:-lfm2.5-8b-a1b}
STEPS=${STEPS:-check sanitizer profile load}
mkdir -p "$OUT"

wants() { [[ " $STEPS " == *" $1 "* ]]; }

"$PENSTOCK" doctor | tee "$OUT/doctor.txt"

# Every operation against its CPU twin, the demo model against the CPU's tokens, times against the floors.
if wants check; then
    "$PENSTOCK" gpu-check --results "$OUT/gpu-check.jsonl" | tee "$OUT/gpu-check.txt"
fi

# A thousand random requests through the engine on a small shape: every access in bounds. Slow, so times are not kept.
if wants sanitizer; then
    if command -v compute-sanitizer > /dev/null; then
        compute-sanitizer --tool memcheck --error-exitcode 86 --target-processes all \
            "$PENSTOCK" gpu-check --only end_to_end --requests 1000 --no-results | tee "$OUT/sanitizer.txt"
    else
        echo "compute-sanitizer is not on the path: install the CUDA toolkit's, or add its folder to PATH" >&2
        exit 1
    fi
fi

# Each operation of a step against its floor.
if wants profile; then
    for batch in 1 32 100 256 1024 2048; do
        "$PENSTOCK" bench step --load-format dummy --shape "$SHAPE" --batch "$batch" --context 1024 \
            --results "$OUT/step-profile.jsonl" | tee -a "$OUT/step-profile.txt"
    done
    for batch in 2048 3072 4096; do
        "$PENSTOCK" bench step --load-format dummy --shape "$SHAPE" --batch "$batch" --context 512 --overlap \
            --results "$OUT/step-profile.jsonl" | tee -a "$OUT/step-profile.txt"
    done
    # On compute capability 9.0 alone: elsewhere the first one says so.
    for batch in 1 64 256 1024 2048; do
        "$PENSTOCK" bench step --load-format dummy --shape "$SHAPE" --batch "$batch" --context 1024 --pdl \
            --results "$OUT/step-profile.jsonl" | tee -a "$OUT/step-profile.txt" || break
    done
    "$PENSTOCK" bench step --load-format dummy --shape "$SHAPE" --prefill --context 2048 \
        --results "$OUT/step-profile.jsonl" | tee -a "$OUT/step-profile.txt"
fi

# Weights from a disk to the GPU against the slower of disk and bus.
if wants load; then
    "$PENSTOCK" bench load --device cuda --shape "$SHAPE" --folder "$OUT" \
        --results "$OUT/load.jsonl" | tee "$OUT/load.txt"
fi
