"""Owning C objects from Python: closed once, whoever is first, and kept alive while they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, TypeVar

from conformance.capi import Api
from conformance.vm.errors import ClosedError

SelfT = TypeVar("SelfT", bound="Handle")


class Handle:
    """One reference to a C object. Closing twice is fine; using it afterwards is a ClosedError.

    The pointer lies in a list because taking it out is one step that no other thread can come between. `__del__` rather
    than cffi's own collection: it runs before anything that it needs is cleared, also in a cycle of garbage.
    """

    _what = "object"

    def __init__(self, api: Api, pointer: Any) -> None:
        self._api = api
        self._cell = [pointer]

    @property
    def closed(self) -> bool:
        return not self._cell

    def close(self) -> None:
        """Gives the reference back. What other objects need of it stays alive for them."""
        try:
            pointer = self._cell.pop()
        except IndexError:
            return
        self._release(pointer)

    def _release(self, pointer: Any) -> None:
        raise NotImplementedError

    @property
    def _pointer(self) -> Any:
        try:
            return self._cell[0]
        except IndexError:
            raise ClosedError(self._what) from None

    def __enter__(self: SelfT) -> SelfT:
        _ = self._pointer
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_cell", None):
            self.close()

    def __repr__(self) -> str:
        return f"<vm.{type(self).__name__}{' closed' if self.closed else ''}>"


class Home:
    """What everything that came from one instance shares: the library, the instance as long as somebody retains it in
    C, and where memory is taken from and counted."""

    def __init__(self, api: Api, probe: Any) -> None:
        self.api = api
        self.probe = probe
        self.instance: Any = None

    def allocator(self, owner: str) -> Any:
        """An `iree_allocator_t` whose blocks are counted under `owner` when anything is counted."""
        if self.probe is None:
            return self.api.system_allocator
        view, _memory = self.api.view(owner.encode())
        return self.api.lib.vmrt_probe_allocator(self.probe, view)

    def __del__(self) -> None:
        if self.probe is not None:
            self.api.lib.vmrt_probe_release(self.probe)


class Keep:
    """Native modules whose code must stay loaded as long as objects that came from them, and the instance they use.

    Every holder retains and releases in C for itself, in the order that it needs; Python's collector decides nothing.
    """

    def __init__(self, api: Api, instance: Any, modules: Sequence[Any]) -> None:
        self._lib = api.lib
        self._instance = instance
        self._modules = tuple(modules)

    def retain(self) -> None:
        self._lib.iree_vm_instance_retain(self._instance)
        for module in self._modules:
            self._lib.iree_vm_module_retain(module)

    def release(self) -> None:
        for module in reversed(self._modules):
            self._lib.iree_vm_module_release(module)
        self._lib.iree_vm_instance_release(self._instance)
