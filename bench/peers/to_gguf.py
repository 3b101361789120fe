"""Writes a checkpoint of the LFM2 family as GGUF for llama.cpp: matrices as bfloat16 or float32, no vocabulary.

    pip install gguf safetensors torch numpy
    python bench/peers/to_gguf.py /tmp/lfm2-350m /tmp/lfm2-350m-bf16.gguf --dtype bfloat16
"""

import argparse
import json
import pathlib
import re

import gguf
import numpy
import torch
from safetensors import safe_open

ALIGN = 256
EXPERTS = {"w1": gguf.MODEL_TENSOR.FFN_GATE_EXP, "w2": gguf.MODEL_TENSOR.FFN_DOWN_EXP,
           "w3": gguf.MODEL_TENSOR.FFN_UP_EXP}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("target", type=pathlib.Path)
    parser.add_argument("--dtype", choices=["bfloat16", "float32"], default="bfloat16")
    options = parser.parse_args()
    config = json.loads((options.model / "config.json").read_text(encoding="utf-8"))
    is_moe = config["model_type"] == "lfm2_moe"
    arch = gguf.MODEL_ARCH.LFM2MOE if is_moe else gguf.MODEL_ARCH.LFM2
    writer = gguf.GGUFWriter(options.target, gguf.MODEL_ARCH_NAMES[arch])
    describe(writer, config, is_moe, options.dtype)
    names = gguf.get_tensor_name_map(arch, config["num_hidden_layers"])
    for name, tensor in tensors(options.model, config):
        add(writer, names, name, tensor, options.dtype)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(options.target, options.target.stat().st_size, "bytes")


def describe(writer, config, is_moe, dtype):
    """The hyperparameters, under llama.cpp's keys."""
    full = config.get("full_attn_idxs")
    types = config.get("layer_types") or ["full_attention" if i in full else "conv"
                                          for i in range(config["num_hidden_layers"])]
    heads = config["num_attention_heads"]
    writer.add_name("penstock-peer")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16 if dtype == "bfloat16" else gguf.LlamaFileType.ALL_F32)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(dense_width(config))
    writer.add_head_count(heads)
    writer.add_head_count_kv([config["num_key_value_heads"] if kind == "full_attention" else 0 for kind in types])
    writer.add_layer_norm_rms_eps(config["norm_eps"])
    writer.add_rope_freq_base(config.get("rope_theta") or config["rope_parameters"]["rope_theta"])
    writer.add_shortconv_l_cache(config["conv_L_cache"])
    writer.add_tokenizer_model("no_vocab")
    if is_moe:
        writer.add_expert_count(config["num_experts"])
        writer.add_expert_used_count(config["num_experts_per_tok"])
        writer.add_expert_feed_forward_length(config["moe_intermediate_size"])
        writer.add_leading_dense_block_count(config["num_dense_layers"])
        writer.add_expert_gating_func(gguf.ExpertGatingFuncType.SIGMOID)


def dense_width(config):
    """The width of dense feed-forward layers, adjusted as the checkpoint's authors do."""
    width = config.get("block_ff_dim") or config["intermediate_size"]
    if config.get("block_auto_adjust_ff_dim"):
        width = int(config.get("block_ffn_dim_multiplier", 1) * int(2 * width / 3))
        multiple = config.get("block_multiple_of", ALIGN)
        width = multiple * ((width + multiple - 1) // multiple)
    return width


def tensors(model, config):
    """Name and tensor of each weight; a layer's experts stacked into one."""
    stacks = {}
    for path in sorted(model.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            for name in file.keys():
                match = re.match(r"(model\.layers\.\d+\.feed_forward\.experts)\.(\d+)\.(w[123])\.weight", name)
                if match:
                    stack = stacks.setdefault((match[1], match[3]), {})
                    stack[int(match[2])] = file.get_tensor(name)
                elif not name.startswith("lm_head"):
                    yield name, file.get_tensor(name)
    for (prefix, part), stack in stacks.items():
        assert len(stack) == config["num_experts"], prefix
        yield f"{prefix}.{part}.weight", torch.stack([stack[i] for i in range(len(stack))])


def add(writer, names, name, tensor, dtype):
    """One weight under llama.cpp's name; vectors and small filters are float32 there."""
    target = names.get_name(name, (".weight", ".bias"))
    stacked = re.match(r"model\.layers\.(\d+)\.feed_forward\.experts\.(w[123])\.weight", name)
    if stacked:
        target = gguf.TENSOR_NAMES[EXPERTS[stacked[2]]].format(bid=stacked[1]) + ".weight"
    elif name.endswith("expert_bias"):
        target += ".bias"
    if target is None:
        raise SystemExit(f"{name}: unknown to llama.cpp")
    if ".conv.conv." in name:
        tensor = tensor.squeeze(1)
    is_small = tensor.dim() == 1 or ".conv.conv." in name or name.endswith("feed_forward.gate.weight")
    if dtype == "float32" or is_small:
        writer.add_tensor(target, tensor.to(torch.float32).numpy())
    else:
        raw = tensor.to(torch.bfloat16).contiguous().view(torch.uint8).numpy()
        shape = tuple(tensor.shape)
        data = raw.reshape(*shape[:-1], shape[-1] * 2).view(numpy.uint8)
        writer.add_tensor(target, data, raw_dtype=gguf.GGMLQuantizationType.BF16)


main()
