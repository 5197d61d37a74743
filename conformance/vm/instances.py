"""Instances: where everything begins; and what can be counted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from conformance import capi
from conformance.vm import contexts, loading, system
from conformance.vm.contexts import Context
from conformance.vm.devices import Device
from conformance.vm.errors import Code, Error, check, invalid
from conformance.vm.handles import Handle, Home
from conformance.vm.modules import Module
from conformance.vm.values import Buffer, List, Value, create_buffer, create_list

_TYPE_CAPACITY = 32


class Statistics(NamedTuple):
    """Memory that went through one instance; `requests` counts attempts, `failed` those that fail_allocation failed."""

    live_blocks: int
    live_bytes: int
    peak_blocks: int
    peak_bytes: int
    requests: int
    failed: int


class Instance(Handle):
    """The registry of types that modules and contexts share; safe to use from several threads.

    `library` names another shared library with the same C API, instead of our runtime. With `count` all memory is
    counted: see `statistics` and `fail_allocation`.
    """

    _what = "instance"

    def __init__(self, library: str | os.PathLike[str] | None = None, *, count: bool = False) -> None:
        api = _api(library)
        home = self._home = Home(api, _probe(api) if count else None)
        out = api.ffi.new("iree_vm_instance_t**")
        check(api, api.lib.iree_vm_instance_create(_TYPE_CAPACITY, home.allocator("instance"), out), "create")
        home.instance = out[0]
        super().__init__(api, out[0])
        system.register_types(home)

    def load(
        self,
        source: loading.PathLike | loading.BytesLike,
        *,
        export: str | None = None,
        mmap: bool = False,
        params: loading.Params = (),
        **named: object,
    ) -> Module:
        """Loads a module: a native library, a bytecode file (`-`: standard input, once), or the bytes of one.

        `export` is the library's function that makes the module. Keyword arguments are its parameters, as text; None
        gives a key without a value. `params` gives them in order, duplicates kept, and comes first.
        """
        pairs = loading.pairs(params, named)
        if isinstance(source, (bytes, bytearray, memoryview)):
            return self._bytecode("memory", export, pairs, partial(loading.load_bytes, contents=source))
        path = os.fspath(source)
        if not isinstance(path, str):
            raise invalid(f"{source!r} is not a path", "parse")
        if path != "-" and loading.is_library(path):
            return self._library(path, export, pairs)
        return self._bytecode(path, export, pairs, partial(loading.load_file, path=path, mmap=mmap))

    def context(
        self,
        modules: Sequence[Module] = (),
        *,
        devices: Sequence[Device] = (),
        parameters: Sequence[str] = (),
        growable: bool | None = None,
        trace: bool = False,
    ) -> Context:
        """Links and initialises the modules in this order; nothing is left behind on failure.

        `devices` are what modules that depend on `hal` run on, `parameters` archives `[SCOPE=]FILE` for those that
        depend on `io_parameters`. A context that is growable, as one without modules is by default, takes more modules
        later. `trace` prints every instruction to standard error.
        """
        _ = self._pointer
        grows = not modules if growable is None else growable
        return contexts.create(self._home, tuple(modules), grows, trace, tuple(devices), tuple(parameters))

    def list(self, values: Iterable[Value] = (), type: str = "any") -> List:
        """A list of `any`thing, of `ref`erences, or of numbers of a type such as `i32`."""
        _ = self._pointer
        return create_list(self._api, self._home.allocator("list"), values, type)

    def buffer(self, contents: Any, *, mutable: bool = True, alignment: int = 0) -> Buffer:
        """So many zeroed bytes, or a copy of anything with the buffer protocol."""
        _ = self._pointer
        return create_buffer(self._api, self._home.allocator("buffer"), contents, mutable, alignment)

    def cancel(self, code: Code = Code.CANCELLED) -> None:
        """As Context.cancel, for all contexts of the instance."""
        if not self._api.has("vmrt_instance_cancel"):
            raise Error(Code.UNIMPLEMENTED, f"{self._api.path} cannot cancel calls", "call")
        self._api.lib.vmrt_instance_cancel(self._pointer, int(code))

    @property
    def statistics(self) -> Statistics:
        """Of all memory; also after closing, to see what is left."""
        return _statistics(self._api.lib.vmrt_probe_statistics(self._probe))

    @property
    def statistics_by_owner(self) -> dict[str, Statistics]:
        """What memory was taken for: instance, module, context, call, list, buffer."""
        api, found = self._api, {}
        name, counts = api.ffi.new("iree_string_view_t*"), api.ffi.new("vmrt_probe_statistics_t*")
        for index in range(_MOST_OWNERS):
            status = api.lib.vmrt_probe_owner(self._probe, index, name, counts)
            if status:
                api.lib.iree_status_free(status)
                break
            found[api.text(name)] = _statistics(counts)
        return found

    def fail_allocation(self, request: int, *, from_then_on: bool = False) -> None:
        """Fails the request number `request` from now on (0: the next), only that one or all after it too. -1: none."""
        self._api.lib.vmrt_probe_fail_at(self._probe, request, from_then_on)

    @property
    def _probe(self) -> Any:
        if self._home.probe is None:
            raise Error(Code.FAILED_PRECONDITION, "nothing is counted: make the instance with count=True", "call")
        return self._home.probe

    def _library(self, path: str, export: str | None, pairs: loading.Pairs) -> Module:
        allocator = self._home.allocator("module")
        pointer = loading.load_library(self._api, self._pointer, allocator, path, export, pairs)
        return Module(self._home, pointer, native=True)

    def _bytecode(self, name: str, export: str | None, pairs: Sequence[object], load: Any) -> Module:
        if export is not None or pairs:
            what = "an export" if export is not None else "parameters"
            raise invalid(f"'{name}' is bytecode, which takes no {what}: that is for native modules", "parse")
        return Module(self._home, load(self._api, self._pointer, self._home.allocator("module")), native=False)

    def _release(self, pointer: Any) -> None:
        self._api.lib.iree_vm_instance_release(pointer)


_MOST_OWNERS = 65


def live_objects(library: str | os.PathLike[str] | None = None) -> dict[str, int]:
    """How many objects of each kind exist in this process, by the library's own count."""
    api = _api(library)
    if not api.has("vmrt_live_objects"):
        raise Error(Code.UNIMPLEMENTED, f"{api.path} does not count its objects", "call")
    return {
        api.ffi.string(api.lib.vmrt_object_kind_name(kind)).decode(): int(api.lib.vmrt_live_objects(kind))
        for kind in range(api.lib.VMRT_OBJECT_KIND_COUNT)
    }


def _api(library: str | os.PathLike[str] | None) -> capi.Api:
    if library is None:
        return capi.own()
    try:
        return capi.opened(library)
    except OSError as error:
        raise Error(Code.NOT_FOUND, f"cannot open the runtime '{os.fspath(library)}': {error}", "open") from error


def _probe(api: capi.Api) -> Any:
    if not api.has("vmrt_probe_create"):
        raise Error(Code.UNIMPLEMENTED, f"{api.path} does not count its memory", "create")
    out = api.ffi.new("vmrt_probe_t**")
    check(api, api.lib.vmrt_probe_create(out), "create")
    return out[0]


def _statistics(counts: Any) -> Statistics:
    return Statistics(*(int(getattr(counts, field)) for field in Statistics._fields))
