"""Fences: points in time that queues wait for and signal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.vm.errors import Code, check, error_of, invalid
from conformance.vm.values import Object, check_same_library

if TYPE_CHECKING:
    from conformance.vm.devices import Device

_FOREVER = -1


class Fence(Object):
    """Semaphores, each with the value that it has to reach. A failure stays, also one that comes later than that."""

    _what = "fence"
    type_name = "hal.fence"

    @staticmethod
    def join(*fences: Fence | None) -> Fence | None:
        """The fence that is reached when all of these are; None when there are none."""
        given = [fence for fence in fences if fence is not None]
        if not given:
            return None
        api = given[0]._api
        for fence in given:
            check_same_library(api, fence)
        out = api.ffi.new("iree_hal_fence_t**")
        pointers = api.ffi.new("iree_hal_fence_t*[]", [fence._pointer for fence in given])
        check(api, api.lib.iree_hal_fence_join(len(given), pointers, api.system_allocator, out), "call")
        return Fence(api, out[0])

    def signal(self) -> None:
        """Reaches it; INVALID_ARGUMENT when it was reached before, its failure when it failed."""
        check(self._api, self._api.lib.iree_hal_fence_signal(self._pointer), "call")

    def fail(self, code: Code) -> None:
        """Everything that waits for it fails with `code`."""
        self._api.lib.vmrt_hal_fence_fail_code(self._pointer, int(code))

    def query(self) -> Code:
        """OK when reached, DEFERRED when not yet, else the code of its failure."""
        status = self._api.lib.iree_hal_fence_query(self._pointer)
        return error_of(self._api, status, "call").code if status else Code.OK

    def wait(self, timeout: float | None = None) -> None:
        """Blocks until it is reached, at most `timeout` seconds: DEADLINE_EXCEEDED then. Raises its failure."""
        if timeout is not None and not timeout >= 0:
            raise invalid(f"a timeout of {timeout} seconds")
        nanoseconds = _FOREVER if timeout is None else min(int(timeout * 1e9), 2**62)
        check(self._api, self._api.lib.vmrt_hal_fence_wait_for(self._pointer, nanoseconds), "call")

    def _release_object(self, pointer: Any) -> None:
        self._api.lib.iree_hal_fence_release(pointer)

    def _retained_ref(self) -> Any:
        return self._api.lib.iree_hal_fence_retain_ref(self._pointer)


def create_fence(device: Device) -> Fence:
    """A fence of one new semaphore of `device`."""
    api = device._api
    out = api.ffi.new("iree_hal_fence_t**")
    check(api, api.lib.vmrt_hal_device_create_fence(device._pointer, out), "call")
    return Fence(api, out[0])


def pointer_of(device: Device, fence: Fence | None) -> Any:
    """The C pointer of an optional fence."""
    if fence is None:
        return device._api.null
    check_same_library(device._api, fence)
    return fence._pointer
