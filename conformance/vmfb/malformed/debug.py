"""Malformed debug databases: only looked at when a call inside a call fails and a backtrace is made."""

from __future__ import annotations

from functools import partial

from .. import image
from ..assembler import assemble
from ..image import Loc, Location, SourceMap
from ..writer import write
from .case import Section

SECTION = Section("debug")
CRASH = "signal 11"

FAILING = """
vm.module @m version 0
vm.type i32
vm.export @f
vm.func @f() -> () {
^bb0:
  vm.call @m:1()
  vm.return
}
vm.func @g() -> () {
^bb0:
  %i0 = vm.const.i32 9
  vm.fail %i0, "no"
}
"""


def failing(table: list[Location] | None, index: int = 0, functions: bool = True, locations: bool = True) -> bytes:
    """`f` calls `g`, which fails; every pc of both has location `index`."""
    module = assemble(FAILING)
    locs = [Loc(pc, index) for pc in range(32)] if locations else None
    maps = [SourceMap("f", locs), SourceMap("g", locs)] if functions else None
    module.debug = image.Debug(table, maps)
    return write(module)


FILE = Location(image.FILE_LINE_COL, text="f.mlir", line=1, column=2)
LOOPS = {
    "call-site": Location(image.CALL_SITE, callee=0, caller=0),
    "fused": Location(image.FUSED, text="m", locations=[0]),
}
SECTION.call("sound", partial(failing, [FILE]), "FAILED_PRECONDITION")
SECTION.call("index-million", partial(failing, [FILE], 10**6), "FAILED_PRECONDITION", wheel=CRASH, hazard="H11")
for name, location in LOOPS.items():
    SECTION.call(f"{name}-of-itself", partial(failing, [location]), "FAILED_PRECONDITION", wheel=CRASH, hazard="H11")
# A name is printed without looking at what it names; a call site behind it is followed.
SECTION.call("name-of-itself", partial(failing, [Location(image.NAME, text="n", child=0)]), "FAILED_PRECONDITION")
SECTION.call(
    "call-site-of-its-name",
    partial(failing, [Location(image.NAME, text="n", child=1), Location(image.CALL_SITE, callee=1, caller=1)], 1),
    "FAILED_PRECONDITION",
    wheel=CRASH,
    hazard="H11",
)
SECTION.call("no-location-table", partial(failing, None), "FAILED_PRECONDITION", wheel=CRASH, hazard="H11")
for index in (1, -1):
    SECTION.call(f"index-{index}-of-1", partial(failing, [FILE], index), "FAILED_PRECONDITION", hazard="H11")
SECTION.call("none-entry", partial(failing, [Location(0)]), "FAILED_PRECONDITION")
SECTION.call("no-file-name", partial(failing, [Location(image.FILE_LINE_COL, line=1, column=2)]), "FAILED_PRECONDITION")
SECTION.call("no-functions", partial(failing, [FILE], functions=False), "FAILED_PRECONDITION")
SECTION.call("empty-source-maps", partial(failing, [FILE], locations=False), "FAILED_PRECONDITION")
