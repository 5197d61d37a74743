"""The C API as Python sees it: compiled against our runtime, or opened in any other library. Nobody else imports the
binding."""

from __future__ import annotations

import functools
import importlib
import os
import sys
from typing import Any


class NotBuiltError(ImportError):
    """The package was imported from a source tree, where the compiled part is not."""

    def __init__(self, cause: ImportError) -> None:
        super().__init__(f"the compiled part of conformance cannot be imported ({cause}); run `pip install .`")


class Api:
    """One library with the C API; `ffi` and `lib` are cffi's."""

    def __init__(self, ffi: Any, lib: Any, path: str | None) -> None:
        self.ffi = ffi
        self.lib = lib
        self.path = path
        self.null = ffi.NULL

    def has(self, name: str) -> bool:
        """Whether the library has a function; those named `vmrt_…` are only in ours."""
        return hasattr(self.lib, name)

    def text(self, view: Any) -> str:
        """A string view as text; what is not UTF-8 is shown, not refused."""
        return self.content(view).decode("utf-8", "replace")

    def content(self, view: Any) -> bytes:
        return bytes(self.ffi.buffer(view.data, view.size)) if view.size else b""

    def view(self, data: bytes) -> tuple[Any, Any]:
        """A string view and the memory behind it, which the caller keeps as long as the view is used."""
        memory = self.ffi.from_buffer("char[]", data)
        return self.ffi.new("iree_string_view_t*", (memory, len(data)))[0], memory

    @functools.cached_property
    def system_allocator(self) -> Any:
        """The malloc family, through the library."""
        ctl = self.ffi.addressof(self.lib, "iree_allocator_libc_ctl")
        return self.ffi.new("iree_allocator_t*", (self.null, ctl))[0]


@functools.cache
def own() -> Api:
    """Our runtime, as it was built with this package."""
    try:
        _let_windows_find_the_library()
        binding = importlib.import_module("conformance._native._vmrt")
    except ImportError as error:
        raise NotBuiltError(error) from error
    return Api(binding.ffi, binding.lib, None)


def opened(path: str | os.PathLike[str]) -> Api:
    """Another library with the same API. OSError when it cannot be loaded."""
    return _opened(os.path.abspath(os.fspath(path)))


@functools.cache
def _opened(path: str) -> Api:
    try:
        binding = importlib.import_module("conformance._native._vmrt_abi")
    except ImportError as error:
        raise NotBuiltError(error) from error
    return Api(binding.ffi, binding.ffi.dlopen(path), path)


def _let_windows_find_the_library() -> None:
    if sys.platform == "win32":
        os.add_dll_directory(os.path.join(os.path.dirname(__file__), "_native"))
