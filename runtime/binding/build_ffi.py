# SPDX-License-Identifier: Apache-2.0
"""Writes the sources of the Python binding from the marked parts of the public headers.

build_ffi.py INCLUDE_FOLDER OUTPUT_FOLDER writes `_vmrt.c`, an extension compiled against libvmrt, and `_vmrt_abi.py`,
the same declarations for opening any other library with this API.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import cffi

# In the order in which they need each other. A header that is not listed but has marks stops the build.
HEADERS = (
    "iree/base/api.h",
    "iree/vm/ref.h",
    "iree/vm/value.h",
    "iree/vm/list.h",
    "iree/vm/buffer.h",
    "iree/vm/instance.h",
    "iree/vm/module.h",
    "iree/vm/context.h",
    "iree/vm/invocation.h",
    "iree/vm/bytecode/module.h",
    "iree/vm/dynamic/module.h",
    "iree/tooling/context_util.h",
    "iree/hal/buffer.h",
    "iree/hal/allocator.h",
    "iree/hal/buffer_view.h",
    "iree/hal/semaphore.h",
    "iree/hal/device.h",
    "iree/hal/driver.h",
    "iree/modules/hal/types.h",
    "iree/modules/hal/module.h",
    "iree/io/file_handle.h",
    "iree/io/parameter_index.h",
    "iree/io/parameter_archive.h",
    "iree/io/parameter_provider.h",
    "iree/modules/io/parameters/module.h",
    "vmrt/hal.h",
    "vmrt/call.h",
    "vmrt/probe.h",
    "vmrt/stage.h",
)
MARKED = re.compile(r"/\* cdef: begin \*/(.*?)/\* cdef: end \*/", re.S)
DECORATIONS = re.compile(r"\b(IREE_API_EXPORT|IREE_MUST_USE_RESULT)\b")


def cdef(include: Path) -> str:
    """The declarations that the headers mark as plain enough for cffi; the compiler checks them against the rest."""
    marked = {path.relative_to(include).as_posix() for path in include.rglob("*.h") if MARKED.search(path.read_text())}
    if forgotten := marked - set(HEADERS):
        raise SystemExit(f"headers with cdef marks that build_ffi.py does not list: {', '.join(sorted(forgotten))}")
    parts = [part for name in HEADERS for part in MARKED.findall((include / name).read_text(encoding="utf-8"))]
    return DECORATIONS.sub("", "\n".join(parts))


def write(include: Path, output: Path) -> None:
    """Both forms of the binding; files that would not change are left alone."""
    declarations = cdef(include)
    source = "\n".join(f'#include "{name}"' for name in HEADERS)
    compiled, opened = cffi.FFI(), cffi.FFI()
    compiled.cdef(declarations)
    compiled.set_source("conformance._native._vmrt", source)
    compiled.emit_c_code(str(output / "_vmrt.c"))
    opened.cdef(declarations)
    opened.set_source("conformance._native._vmrt_abi", None)
    opened.emit_python_code(str(output / "_vmrt_abi.py"))


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
