"""Contexts, where modules are linked, and the guard that keeps two threads from being inside one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from conformance.capi import Api
from conformance.vm import functions, system
from conformance.vm.errors import ClosedError, Code, Error, Stage, check, invalid
from conformance.vm.handles import Handle, Home, Keep
from conformance.vm.modules import Module

if TYPE_CHECKING:
    from conformance.vm.devices import Device

SIGNALS = {"resume": 0, "suspend": 1, "low_memory": 2, "fork": 3}


class Context(Handle):
    """Linked modules, each with its state.

    One thread at a time: a call, `register`, `notify`, `fork` or `close` while another thread is inside the context is
    refused
    with FAILED_PRECONDITION. Only `cancel` may come from anywhere at any time.
    """

    _what = "context"

    def __init__(self, home: Home, pointer: Any, modules: Sequence[Module], devices: Sequence[Device] = ()) -> None:
        self._guard = _guard(home, pointer)
        self._home = home
        self._modules = tuple(modules)
        self._devices = tuple(devices)
        self._keeps: list[Keep] = []
        self._keep_code_of(modules)
        super().__init__(home.api, pointer)  # last: from here on the context is ours to release

    def __getitem__(self, name: str) -> functions.Function:
        """The exported function `module.function`; NOT_FOUND when there is none. Keep it when you call it often."""
        found = self._api.ffi.new("iree_vm_function_t*")
        view, _memory = self._api.view(name.encode())
        check(self._api, self._api.lib.iree_vm_context_resolve_function(self._pointer, view, found), "call")
        return functions.make(self, name, found)

    @property
    def modules(self) -> tuple[Module, ...]:
        """The modules that it was given, in order of registration; none once it is closed."""
        return self._modules

    @property
    def device(self) -> Device:
        """The first device that it was given, which arrays go to."""
        if not self._devices:
            raise invalid("the context has no device for arrays: make it with devices=[vm.Device(...)]")
        return self._devices[0]

    def register(self, *modules: Module) -> None:
        """Links and initialises more modules; a failure leaves the context as it was."""
        array = module_array(self._api, modules)
        with self.entered("link"):
            status = self._api.lib.iree_vm_context_register_modules(self._pointer, len(modules), array)
        check(self._api, status, "link")
        self._modules += modules
        self._keep_code_of(modules)

    def freeze(self) -> None:
        """No more modules from now on."""
        with self.entered("link"):
            self._api.lib.iree_vm_context_freeze(self._pointer)

    def notify(self, signal: str) -> None:
        """`resume`, `suspend`, `low_memory` or `fork`, to all modules."""
        if signal not in SIGNALS:
            raise invalid(f"unknown signal {signal!r}; there are {', '.join(SIGNALS)}")
        with self.entered("call"):
            status = self._api.lib.iree_vm_context_notify(self._pointer, SIGNALS[signal])
        check(self._api, status, "call")

    def fork(self) -> Context:
        """A child with the same modules and with states that each module derived from its own."""
        out = self._api.ffi.new("iree_vm_context_t**")
        with self.entered("init"):
            status = self._api.lib.iree_vm_context_fork(self._pointer, self._home.allocator("context"), out)
        check(self._api, status, "init")
        return adopt(self._home, out[0], self._modules, self._devices)

    def cancel(self, code: Code = Code.CANCELLED) -> None:
        """Bytecode that runs here stops with `code`, and so does every later call, until `cancel(Code.OK)`. From any
        thread."""
        if not self._api.has("vmrt_context_cancel"):
            raise Error(Code.UNIMPLEMENTED, f"{self._api.path} cannot cancel calls", "call")
        self._api.lib.vmrt_context_cancel(self._pointer, int(code))

    def close(self) -> None:
        """Runs `__deinit` and frees the states, the module registered last first. Functions of the context cannot be
        called any more; lists, buffers and references that came from it stay usable."""
        if not self.closed:
            self._guard.close()
            super().close()

    @property
    def _session(self) -> Any:
        """The guard in C, if there is one."""
        return self._guard.session if isinstance(self._guard, SessionGuard) else None

    @contextmanager
    def entered(self, stage: Stage) -> Iterator[None]:
        """Keeps other threads out meanwhile."""
        _ = self._pointer
        self._guard.enter(stage)
        try:
            yield
        finally:
            self._guard.leave()

    def _keep_code_of(self, modules: Sequence[Module]) -> None:
        """Objects that come out of calls may be of types that only the code of a native module can destroy."""
        native = [module._pointer for module in modules if module.native]
        if native:
            keep = Keep(self._home.api, self._home.instance, native)
            keep.retain()
            self._keeps.append(keep)

    def _release(self, pointer: Any) -> None:
        self._modules = ()
        self._api.lib.iree_vm_context_release(pointer)
        while self._keeps:
            self._keeps.pop().release()


def create(
    home: Home,
    modules: Sequence[Module],
    growable: bool,
    trace: bool,
    devices: Sequence[Device] = (),
    parameters: Sequence[str] = (),
) -> Context:
    """A context of exactly these modules or, when it may grow, one that they are the first of."""
    if not devices and not parameters:
        return _linked(home, modules, growable, trace, ())
    whole = system.with_system_modules(home, modules, devices, parameters)
    try:
        return _linked(home, whole, growable, trace, devices)
    finally:
        for module in whole[: len(whole) - len(modules)]:
            module.close()


def _linked(home: Home, modules: Sequence[Module], growable: bool, trace: bool, devices: Sequence[Device]) -> Context:
    api, allocator = home.api, home.allocator("context")
    flags = api.lib.IREE_VM_CONTEXT_FLAG_TRACE_EXECUTION if trace else 0
    out = api.ffi.new("iree_vm_context_t**")
    if growable:
        check(api, api.lib.iree_vm_context_create(home.instance, flags, allocator, out), "link")
        context = adopt(home, out[0], (), devices)
        try:
            context.register(*modules)
        except BaseException:
            context.close()
            raise
        return context
    array = module_array(api, modules)
    make = api.lib.iree_vm_context_create_with_modules
    check(api, make(home.instance, flags, len(modules), array, allocator, out), "link")
    return adopt(home, out[0], modules, devices)


def adopt(home: Home, pointer: Any, modules: Sequence[Module], devices: Sequence[Device] = ()) -> Context:
    """The Python object for a new context; when it cannot be made, the context is released."""
    try:
        return Context(home, pointer, modules, devices)
    except BaseException:
        home.api.lib.iree_vm_context_release(pointer)
        raise


def module_array(api: Api, modules: Sequence[Module]) -> Any:
    for module in modules:
        if not isinstance(module, Module):
            raise invalid(f"{module!r} is not a module", "link")
        if module._api is not api:
            raise invalid(f"module {module.name} was loaded by another library", "link")
    return api.ffi.new("iree_vm_module_t*[]", [module._pointer for module in modules])


# ---- Guards ----------------------------------------------------------------------------------------------------------


class Guard(Protocol):
    """Lets one thread into a context at a time, and nobody once it is closed."""

    def enter(self, stage: Stage) -> None: ...

    def leave(self) -> None: ...

    def close(self) -> None: ...


class SessionGuard:
    """The guard that our runtime has in C, which prepared calls use as well."""

    def __init__(self, home: Home, context: Any) -> None:
        self._api = home.api
        out = self._api.ffi.new("vmrt_session_t**")
        own, running = self._api.system_allocator, home.allocator("call")  # only what functions need is counted
        check(self._api, self._api.lib.vmrt_session_create(context, own, running, out), "link")
        self.session = out[0]

    def enter(self, stage: Stage) -> None:
        check(self._api, self._api.lib.vmrt_session_enter(self.session), stage)

    def leave(self) -> None:
        self._api.lib.vmrt_session_leave(self.session)

    def close(self) -> None:
        check(self._api, self._api.lib.vmrt_session_close(self.session), "teardown")

    def __del__(self) -> None:
        if hasattr(self, "session"):
            self._api.lib.vmrt_session_release(self.session)


class LockGuard:
    """The same for libraries that have none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False

    def enter(self, stage: Stage) -> None:
        if not self._lock.acquire(blocking=False):
            raise Error(Code.FAILED_PRECONDITION, "another thread is inside the context", stage)
        if self._closed:
            self._lock.release()
            raise ClosedError("context", stage)

    def leave(self) -> None:
        self._lock.release()

    def close(self) -> None:
        self.enter("teardown")
        self._closed = True
        self._lock.release()


def _guard(home: Home, context: Any) -> Guard:
    return SessionGuard(home, context) if home.api.has("vmrt_session_create") else LockGuard()
