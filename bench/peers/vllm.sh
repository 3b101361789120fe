#!/usr/bin/env bash
# Serves a model with vLLM and loads it as Penstock is loaded. Needs vLLM (pip install vllm) and a GPU.
#
#   MODEL=LiquidAI/LFM2.5-8B-A1B bench/peers/vllm.sh
#
# Fair: no prefix cache, since random prompts share nothing and Penstock is measured without; bfloat16; CUDA graphs and
# asynchronous scheduling as they are by default; as many sequences as are asked for. MoE
# tables: vLLM ships none for this family. TUNE=1 makes one for this GPU first with vLLM's own benchmark_moe.py, whose
# path is BENCHMARK_MOE (it lies in vLLM's source tree, not in the package); without, the result says tuned=0.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/serve.sh"
need vllm "pip install vllm in a virtual environment, and activate it"
need curl "install curl"

tuned=0
if [ "${TUNE:-0}" = 1 ]; then
    : "${BENCHMARK_MOE:?set BENCHMARK_MOE to benchmarks/kernels/benchmark_moe.py of the same version of vLLM}"
    export VLLM_TUNED_CONFIG_FOLDER="${VLLM_TUNED_CONFIG_FOLDER:-${TMPDIR:-/tmp}/vllm-moe-tables}"
    mkdir -p "$VLLM_TUNED_CONFIG_FOLDER"
    python "$BENCHMARK_MOE" --model "$MODEL" --dtype auto --tune --save-dir "$VLLM_TUNED_CONFIG_FOLDER"
    tuned=1
fi
most=$(tr ' ' '\n' <<<"$CONCURRENCY" | sort -n | tail -n 1)
start vllm serve "$MODEL" --port "$PORT" --dtype bfloat16 --no-enable-prefix-caching --max-num-seqs "$most" \
    --max-model-len $((INPUT_LEN + OUTPUT_LEN + 64)) --gpu-memory-utilization 0.9 --seed "$SEED"
measure vllm "$(python -c 'import vllm; print(vllm.__version__)')-tuned=$tuned"
