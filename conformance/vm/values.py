"""What goes in and out of functions besides numbers: lists, buffers, and references to objects of other types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from conformance.capi import Api
from conformance.vm import convention
from conformance.vm.errors import Code, Error, check, error_of, invalid
from conformance.vm.handles import Handle, Keep

if TYPE_CHECKING:
    import numpy

ELEMENT_TYPES = {"any": 0, "i8": 1, "i16": 2, "i32": 3, "i64": 4, "f32": 5, "f64": 6}
_REF_ANY = 2**64 - 8
_VALUE_FIELDS = {1: "i8", 2: "i16", 3: "i32", 4: "i64", 5: "f32", 6: "f64"}
_VALUE_RANGES = {"i8": 7, "i16": 15, "i32": 31, "i64": 63}


class Object(Handle):
    """One counted reference to an object of the VM. `_keep` holds the native modules that may know its type."""

    _what = "reference"

    def __init__(self, api: Api, pointer: Any, keep: Keep | None = None) -> None:
        super().__init__(api, pointer)
        self._keeps: list[Keep] = []
        self._add_keep(keep)

    def _add_keep(self, keep: Keep | None) -> None:
        if keep is not None and keep not in self._keeps:
            keep.retain()
            self._keeps.append(keep)

    def _release(self, pointer: Any) -> None:
        self._release_object(pointer)
        while self._keeps:
            self._keeps.pop().release()

    def _release_object(self, pointer: Any) -> None:
        raise NotImplementedError

    def _retained_ref(self) -> Any:
        """An `iree_vm_ref_t` with a count of its own."""
        raise NotImplementedError


class Ref(Object):
    """An object of a type that only its module knows. It can be held, passed and compared, nothing else."""

    def __init__(self, api: Api, ref: Any, keep: Keep | None = None) -> None:
        super().__init__(api, ref, keep)
        self._identity = (int(api.ffi.cast("uintptr_t", ref.ptr)), int(ref.type))

    @property
    def type_name(self) -> str:
        """Name of the type without `!`."""
        return self._api.text(self._api.lib.iree_vm_ref_type_name(self._pointer.type))

    def _release_object(self, pointer: Any) -> None:
        self._api.lib.iree_vm_ref_release(pointer)

    def _retained_ref(self) -> Any:
        ref = self._api.ffi.new("iree_vm_ref_t*")
        self._api.lib.iree_vm_ref_retain(self._pointer, ref)
        return ref[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ref) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)


class Buffer(Object):
    """Bytes of the VM. Views share its memory, without copies, and keep it alive on their own: closing the buffer under
    them is harmless. `bytes(buffer)` copies."""

    _what = "buffer"
    type_name = "vm.buffer"

    @property
    def mutable(self) -> bool:
        return bool(self._api.lib.iree_vm_buffer_access(self._pointer) & 1)

    @property
    def view(self) -> memoryview:
        """The bytes themselves; read-only unless the buffer is mutable."""
        api, pointer = self._api, self._pointer
        length = api.lib.iree_vm_buffer_length(pointer)
        if length == 0:
            return memoryview(b"")
        shared = Buffer._retained(self)
        data = api.ffi.gc(api.lib.iree_vm_buffer_data(pointer), lambda _: shared.close())
        view = memoryview(api.ffi.buffer(data, length))
        return view if self.mutable else view.toreadonly()

    def array(self, dtype: Any = "uint8") -> numpy.ndarray[Any, Any]:
        """The bytes as a numpy array of `dtype`, sharing the memory."""
        import numpy

        return numpy.frombuffer(self.view, dtype=dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> numpy.ndarray[Any, Any]:
        array = self.array()
        if dtype is not None and dtype != array.dtype:
            if copy is False:
                raise ValueError("another type needs a copy; array(dtype) looks at the same bytes differently")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __buffer__(self, flags: int) -> memoryview:
        """`memoryview(buffer)`, from Python 3.12 on."""
        return self.view

    def __bytes__(self) -> bytes:
        return bytes(self.view)

    def __len__(self) -> int:
        return int(self._api.lib.iree_vm_buffer_length(self._pointer))

    def _retained(self) -> Buffer:
        self._api.lib.iree_vm_buffer_retain(self._pointer)
        copy = Buffer(self._api, self._pointer)
        for keep in self._keeps:
            copy._add_keep(keep)
        return copy

    def _release_object(self, pointer: Any) -> None:
        self._api.lib.iree_vm_buffer_release(pointer)

    def _retained_ref(self) -> Any:
        return self._api.lib.iree_vm_buffer_retain_ref(self._pointer)


class List(Object):
    """A list of the VM, which functions may change. Elements are numbers, objects or None.

    Numbers go into a list of type `any` as i64 or f64; typed lists convert and check the range. Objects that are read
    are new Python objects for the same object of the VM.
    """

    _what = "list"
    type_name = "vm.list"

    @property
    def element_type(self) -> str:
        """`any`, a type of numbers, or `ref`."""
        word = int(self._api.lib.iree_vm_list_element_type(self._pointer).value)
        return next((name for name, number in ELEMENT_TYPES.items() if number == word), "ref")

    @property
    def capacity(self) -> int:
        return int(self._api.lib.iree_vm_list_capacity(self._pointer))

    def reserve(self, capacity: int) -> None:
        """Room for so many elements."""
        check(self._api, self._api.lib.iree_vm_list_reserve(self._pointer, capacity), "call")

    def resize(self, size: int) -> None:
        """New elements are 0 or None."""
        check(self._api, self._api.lib.iree_vm_list_resize(self._pointer, size), "call")

    def clear(self) -> None:
        self._api.lib.iree_vm_list_clear(self._pointer)

    def append(self, value: Value, type: str | None = None) -> None:
        """`type` says as what a number goes into a list of type `any`."""
        size = len(self)
        self.resize(size + 1)
        try:
            self._set(size, value, type)
        except BaseException:
            self.resize(size)
            raise

    def extend(self, values: Iterable[Value]) -> None:
        for value in values:
            self.append(value)

    def __len__(self) -> int:
        return int(self._api.lib.iree_vm_list_size(self._pointer))

    def __getitem__(self, index: int) -> Any:
        variant = self._api.ffi.new("iree_vm_variant_t*")
        status = self._api.lib.iree_vm_list_get_variant_retain(self._pointer, self._index(index), variant)
        check(self._api, status, "call")
        return take_variant(self._api, variant, self._keeps)

    def __setitem__(self, index: int, value: Value) -> None:
        self._set(self._index(index), value, None)

    def __iter__(self) -> Iterator[Any]:
        index = 0
        while index < len(self):
            yield self[index]
            index += 1

    def _index(self, index: int) -> int:
        """Negative indices count from the end."""
        size = len(self)
        at = index + size if index < 0 else index
        if not 0 <= at < size:
            raise Error(Code.OUT_OF_RANGE, f"index {index} in a list of {size} elements", "call")
        return at

    def _set(self, index: int, value: Value, type: str | None) -> None:
        element = self.element_type
        if element in _VALUE_FIELDS.values():
            self._set_number(index, value, element)
        elif isinstance(value, Object) or value is None:
            self._set_object(index, value)
        elif element == "ref":
            raise convention.not_an_object(f"element {index}", value)
        else:
            self._set_number(index, value, type or ("f64" if isinstance(value, float) else "i64"))

    def _set_number(self, index: int, value: object, type: str) -> None:
        number = value_of(self._api, f"element {index}", value, type)
        check(self._api, self._api.lib.iree_vm_list_set_value(self._pointer, index, number), "call")

    def _set_object(self, index: int, value: Object | None) -> None:
        api = self._api
        variant = api.ffi.new("iree_vm_variant_t*")
        if value is not None:
            check_same_library(api, value)
            variant.ref = value._retained_ref()
            variant.type.value = int(variant.ref.type) & ~7
            for keep in value._keeps:
                self._add_keep(keep)
        status = api.lib.iree_vm_list_set_variant_retain(self._pointer, index, variant)
        api.lib.iree_vm_variant_reset(variant)
        check(api, status, "call")

    def _release_object(self, pointer: Any) -> None:
        self._api.lib.iree_vm_list_release(pointer)

    def _retained_ref(self) -> Any:
        return self._api.lib.iree_vm_list_retain_ref(self._pointer)


Value = int | float | None | Object


def check_same_library(api: Api, value: Handle) -> None:
    if value._api is not api:
        raise invalid("the object belongs to another library")


def value_of(api: Api, where: str, value: object, type: str) -> Any:
    """An `iree_vm_value_t` of the named type; INVALID_ARGUMENT when the value does not fit."""
    if type not in ELEMENT_TYPES or type == "any":
        raise invalid(f"{where}: unknown type {type!r}")
    bits = _VALUE_RANGES.get(type)
    if bits:
        convention.check_number(where, "I", value)
        number: Any = int(value)  # type: ignore[call-overload]
        if not -(2**bits) <= number < 2**bits:
            raise invalid(f"{where}: {number} does not fit {type} ({-(2**bits)} to {2**bits - 1})")
    else:
        convention.check_number(where, "f" if type == "f32" else "F", value)
        number = float(value)  # type: ignore[arg-type]
    result = api.ffi.new("iree_vm_value_t*")
    result.type = ELEMENT_TYPES[type]
    setattr(result, type, number)
    return result


def take_variant(api: Api, variant: Any, keeps: Iterable[Keep] = ()) -> Value:
    """The Python value of a variant whose reference, if any, is taken over."""
    word = int(variant.type.value)
    if word == 0:
        return None
    if word in _VALUE_FIELDS:
        number: int | float = getattr(variant.value, _VALUE_FIELDS[word])
        return number
    return take_ref(api, variant.ref, keeps)


def take_ref(api: Api, ref: Any, keeps: Iterable[Keep] = ()) -> Value:
    """The Python object for a reference, which is taken over."""
    if not ref.type or not ref.ptr:
        return None
    known: Object
    if pointer := api.lib.iree_vm_list_deref(ref):
        known = List(api, pointer)
    elif pointer := api.lib.iree_vm_buffer_deref(ref):
        known = Buffer(api, pointer)
    else:
        known = _other_object(api, ref)
    for keep in keeps:
        known._add_keep(keep)
    return known


def _other_object(api: Api, ref: Any) -> Object:
    """Tensors and fences where the library has them; anything else can only be held."""
    from conformance.vm import fences, tensors

    if tensor := tensors.take(api, ref):
        return tensor
    if api.has("iree_hal_fence_deref") and (pointer := api.lib.iree_hal_fence_deref(ref)):
        return fences.Fence(api, pointer)
    return Ref(api, api.ffi.new("iree_vm_ref_t*", ref))


def create_list(api: Api, allocator: Any, values: Iterable[Value], type: str) -> List:
    word = _REF_ANY if type == "ref" else ELEMENT_TYPES.get(type)
    if word is None:
        raise invalid(f"unknown type of elements {type!r}; there are ref, {', '.join(ELEMENT_TYPES)}")
    out = api.ffi.new("iree_vm_list_t**")
    element = api.ffi.new("iree_vm_type_def_t*", (word,))[0]
    check(api, api.lib.iree_vm_list_create(element, 0, allocator, out), "call")
    created = List(api, out[0])
    try:
        created.extend(values)
    except BaseException:
        created.close()
        raise
    return created


def create_buffer(api: Api, allocator: Any, contents: Any, mutable: bool, alignment: int) -> Buffer:
    """`contents`: a length, or anything with the buffer protocol."""
    data = None if isinstance(contents, int) else memoryview(contents).cast("B")
    length = contents if data is None else data.nbytes
    if length < 0 or alignment < 0:
        raise invalid(f"a buffer of {length} bytes aligned to {alignment}")
    out = api.ffi.new("iree_vm_buffer_t**")
    access = api.lib.IREE_VM_BUFFER_ACCESS_ORIGIN_HOST | (api.lib.IREE_VM_BUFFER_ACCESS_MUTABLE if mutable else 0)
    status = api.lib.iree_vm_buffer_create(access, length, alignment, allocator, out)
    if status:
        raise error_of(api, status, "call")
    buffer = Buffer(api, out[0])
    if data is not None and length:
        api.ffi.memmove(api.lib.iree_vm_buffer_data(out[0]), data, length)
    return buffer
