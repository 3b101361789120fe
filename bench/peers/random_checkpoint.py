"""Writes a checkpoint with random bfloat16 weights for a config.json, as a folder that Penstock and transformers read.

    python bench/peers/random_checkpoint.py goldens/configs/accept/lfm2-350m.json /tmp/lfm2-350m
"""

import pathlib
import sys

import torch
from transformers import AutoConfig, AutoModelForCausalLM


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: random_checkpoint.py CONFIG.json FOLDER")
    source, target = map(pathlib.Path, sys.argv[1:])
    target.mkdir(parents=True, exist_ok=True)
    (target / "config.json").write_bytes(source.read_bytes())
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(target), dtype=torch.bfloat16)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" not in name:
                parameter.normal_(0, 0.02)
    model.save_pretrained(target)
    print(f"{target}: {sum(p.numel() for p in model.parameters()):,} parameters")


main()
