"""Hugging Face transformers on the CPU: decode of several sequences together, and the prefill of one prompt.

Fair because it is given what it is best at: one rectangular batch, no padding, the prompt's cache made beforehand,
logits for the last position only, inference mode, as many threads as Penstock. Ids are given, none is sampled.

    pip install torch==2.9.1 transformers
    python bench/peers/transformers_cpu.py --model /tmp/lfm2-350m --name lfm2-350m --dtype bfloat16
"""

import copy

import peer
import torch
import transformers


def main():
    options = peer.arguments(__doc__.splitlines()[0], ["bfloat16", "float32"])
    torch.set_num_threads(options.threads)
    torch.set_grad_enabled(False)
    model = transformers.AutoModelForCausalLM.from_pretrained(options.model, dtype=getattr(torch, options.dtype))
    model.eval()
    vocab = model.config.vocab_size
    versions = {"version": transformers.__version__, "torch": torch.__version__}

    def forward(ids, cache):
        return model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)

    for batch in peer.batches(options):
        ids = torch.tensor(peer.token_ids(options.seed, batch, options.context + options.steps, vocab))
        prompt = forward(ids[:, :options.context], None).past_key_values
        state = {}

        def prepare(prompt=prompt, state=state):
            state["cache"] = copy.deepcopy(prompt)

        def decode(ids=ids, state=state):
            for step in range(options.context, options.context + options.steps):
                forward(ids[:, step:step + 1], state["cache"])

        times = peer.timed(options.runs, prepare, decode)
        peer.report(options, "transformers", peer.decode_case(batch), batch * options.steps, times, batch=batch,
                    steps=options.steps, **versions)
    if options.prompt_length:
        ids = torch.tensor(peer.token_ids(options.seed, 1, options.prompt_length, vocab))
        times = peer.timed(options.runs, lambda: None, lambda: forward(ids, None))
        peer.report(options, "transformers", f"prefill-{options.prompt_length}", options.prompt_length, times,
                    batch=1, **versions)


main()
