"""The opcode table, and that the fixtures use every row of it."""

from __future__ import annotations

import json

from conformance.vmfb import decode, read
from conformance.vmfb.opcodes import CORE, F32, F64, by_mnemonic, table

from .conftest import FIXTURES, PREBUILT


def test_table_is_complete() -> None:
    counts = {name: sum(opcode.set == name for opcode in table()) for name in (CORE, F32, F64)}
    assert counts == {CORE: 0x89, F32: 0x3F, F64: 0x41}
    assert len(by_mnemonic()) == len(table())


def test_fixtures_use_every_instruction() -> None:
    used = set()
    for path in FIXTURES.glob("opcodes/prebuilt/17/*.vmfb"):
        module = read(path.read_bytes())
        for ordinal in range(len(module.functions or [])):
            used |= {one.mnemonic for one in decode(module.code(ordinal))}
    assert used == set(by_mnemonic())


def test_every_recorded_call_is_there() -> None:
    calls = [json.loads(path.read_text())["calls"] for path in FIXTURES.glob("opcodes/*.expected.json")]
    assert len(calls) == 16
    assert sum(map(len, calls)) == 1258


def test_fixture_names_are_unique_across_chapters() -> None:
    names = [path.stem for path in PREBUILT]
    assert len(set(names)) == len(names)
