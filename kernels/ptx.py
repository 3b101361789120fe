"""Compiles the CUDA sources to PTX that old drivers take, and writes the manifest that ties the two together."""

import argparse
import gzip
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import sysconfig

import zopfli.gzip

CUDA = pathlib.Path(__file__).resolve().parent / "src" / "main" / "cuda"
NVCC = pathlib.Path(sysconfig.get_paths()["purelib"]) / "nvidia" / "cu13" / "bin" / "nvcc"

# Sources of a directory, the set that their PTX goes to, and the architecture. sm_80 is portable: a driver compiles it
# for 8.0 and everything later. sm_90a loads on 9.0 only.
SETS = [(CUDA, "sm_80", "compute_80"), (CUDA / "sm_90a", "sm_90a", "compute_90a")]

# No -lineinfo: it embeds paths, and the output would depend on the directory.
FLAGS = ["-std=c++17", "-ptx", "--Werror", "all-warnings"]

# nvcc 13 asks for what only a CUDA 13 driver has. The instructions used exist since 8.0, and the machine code is the
# same; the one newer thing, a pragma about padding bytes, is a hint.
PTX_VERSION = "8.0"
PRAGMAS = {"nounroll"}

# PTX is a tenth of its size when compressed, and nobody compares it by eye. Zopfli makes it a ninth smaller than zlib
# does, in the same format: the bundle for GPU machines has few bytes to spare.
SUFFIX = ".ptx.gz"


# What nvcc writes round every inline instruction: a fifth of some files.
MARKS = {"// begin inline asm", "// end inline asm"}


def lowered(ptx, name):
    lines = [line for line in ptx.split("\n") if '.pragma "used_bytes_mask' not in line and line.strip() not in MARKS]
    for pragma in re.findall(r'\.pragma "([^" ]*)', "\n".join(lines)):
        if pragma not in PRAGMAS:
            sys.exit(f"{name}: the pragma {pragma} may need a newer PTX version than {PTX_VERSION}; look it up")
    text, number = re.subn(r"(?m)^\.version .*$", f".version {PTX_VERSION}", "\n".join(lines))
    if number != 1:
        sys.exit(f"{name}: {number} lines with a PTX version")
    return text.rstrip("\n") + "\n"


def closure(source, found):
    """A source and everything it includes in quotes, which is everything of ours."""
    if source not in found:
        found.add(source)
        for included in re.findall(r'(?m)^\s*#include "([^"]+)"', source.read_text()):
            closure((source.parent / included).resolve(), found)
    return found


def write_compressed(file, data):
    """A file that holds the same stays as it is: another version would make other bytes of it."""
    if not file.exists() or gzip.decompress(file.read_bytes()) != data:
        file.write_bytes(zopfli.gzip.compress(data))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def compile_kernel(source, directory, arch):
    flags = [f"-arch={arch}", *FLAGS]
    command = [str(NVCC), *flags, "-o", "-", source.name]
    result = subprocess.run(command, cwd=source.parent, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{source.name}:\n{result.stderr}{result.stdout}")
    ptx = lowered(result.stdout, source.name).encode()
    directory.mkdir(parents=True, exist_ok=True)
    write_compressed(directory / f"{source.stem}{SUFFIX}", ptx)
    return {
        "flags": flags,
        "ptxVersion": PTX_VERSION,
        "ptxSha256": sha256(ptx),
        "sources": {
            file.relative_to(CUDA).as_posix(): sha256(file.read_bytes()) for file in sorted(closure(source, set()))
        },
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    out = parser.parse_args().out
    version = re.search(r"V(\d+\.\d+\.\d+)", subprocess.run([str(NVCC), "--version"], capture_output=True,
                                                             text=True, check=True).stdout).group(1)
    kernels = {}
    for directory, name, arch in SETS:
        for source in sorted(directory.glob("*.cu")):
            kernels[f"{name}/{source.stem}"] = compile_kernel(source, out / name, arch)
    for file in out.glob("*/*.ptx*"):
        if f"{file.parent.name}/{file.name.removesuffix(SUFFIX)}" not in kernels:
            file.unlink()
    manifest = {"nvcc": version, "kernels": kernels}
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


main()
