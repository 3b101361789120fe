#!/usr/bin/env bash
# Penstock's CPU backend beside transformers and llama.cpp on this machine: the same checkpoints, in turn, ROUNDS times,
# so that what else the machine does meets them all. Needs a virtual environment, active, with
#
#   pip install torch==2.9.1 transformers safetensors gguf numpy
#   CMAKE_ARGS="-DGGML_NATIVE=ON" pip install llama-cpp-python
#
#   bench/peers/cpu.sh                    # appends to bench/results
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
: "${ROUNDS:=3}"
: "${THREADS:=2}"
: "${BATCH:=1,8,64}"
: "${STEPS:=8}" # as many as a run of 'bench cpu' has
: "${RUNS:=3}"
: "${RESULTS:=bench/results}"
: "${WORK:=target/peers}"
: "${PENSTOCK:=./penstock}"

if ! python -c 'import torch, transformers, llama_cpp, gguf' 2>/dev/null; then
    echo "$0: torch, transformers, llama-cpp-python and gguf are needed: see the head of this file" >&2
    exit 3
fi
mkdir -p "$WORK"
if [ ! -e "$WORK/lfm2-350m/model.safetensors" ]; then
    python bench/peers/random_checkpoint.py goldens/configs/accept/lfm2-350m.json "$WORK/lfm2-350m"
fi
[ -e "$WORK/penstock-demo" ] || ln -s "$PWD/models/penstock-demo" "$WORK/penstock-demo"
for model in lfm2-350m penstock-demo; do
    for dtype in bfloat16 float32; do
        gguf=$WORK/$model-$dtype.gguf
        [ -e "$gguf" ] || python bench/peers/to_gguf.py "$WORK/$model" "$gguf" --dtype "$dtype"
    done
done
for round in $(seq "$ROUNDS"); do
    for model in lfm2-350m penstock-demo; do
        for dtype in bfloat16 float32; do
            echo "round $round, load $(cut -d' ' -f1 /proc/loadavg)" >&2
            "$PENSTOCK" bench cpu --model "$WORK/$model" --batch "$BATCH" --dtype "$dtype" --threads "$THREADS" \
                --save-result "$RESULTS"
            common=(--name "$model" --dtype "$dtype" --batch "$BATCH" --threads "$THREADS" --steps "$STEPS"
                --runs "$RUNS" --save-result "$RESULTS")
            python bench/peers/transformers_cpu.py --model "$WORK/$model" "${common[@]}" 2>/dev/null
            python bench/peers/llama_cpp_cpu.py --model "$WORK/$model-$dtype.gguf" "${common[@]}" 2>/dev/null
        done
    done
done
