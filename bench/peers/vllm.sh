#!/usr/bin/env bash
# Serves a model with vLLM and loads it as Penstock is loaded. Needs vLLM (pip install vllm) and a GPU.
#
#   MODEL=LiquidAI/LFM2.5-8B-A1B bench/peers/vllm.sh
#
# Fair: no prefix cache, since random prompts share nothing and Penstock is measured without; bfloat16; CUDA graphs and
# asynchronous scheduling as they are by default; as many sequences as are asked for. MoE tables: vLLM 0.33 ships one
# for the experts of LFM2.5-8B-A1B on an H100, none on an H200. TUNE=1 makes one for this GPU first with vLLM's own
# benchmark_moe.py, whose path is BENCHMARK_MOE (it lies in vLLM's source tree, not in the package; hours of GPU time);
# without, the result says tuned=0. Options as vLLM 0.33.0 has them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/serve.sh"
need vllm "pip install vllm in a virtual environment, and activate it"
need curl "install curl"

tuned=0
if [ "${TUNE:-0}" = 1 ]; then
    : "${BENCHMARK_MOE:?set BENCHMARK_MOE to benchmarks/kernels/benchmark_moe.py of the same version of vLLM}"
    export VLLM_TUNED_CONFIG_FOLDER="${VLLM_TUNED_CONFIG_FOLDER:-${TMPDIR:-/tmp}/vllm-moe-tables}"
    mkdir -p "$VLLM_TUNED_CONFIG_FOLDER"
    # It reads the experts' sizes from families that it knows, of which this one is none: they are told as another's.
    shape=$(mktemp -d "${TMPDIR:-/tmp}/vllm-moe-shape.XXXXXX")
    python - "$MODEL" "$shape/config.json" <<'PYTHON'
import json
import sys

from transformers import AutoConfig

model = AutoConfig.from_pretrained(sys.argv[1])
names = "hidden_size", "moe_intermediate_size", "num_experts", "num_experts_per_tok"
shape = {name: getattr(model, name) for name in names}
with open(sys.argv[2], "w") as file:
    json.dump({"architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "dtype": "bfloat16", **shape}, file)
PYTHON
    python "$BENCHMARK_MOE" --model "$shape" --tp-size 1 --dtype auto --tune --save-dir "$VLLM_TUNED_CONFIG_FOLDER"
    tuned=1
fi
most=$(tr ' ' '\n' <<<"$CONCURRENCY" | sort -n | tail -n 1)
start vllm serve "$MODEL" --port "$PORT" --dtype bfloat16 --no-enable-prefix-caching --max-num-seqs "$most" \
    --max-model-len $((INPUT_LEN + OUTPUT_LEN + 64)) --gpu-memory-utilization 0.9 --seed "$SEED"
measure vllm "$(python -c 'import vllm; print(vllm.__version__)')-tuned=$tuned"
