"""Compiles the checked-in PTX with the ptxas of the pinned CUDA, and says what registers, stack and spills it takes."""

import gzip
import pathlib
import re
import subprocess
import sys
import sysconfig
import tempfile

PTX = pathlib.Path(__file__).resolve().parent / "src" / "main" / "resources" / "io" / "penstock" / "kernels" / "ptx"
PTXAS = pathlib.Path(sysconfig.get_paths()["purelib"]) / "nvidia" / "cu13" / "bin" / "ptxas"

# Sets, and what each is compiled for: a driver does so for the device at hand.
ARCHITECTURES = {"sm_80": ["sm_80", "sm_90"], "sm_90a": ["sm_90a"]}

ENTRY = re.compile(
    r"Compiling entry function '(\w+)'.*?(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads"
    r".*?Used (\d+) registers",
    re.S,
)


def compile_module(file, architecture):
    """What ptxas says of a module; it ends with an error where the module is refused."""
    with tempfile.NamedTemporaryFile(suffix=".ptx") as ptx:
        ptx.write(gzip.decompress(file.read_bytes()))
        ptx.flush()
        result = subprocess.run(
            [str(PTXAS), f"-arch={architecture}", "-v", "-o", "/dev/null", ptx.name], capture_output=True, text=True
        )
    said = result.stdout + result.stderr
    if result.returncode != 0:
        sys.exit(f"{file.name} for {architecture} is refused:\n{said}")
    return said


def main():
    problems = []
    for name, architectures in ARCHITECTURES.items():
        for file in sorted((PTX / name).glob("*.ptx.gz")):
            for architecture in architectures:
                said = compile_module(file, architecture)
                # C75xx: tensor-core instructions of a warpgroup are serialised.
                problems += [f"{file.name}: {line}" for line in said.split("\n") if re.search(r"warning|C75\d\d", line)]
                entries = ENTRY.findall(said)
                if not entries:
                    problems.append(f"{file.name} for {architecture}: no entry was compiled")
                for entry, stack, stores, loads, registers in entries:
                    print(f"{architecture:7} {entry:55} {registers:>4} registers")
                    if int(stack) + int(stores) + int(loads) > 0:
                        problems.append(
                            f"{entry} for {architecture}: {stack} bytes of stack, {stores} and {loads} spilled"
                        )
    if problems:
        sys.exit("\n".join(problems))
    print("nothing spills, nothing is serialised")


if __name__ == "__main__":
    main()
