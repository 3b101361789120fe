"""llama.cpp on the CPU: decode of several sequences together, and the prefill of one prompt.

Fair because it is built for this machine's instructions, runs all sequences of a step in one batch with the cache
split by sequence, and computes logits only where Penstock does. Ids are given, none is sampled.

    CMAKE_ARGS="-DGGML_NATIVE=ON" pip install llama-cpp-python
    python bench/peers/llama_cpp_cpu.py --model /tmp/lfm2-350m-bf16.gguf --name lfm2-350m --dtype bfloat16
"""

import ctypes

import llama_cpp
import peer


class Context:
    """A model with room for `batch` sequences of `length` tokens."""

    def __init__(self, model, options, batch, length):
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = batch * ((length + 255) // 256 * 256)
        params.n_batch = params.n_ubatch = max(batch * options.context, options.prompt_length, batch)
        params.n_seq_max = batch
        params.n_threads = params.n_threads_batch = options.threads
        self.handle = llama_cpp.llama_init_from_model(model, params)
        if not self.handle:
            raise SystemExit("llama.cpp refused the context")
        self.batch = llama_cpp.llama_batch_init(params.n_batch, 0, 1)

    def run(self, rows):
        """One step of (token, position, sequence, whether its logits are wanted)."""
        self.batch.n_tokens = len(rows)
        for i, (token, position, sequence, wants_logits) in enumerate(rows):
            self.batch.token[i] = token
            self.batch.pos[i] = position
            self.batch.n_seq_id[i] = 1
            self.batch.seq_id[i][0] = sequence
            self.batch.logits[i] = wants_logits
        code = llama_cpp.llama_decode(self.handle, self.batch)
        if code != 0:
            raise SystemExit(f"llama_decode failed with {code}")

    def clear(self):
        """Forgets all sequences."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.handle), True)

    def close(self):
        """Frees it."""
        llama_cpp.llama_batch_free(self.batch)
        llama_cpp.llama_free(self.handle)


def main():
    options = peer.arguments(__doc__.splitlines()[0], ["bfloat16", "float32"])
    quiet = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(quiet, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    model = llama_cpp.llama_model_load_from_file(options.model.encode(), llama_cpp.llama_model_default_params())
    if not model:
        raise SystemExit(f"llama.cpp cannot load {options.model}")
    vocab = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
    version = {"version": llama_cpp.__version__}
    for batch in peer.batches(options):
        end = options.context + options.steps
        ids = peer.token_ids(options.seed, batch, end, vocab)
        context = Context(model, options, batch, end)

        def prompt(context=context, ids=ids):
            context.clear()
            context.run([(row[i], i, s, i == options.context - 1) for s, row in enumerate(ids)
                         for i in range(options.context)])

        def decode(context=context, ids=ids):
            for step in range(options.context, options.context + options.steps):
                context.run([(row[step], step, s, True) for s, row in enumerate(ids)])

        times = peer.timed(options.runs, prompt, decode)
        peer.report(options, "llama.cpp", peer.decode_case(batch), batch * options.steps, times, batch=batch,
                    steps=options.steps, **version)
        context.close()
    if options.prompt_length:
        length = options.prompt_length
        ids = peer.token_ids(options.seed, 1, length, vocab)[0]
        context = Context(model, options, 1, length)
        rows = [(ids[i], i, 0, i == length - 1) for i in range(length)]
        times = peer.timed(options.runs, context.clear, lambda: context.run(rows))
        peer.report(options, "llama.cpp", f"prefill-{length}", length, times, batch=1, **version)
        context.close()


main()
