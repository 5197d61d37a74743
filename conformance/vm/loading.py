"""Loading modules: which kind a file is, its parameters, and the memory of bytecode."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any, Union

from conformance.capi import Api
from conformance.vm.errors import Code, Error, check, error_of, invalid

PathLike = Union[str, "os.PathLike[str]"]
BytesLike = bytes | bytearray | memoryview
Pairs = list[tuple[bytes, bytes | None]]
Params = Iterable[tuple[str, str | None]]

_LIBRARY_MAGIC = (
    b"\x7fELF",
    b"MZ",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
)
_LIBRARY_NAME = re.compile(r".*\.(so|sos|dylib|dll)(\.\d+)*", re.I | re.S)


def is_library(path: str) -> bool:
    """By content; by name only when the file cannot be read."""
    if os.path.exists(path) and not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(4).startswith(_LIBRARY_MAGIC)
    except (OSError, ValueError):
        return _LIBRARY_NAME.fullmatch(path) is not None


def pairs(params: Params, named: Mapping[str, object]) -> Pairs:
    """Parameters in order, those by keyword last. None gives a key without value, which is not the same as an empty
    one."""
    result = [(_encoded(key), None if value is None else _encoded(value)) for key, value in params]
    return result + [(_encoded(key), _named_value(value)) for key, value in named.items()]


def _named_value(value: object) -> bytes | None:
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return None if value is None else _encoded(str(value))


def _encoded(text: object) -> bytes:
    if not isinstance(text, str):
        raise invalid(f"parameter {text!r} is not text", "parse")
    return os.fsencode(text)


def load_library(api: Api, instance: Any, allocator: Any, path: str, export: str | None, params: Pairs) -> Any:
    """A native module. A bare name that exists here is this file, not what the system's search finds."""
    if not os.path.dirname(path) and os.path.exists(path):
        path = os.path.join(os.curdir, path)
    path_view, _path = api.view(os.fsencode(path))
    export_view, _export = api.view((export or "").encode())
    array, _memory = _pair_array(api, params)
    out = api.ffi.new("iree_vm_module_t**")
    status = api.lib.iree_vm_dynamic_module_load_from_file(
        instance, path_view, export_view, len(params), array, allocator, out
    )
    check(api, status, "create")
    return out[0]


def _pair_array(api: Api, params: Pairs) -> tuple[Any, list[Any]]:
    if not params:
        return api.null, []
    array = api.ffi.new("iree_string_pair_t[]", len(params))
    memory: list[Any] = []
    for pair, (key, value) in zip(array, params, strict=True):
        pair.key, kept = api.view(key)
        memory.append(kept)
        if value is not None:
            pair.value, kept = api.view(value)
            memory.append(kept)
    return array, memory


def load_file(api: Api, instance: Any, allocator: Any, path: str, mmap: bool) -> Any:
    """Bytecode from a file or, for `-`, from standard input."""
    if not api.has("vmrt_tooling_load_bytecode"):
        return _load_file_plainly(api, instance, allocator, path, mmap)
    view, _memory = api.view(os.fsencode(path))
    out = api.ffi.new("iree_vm_module_t**")
    check(api, api.lib.vmrt_tooling_load_bytecode(instance, view, mmap, allocator, out), "verify")
    return out[0]


def _load_file_plainly(api: Api, instance: Any, allocator: Any, path: str, mmap: bool) -> Any:
    """For libraries without our tooling."""
    if mmap or path == "-":
        what = "map files" if mmap else "read standard input"
        raise Error(Code.UNIMPLEMENTED, f"{api.path} has no function to {what}", "parse")
    try:
        with open(path, "rb") as file:
            contents = file.read()
    except OSError as error:
        code = Code.NOT_FOUND if isinstance(error, FileNotFoundError) else Code.FAILED_PRECONDITION
        raise Error(code, f"cannot read '{path}': {error.strerror}", "open") from error
    return load_bytes(api, instance, allocator, contents)


def load_bytes(api: Api, instance: Any, allocator: Any, contents: BytesLike) -> Any:
    """Bytecode from memory, which is copied; the module frees the copy."""
    data = memoryview(contents).cast("B")
    if not data.nbytes:
        raise invalid("the bytecode is empty", "verify")
    memory = _copied(api, allocator, data)
    span = api.ffi.new("iree_const_byte_span_t*", (memory, data.nbytes))[0]
    out = api.ffi.new("iree_vm_module_t**")
    status = api.lib.iree_vm_bytecode_module_create(instance, 0, span, allocator, allocator, out)
    if status:
        slot = api.ffi.new("void**", memory)
        api.lib.iree_status_free(allocator.ctl(allocator.self, api.lib.IREE_ALLOCATOR_COMMAND_FREE, api.null, slot))
        raise error_of(api, status, "verify")
    return out[0]


def _copied(api: Api, allocator: Any, data: memoryview) -> Any:
    slot, length = api.ffi.new("void**"), api.ffi.new("size_t*", data.nbytes)
    command = api.lib.IREE_ALLOCATOR_COMMAND_MALLOC
    check(api, allocator.ctl(allocator.self, command, length, slot), "open")
    api.ffi.memmove(slot[0], data, data.nbytes)
    return slot[0]
