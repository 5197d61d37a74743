"""`python runtime/tests/fuzz/seeds.py OUTDIR`: inputs to begin with, a folder for each fuzz target."""

from __future__ import annotations

import argparse
import hashlib
import random
import re
from collections.abc import Iterator
from pathlib import Path

from conformance.vmfb import read
from conformance.vmfb.malformed import CASES

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
LARGEST_FILE = 20_000
LARGEST_CODE = 2048

REFERENCES = [
    "app.vmfb",
    "-",
    "libfoo.so",
    "./libfoo.so.1@create?k=v&flag&a=b=c",
    "a@b/lib.so@make?",
    "FOO.DLL@?&&=",
]
COMMAND_LINES = [
    "--on\n--small=-5\n--large=0x7fffffffffffffff\n--ratio=1.5e3\n--name=x=y\n--item=a\n--item=",
    '--on=false\n--name="quoted"\n --small = 010 \nrest\n--\n--ratio=nan',
]


VIEWS = [
    "2x2xi32=[1 2][3 4]",
    "f32=1.5",
    "3xf16=0.1 nan -inf",
    "2xi1=01 00",
    "5xi4=1 -2 3 4 5",
    "2xcf64=0000803F00002040 000040C0CDCCCC3D",
    "3xf8E4M3FN=1,2,3",
    "2x0xi8=",
    "0x3x4xsi16=",
    "1xui64=-1",
]


def modules() -> Iterator[bytes]:
    """Files of the fixtures, then the malformed ones."""
    for path in sorted(FIXTURES.rglob("*.vmfb")):
        data = path.read_bytes()
        if len(data) <= LARGEST_FILE:
            yield data
    for case in CASES:
        yield from (data for data in case.build() if len(data) <= LARGEST_FILE)


def codes() -> Iterator[bytes]:
    """The code of every function of the fixtures, and of the malformed modules as far as they can be read."""
    for data in modules():
        try:
            module = read(data)
        except ValueError:
            continue
        code = bytes(module.bytecode or b"")
        for function in module.functions or []:
            part = code[function.offset : function.offset + function.length] if function.offset >= 0 else b""
            if 0 < len(part) <= LARGEST_CODE:
                yield part


def choices() -> Iterator[bytes]:
    """Random bytes, the same each time, to choose programs by."""
    return (random.Random(number).randbytes(300) for number in range(100))


def archives() -> Iterator[bytes]:
    """Parameter archives, each behind the byte that chooses its format."""
    for choice, extension in enumerate(("irpa", "gguf", "safetensors")):
        for path in sorted(FIXTURES.rglob(f"*.{extension}")):
            yield bytes([choice]) + path.read_bytes()


def hal_calls() -> Iterator[bytes]:
    """A dispatch that is recorded and executed on each device, then transfers, as fuzz_hal.c reads its input."""
    source = Path(__file__).with_name("fuzz_hal.c").read_text(encoding="utf-8")
    names = re.findall(r'^ {4}{"([a-z_.0-9]+)",', source, re.M)
    null, value = 1, 1

    def call(name: str, *arguments: int) -> bytes:
        return bytes([names.index(name), *arguments])

    for device, others in ((0x00, 0x00), (0x20, 0x30)):
        for function, constants in ((0, (1, 7, 50, 1)), (1, (0,)), (1, (1, 7, 50, 1)), (0, (0,))):
            binding = (0, 0, others, 0, value)
            operands = (function, 1, 1, 1, 0, *constants, 0, *binding, *binding)
            yield b"".join(
                [
                    call("command_buffer.dispatch", others, others, *operands),
                    call("command_buffer.finalize", others),
                    call("device.queue.execute", device, 0, null, null, others, 0),
                    call("ex.file.from_memory", device, 0, 0, 0x50, 0, value, 0),
                    call("device.queue.read", device, 0, null, null, 0, 0, others, 0, value, 0),
                    call("fence.create", device, 0),
                    call("device.queue.barrier", device, 0, null, 0, 0),
                    call("fence.await", 1, 0, 0, 0, 0),
                ]
            )


def write(folder: Path, inputs: Iterator[bytes]) -> int:
    """Writes each different input once, named by its digest; how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    different = {hashlib.sha1(data, usedforsecurity=False).hexdigest()[:16]: data for data in inputs}
    for name, data in different.items():
        (folder / name).write_bytes(data)
    return len(different)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    targets = {
        "loader": modules(),
        "code": codes(),
        "program": choices(),
        "reference": (text.encode() for text in REFERENCES),
        "flags": (text.encode() for text in COMMAND_LINES),
        "view": (text.encode() for text in VIEWS),
        "archive": archives(),
        "hal": hal_calls(),
        "elf": (path.read_bytes() for path in sorted(FIXTURES.glob("executables/*.elf"))),
    }
    for name, inputs in targets.items():
        print(f"{name}: {write(folder / name, inputs)} seeds")


if __name__ == "__main__":
    main()
