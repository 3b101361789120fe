"""What the peer kits share: the workload's token ids, repeated timing, and lines in the schema of bench/results."""

import argparse
import datetime
import json
import pathlib
import platform
import random
import statistics
import subprocess
import sys
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SUITE = "peers-cpu"


def arguments(description, dtypes):
    """The options of every kit; the same names mean the same thing in all of them."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", required=True, help="checkpoint: a folder, or a GGUF file for llama.cpp")
    parser.add_argument("--name", required=True, help="what the model is called in the results")
    parser.add_argument("--dtype", choices=dtypes, default=dtypes[0])
    parser.add_argument("--batch", default="1,8,64", help="sequences that decode together, comma-separated")
    parser.add_argument("--context", type=int, default=16, help="tokens of each prompt before decode (default 16)")
    parser.add_argument("--steps", type=int, default=16, help="decode steps of a run (default 16)")
    parser.add_argument("--prompt-length", type=int, default=512, help="tokens of the prefill; 0 for none (512)")
    parser.add_argument("--runs", type=int, default=5, help="timed runs after a warm-up; the median counts (5)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save-result", metavar="DIR", help=f"appends one JSON line a case to DIR/{SUITE}.jsonl")
    return parser.parse_args()


def batches(options):
    """The batch sizes that were asked for."""
    return [int(size) for size in options.batch.split(",")]


def decode_case(batch):
    """The case's name, as `penstock bench cpu` has it."""
    return "decode" if batch == 1 else f"decode-{batch}"


def token_ids(seed, rows, columns, vocab_size):
    """Random ids [rows, columns], the same for every engine that is given the same seed."""
    generator = random.Random(seed)
    return [[generator.randrange(vocab_size) for _ in range(columns)] for _ in range(rows)]


def timed(runs, prepare, work):
    """Seconds and processor seconds of `runs` calls of `work`, each after an untimed `prepare`, and one more before."""
    times = []
    for run in range(runs + 1):
        prepare()
        start, start_cpu = time.perf_counter(), time.process_time()
        work()
        if run > 0:
            times.append((time.perf_counter() - start, time.process_time() - start_cpu))
    return times


def report(options, engine, case, tokens, times, **config):
    """Prints tokens a second, and appends the line where that was asked for."""
    rates = sorted(tokens / wall for wall, _ in times)
    median = statistics.median(rates)
    per_cpu_second = tokens * len(times) / sum(cpu for _, cpu in times)
    line = {
        "suite": SUITE,
        "case": case,
        "commit": commit(),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "device": device(),
        "driver": None,
        "jdk": f"Python {platform.python_version()}",
        "model": options.name,
        "config": {"engine": engine, "dtype": options.dtype, "threads": options.threads,
                   "context": options.context, **config},
        "metrics": {"tokensPerSecond": median, "tokensPerCpuSecond": per_cpu_second,
                    "leastTokensPerSecond": rates[0], "mostTokensPerSecond": rates[-1], "runs": len(rates)},
        "baseline": None,
        "command": "python " + " ".join([f"bench/peers/{pathlib.Path(sys.argv[0]).name}", *sys.argv[1:]]),
    }
    print(f"{engine} {options.name} {options.dtype} {case}: {median:.1f} tokens/s ({rates[0]:.1f} to {rates[-1]:.1f}),"
          f" {per_cpu_second:.1f} a processor second", flush=True)
    if options.save_result:
        path = pathlib.Path(options.save_result) / f"{SUITE}.jsonl"
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, separators=(",", ":")) + "\n")


def commit():
    """The commit of this working tree, as the other results have it."""
    def git(*words):
        return subprocess.run(["git", *words], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    head = git("rev-parse", "--verify", "HEAD")
    if head.returncode != 0:
        return "unknown"
    changes = git("status", "--porcelain", "--", ":/", ":(top,exclude)bench/results").stdout.strip()
    return head.stdout.strip() + ("-dirty" if changes else "")


def device():
    """CPU model and cores, as Penstock names the machine."""
    model, cores = platform.machine(), set()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        socket = "0"
        for line in file:
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                model = value.strip()
            elif key.strip() == "physical id":
                socket = value.strip()
            elif key.strip() == "core id":
                cores.add((socket, value.strip()))
    return f"{model}, {len(cores)} core" + ("" if len(cores) == 1 else "s")
