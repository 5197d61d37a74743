"""Loaded modules and what they say about themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from conformance.capi import Api
from conformance.vm.errors import check
from conformance.vm.handles import Handle, Home

_IMPORT, _EXPORT = 1, 2
_IMPORT_OPTIONAL = 3
_MOST_ATTRIBUTES = 65536


class Import(NamedTuple):
    """A function that a module wants from another: `module.function` with its calling convention."""

    name: str
    signature: str
    optional: bool


class Dependency(NamedTuple):
    """Another module that has to be there first."""

    name: str
    minimum_version: int
    required: bool


class Module(Handle):
    """A module of an instance, to be put into contexts. It stays loaded as long as a context uses it."""

    _what = "module"

    def __init__(self, home: Home, pointer: Any, native: bool) -> None:
        home.api.lib.iree_vm_instance_retain(home.instance)
        super().__init__(home.api, pointer)
        self._home = home
        self.native = native

    @property
    def name(self) -> str:
        return self._api.text(self._api.lib.iree_vm_module_name(self._pointer))

    @property
    def version(self) -> int:
        return int(self._signature.version)

    @property
    def exports(self) -> tuple[str, ...]:
        """Names of the exported functions, in the module's order."""
        count = self._signature.export_function_count
        return tuple(self._function_name(self._function(_EXPORT, i)) for i in range(count))

    @property
    def imports(self) -> tuple[Import, ...]:
        return tuple(self._import(i) for i in range(self._signature.import_function_count))

    @property
    def dependencies(self) -> tuple[Dependency, ...]:
        found: list[Dependency] = []

        def add(_: Any, dependency: Any) -> Any:
            name, flags = self._api.text(dependency.name), int(dependency.flags)
            found.append(Dependency(name, int(dependency.minimum_version), bool(flags & 1)))
            return self._api.null

        callback = self._api.ffi.callback("iree_vm_module_dependency_callback_t", add)
        status = self._api.lib.iree_vm_module_enumerate_dependencies(self._pointer, callback, self._api.null)
        check(self._api, status, "link")
        return tuple(found)

    @property
    def attributes(self) -> tuple[tuple[str, str], ...]:
        """Keys and values, in the module's order."""
        get, pointer = self._api.lib.iree_vm_module_get_attr, self._pointer
        return attributes(self._api, lambda index, out: get(pointer, index, out))

    def signature(self, export: str) -> str:
        """Calling convention of an exported function."""
        function = self._api.ffi.new("iree_vm_function_t*")
        view, _memory = self._api.view(export.encode())
        lookup = self._api.lib.iree_vm_module_lookup_function_by_name
        check(self._api, lookup(self._pointer, _EXPORT, view, function), "call")
        return function_signature(self._api, function)

    @property
    def _signature(self) -> Any:
        return self._api.lib.iree_vm_module_signature(self._pointer)

    def _function(self, linkage: int, ordinal: int) -> Any:
        function = self._api.ffi.new("iree_vm_function_t*")
        lookup = self._api.lib.iree_vm_module_lookup_function_by_ordinal
        check(self._api, lookup(self._pointer, linkage, ordinal, function), "link")
        return function

    def _function_name(self, function: Any) -> str:
        return self._api.text(self._api.lib.iree_vm_function_name(function))

    def _import(self, ordinal: int) -> Import:
        function = self._function(_IMPORT, ordinal)
        signature = function_signature(self._api, function)
        return Import(self._function_name(function), signature, function.linkage == _IMPORT_OPTIONAL)

    def _release(self, pointer: Any) -> None:
        self._api.lib.iree_vm_module_release(pointer)
        self._api.lib.iree_vm_instance_release(self._home.instance)

    def __repr__(self) -> str:
        return "<vm.Module closed>" if self.closed else f"<vm.Module {self.name}>"


def function_signature(api: Api, function: Any) -> str:
    return api.text(api.lib.iree_vm_function_signature(function).calling_convention)


def attributes(api: Api, get: Callable[[int, Any], Any]) -> tuple[tuple[str, str], ...]:
    """All attributes that `get` serves; the first index that fails is the end."""

    def each() -> Iterator[tuple[str, str]]:
        pair = api.ffi.new("iree_string_pair_t*")
        for index in range(_MOST_ATTRIBUTES):
            status = get(index, pair)
            if status:
                api.lib.iree_status_free(status)
                return
            yield api.text(pair.key), api.text(pair.value)

    return tuple(each())
