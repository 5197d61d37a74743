"""The VM in Python: load modules, link them in a context, call their functions, look at what they leave behind.

    import conformance.vm as vm

    with vm.Instance() as instance:
        native = instance.load("libmath.so", export="create", bias=5)
        app = instance.load("app.vmfb")
        with instance.context([native, app]) as context:
            print(context["app.main"](3, 4))

Tensor programs run on devices; arrays go in and come out:

    with instance.context([program], devices=[vm.Device("local-task")]) as context:
        print(context["module.add"](numpy.ones(4, "f4"), numpy.ones(4, "f4")))

Every object owns one reference to an object of the C API. Objects may be closed in any order, twice, or left to the
garbage collector; what others still need stays alive. Using a closed one raises ClosedError, every other failure Error.

Threads: an Instance, its Modules and Devices may be used by several threads, a Context, List or Buffer by one at a
time; a second thread inside a context is refused. Close an object when no other thread is using it.
"""

from conformance.vm.contexts import Context
from conformance.vm.devices import Device, DeviceStatistics, drivers
from conformance.vm.errors import ClosedError, Code, Error
from conformance.vm.fences import Fence
from conformance.vm.functions import Function, Pending
from conformance.vm.instances import Instance, Statistics, live_objects
from conformance.vm.modules import Dependency, Import, Module
from conformance.vm.tensors import BufferView, HalBuffer
from conformance.vm.values import Buffer, List, Ref

__all__ = [
    "Buffer",
    "BufferView",
    "ClosedError",
    "Code",
    "Context",
    "Dependency",
    "Device",
    "DeviceStatistics",
    "Error",
    "Fence",
    "Function",
    "HalBuffer",
    "Import",
    "Instance",
    "List",
    "Module",
    "Pending",
    "Ref",
    "Statistics",
    "drivers",
    "live_objects",
]
