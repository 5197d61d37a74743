"""The modules that a runtime provides itself, put in front of those that depend on them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from conformance.vm.errors import Code, Error, check, invalid
from conformance.vm.handles import Home
from conformance.vm.modules import Module

if TYPE_CHECKING:
    from conformance.vm.devices import Device


def with_system_modules(
    home: Home, modules: Sequence[Module], devices: Sequence[Device], parameters: Sequence[str]
) -> tuple[Module, ...]:
    """`modules` behind a `hal` module for `devices` and an `io_parameters` module for `parameters`, each only when a
    module depends on it and none of that name is there."""
    wanted = _wanted(modules)
    created = []
    if "hal" in wanted:
        created.append(hal_module(home, devices))
    if "io_parameters" in wanted and parameters:
        created.append(parameters_module(home, parameters))
    return (*created, *modules)


def _wanted(modules: Sequence[Module]) -> set[str]:
    dependencies = {dependency.name for module in modules for dependency in module.dependencies if dependency.required}
    return dependencies - {module.name for module in modules}


def register_types(home: Home) -> None:
    """The types of device objects; modules that use them cannot be loaded before."""
    if home.api.has("iree_hal_module_register_all_types"):
        check(home.api, home.api.lib.iree_hal_module_register_all_types(home.instance), "create")


def hal_module(home: Home, devices: Sequence[Device]) -> Module:
    """The module `hal` for these devices, in this order."""
    api = home.api
    if not devices:
        raise Error(Code.NOT_FOUND, "a module depends on hal: the context needs devices=[vm.Device(...)]", "link")
    for device in devices:
        if device._api is not api:
            raise invalid("the device belongs to another library", "link")
    pointers = api.ffi.new("iree_hal_device_t*[]", [device._pointer for device in devices])
    standard_error = api.ffi.new("vmrt_hal_module_trace_sink_t*")[0]
    out = api.ffi.new("iree_vm_module_t**")
    create, allocator = api.lib.vmrt_hal_module_create, home.allocator("module")
    check(api, create(home.instance, len(devices), pointers, standard_error, allocator, out), "create")
    return Module(home, out[0], native=False)


def parameters_module(home: Home, parameters: Sequence[str]) -> Module:
    """The module `io_parameters` for archives written as `[SCOPE=]FILE`."""
    api, create = home.api, home.api.lib.iree_io_parameters_module_create
    with ExitStack() as stack:
        providers = [_provider(home, stack, scope, paths) for scope, paths in _by_scope(parameters).items()]
        pointers = api.ffi.new("iree_io_parameter_provider_t*[]", providers)
        out = api.ffi.new("iree_vm_module_t**")
        check(api, create(home.instance, len(providers), pointers, home.allocator("module"), out), "create")
    return Module(home, out[0], native=False)


def _by_scope(parameters: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in parameters:
        scope, mark, path = text.partition("=")
        found.setdefault(scope if mark else "", []).append(path if mark else text)
    return found


def _provider(home: Home, stack: ExitStack, scope: str, paths: Sequence[str]) -> Any:
    """The parameters of one scope; it is released with `stack`."""
    api, lib, allocator = home.api, home.api.lib, home.allocator("module")
    index, provider = api.ffi.new("iree_io_parameter_index_t**"), api.ffi.new("iree_io_parameter_provider_t**")
    check(api, lib.iree_io_parameter_index_create(allocator, index), "create")
    stack.callback(lib.iree_io_parameter_index_release, index[0])
    for path in paths:
        name, _memory = api.view(os.fsencode(path))
        opened = lib.vmrt_io_parameters_open_archive(name, lib.VMRT_IO_FILE_MODE_MAP, index[0], allocator)
        check(api, opened, "open")
    view, _memory = api.view(scope.encode())
    check(api, lib.vmrt_io_parameter_provider_create(view, index[0], allocator, provider), "create")
    stack.callback(lib.iree_io_parameter_provider_release, provider[0])
    return provider[0]
