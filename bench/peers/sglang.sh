#!/usr/bin/env bash
# Serves a model with SGLang and loads it as Penstock is loaded. Needs SGLang (pip install sglang) and a GPU.
#
#   MODEL=LiquidAI/LFM2.5-8B-A1B bench/peers/sglang.sh
#
# Fair: no radix cache, bfloat16, CUDA graphs up to the most requests in flight. MoE tables: SGLang 0.5.23 ships one for
# the experts of LFM2.5-8B-A1B on an H100, none on an H200. TUNE=1 makes one for this GPU first with SGLang's own
# tuning_fused_moe_triton.py, whose path is TUNING_FUSED_MOE (it lies in SGLang's source tree, not in the package; hours
# of GPU time); without, the result says tuned=0. Options as SGLang 0.5.23 has them: before, the one for graphs was
# --cuda-graph-max-bs.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/serve.sh"
need python "activate the virtual environment that SGLang is in"
need curl "install curl"
if ! python -c 'import sglang' 2>/dev/null; then
    echo "$0: SGLang is not installed: pip install sglang in a virtual environment, and activate it" >&2
    exit 3
fi

tuned=0
if [ "${TUNE:-0}" = 1 ]; then
    : "${TUNING_FUSED_MOE:?set TUNING_FUSED_MOE to tuning_fused_moe_triton.py of the same version of SGLang}"
    # It writes where it is run, and the server looks in a folder of Triton's version.
    export SGLANG_MOE_CONFIG_DIR="${SGLANG_MOE_CONFIG_DIR:-${TMPDIR:-/tmp}/sglang-moe-tables}"
    triton=$(python -c 'import triton; print(triton.__version__.replace(".", "_"))')
    tables=$SGLANG_MOE_CONFIG_DIR/configs/triton_$triton
    mkdir -p "$tables"
    script=$(realpath "$TUNING_FUSED_MOE")
    if [ -d "$MODEL" ]; then
        MODEL=$(realpath "$MODEL")
    fi
    (cd "$tables" && python "$script" --model "$MODEL" --tp-size 1 --dtype auto --tune)
    tuned=1
fi
most=$(tr ' ' '\n' <<<"$CONCURRENCY" | sort -n | tail -n 1)
start python -m sglang.launch_server --model-path "$MODEL" --port "$PORT" --dtype bfloat16 --disable-radix-cache \
    --max-running-requests "$most" --cuda-graph-max-bs-decode "$most" \
    --context-length $((INPUT_LEN + OUTPUT_LEN + 64)) --mem-fraction-static 0.85 --random-seed "$SEED"
measure sglang "$(python -c 'import sglang; print(sglang.__version__)')-tuned=$tuned"
