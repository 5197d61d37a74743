"""Valid code that does wrong things when it runs: statuses, buffers, lists, nulls, wrong types."""

from __future__ import annotations

from functools import partial
from typing import Any

from .bases import text
from .case import Section

SECTION = Section("values")
BAD, RANGE, EXHAUSTED = "INVALID_ARGUMENT", "OUT_OF_RANGE", "RESOURCE_EXHAUSTED"
CRASH, ABORT, CORRUPTS = "signal 11", "signal 6", "OK|signal 11|signal 6"
H4: dict[str, Any] = {"hazard": "H4"}
H6: dict[str, Any] = {"hazard": "H6"}
HUGE = 2**62

# Failing with odd codes. A code whose low five bits are 0 is an error of our own.
FAIL = '%i0 = vm.const.i32 {}\nvm.fail %i0, "{}"'
SECTION.call(
    "fail-0-then-block",
    partial(text, FAIL.format(0, "zero") + "\n^bb1:\nvm.return"),
    "INTERNAL",
    wheel="OK",
    hazard="H3",
)
SECTION.call("fail-0-at-the-end", partial(text, FAIL.format(0, "zero")), "INTERNAL", wheel="signal 11", hazard="H3")
SECTION.call("fail-32", partial(text, FAIL.format(32, "zero")), "INTERNAL", wheel="exit 1", hazard="H3")
SECTION.call("fail-17", partial(text, FAIL.format(17, "deferred")), "DEFERRED", wheel="hang", hazard="H2")
for code in (19, 31, -1):
    SECTION.call(f"fail-{code}", partial(text, FAIL.format(code, "nameless")), f"{code & 31}", wheel="exit 1")
SECTION.call("fail-message-with-percent", partial(text, FAIL.format(9, "%s%n%d")), "FAILED_PRECONDITION")
SECTION.call("fail-message-with-nul", partial(text, FAIL.format(9, r"seen\x00unseen")), "FAILED_PRECONDITION")
SECTION.fine("yield", partial(text, "vm.yield ^bb1()\n^bb1:\nvm.return"), wheel="hang", hazard="H2")
SECTION.add("branch-to-itself", partial(text, "vm.br ^bb0()"), "call", "CANCELLED|DEADLINE_EXCEEDED", wheel="hang")

# Making buffers.
ALLOC = "%i0:1 = vm.const.i64 {length}\n%i2 = vm.const.i32 {alignment}\n%r0 = vm.buffer.alloc %i0:1, %i2\nvm.return"


def alloc(length: int, alignment: int = 16) -> bytes:
    return text(ALLOC.format(length=length, alignment=alignment))


for alignment in (3, 24, -1):
    SECTION.call(f"alignment-{alignment}", partial(alloc, 8, alignment), BAD)
SECTION.call("alignment-minimum", partial(alloc, 8, -(2**31)), BAD)
for alignment in (0, 1, 2, 4, 64):
    SECTION.fine(f"alignment-{alignment}", partial(alloc, 8, alignment))
# Eight bytes at such an address take a GiB, which a runtime may refuse.
SECTION.call(f"alignment-{2**30}", partial(alloc, 8, 2**30), "OK|" + EXHAUSTED, wheel="OK")
SECTION.call("alloc-minus-1", partial(alloc, -1), EXHAUSTED + "|OUT_OF_RANGE", wheel="OK", **H6)
SECTION.call("alloc-minus-33", partial(alloc, -33), EXHAUSTED + "|OUT_OF_RANGE", wheel=ABORT, **H6)
SECTION.call("alloc-minus-64", partial(alloc, -64), "OUT_OF_RANGE|RESOURCE_EXHAUSTED")
for length in (-80, -100, 2**40, 2**63 - 1):
    SECTION.call(f"alloc-{length}", partial(alloc, length), EXHAUSTED + "|OUT_OF_RANGE")

# Buffers of 64 bytes in r0 and r1, constant bytes in r2; i8 holds 1, i10:11 and on hold what a case needs.
RODATA = "vm.rodata[0] = 00112233445566778899AABBCCDDEEFF"
BUFFERS = """
%i0:1 = vm.const.i64 64
%i2 = vm.const.i32 16
%i8 = vm.const.i32 1
%r0 = vm.buffer.alloc %i0:1, %i2
%r1 = vm.buffer.alloc %i0:1, %i2
%r2 = vm.const.ref.rodata 0
"""


def buffers(line: str, *numbers: int) -> bytes:
    """One instruction on these buffers; `numbers` are i10:11, i12:13, i14:15."""
    constants = "".join(f"%i{10 + 2 * n}:{11 + 2 * n} = vm.const.i64 {value}\n" for n, value in enumerate(numbers))
    return text(f"{BUFFERS}{constants}{line}\nvm.return", head=RODATA)


CLONE = "%r3 = vm.buffer.clone %r0, %i10:11, %i12:13, %i2"
SECTION.call("clone-65-of-64", partial(buffers, CLONE, 0, 65), RANGE)
SECTION.call("clone-0-at-65", partial(buffers, CLONE, 65, 0), RANGE)
SECTION.fine("clone-0-at-64", partial(buffers, CLONE, 64, 0))
SECTION.call("clone-8-at-minus-8", partial(buffers, CLONE, -8, 8), RANGE, wheel="OK", **H4)
SECTION.call("clone-8-at-minus-4", partial(buffers, CLONE, -4, 8), RANGE, wheel="OK", **H4)
SECTION.call("clone-minus-1-at-1", partial(buffers, CLONE, 1, -1), RANGE, wheel=ABORT, **H4)

COPY = "vm.buffer.copy %r0, %i10:11, %r1, %i12:13, %i14:15"
for name, (numbers, wheel) in {
    "source-minus-1": ((-1, 0, 1), "OK"),
    "source-minus-8": ((-8, 0, 8), "OK"),
    "target-minus-1": ((0, -1, 1), CORRUPTS),
    "target-minus-8": ((0, -8, 8), CORRUPTS),
    "length-minus-8": ((8, 8, -8), ABORT),
    "length-minus-1": ((0, 0, -1), RANGE),
    "source-overrun": ((1, 0, 64), RANGE),
    "target-overrun": ((0, 1, 64), RANGE),
}.items():
    hazard = {} if wheel == RANGE else H4
    SECTION.call(f"copy-{name}", partial(buffers, COPY, *numbers), RANGE, wheel=wheel, **hazard)

# Constant bytes are not for writing: that is said before anything about offsets.
TO_RODATA: dict[str, tuple[str, tuple[int, ...]]] = {
    "copy": ("vm.buffer.copy %r0, %i10:11, %r2, %i12:13, %i14:15", (0, 0, 4)),
    "copy-of-nothing": ("vm.buffer.copy %r0, %i10:11, %r2, %i12:13, %i14:15", (0, 0, 0)),
    "copy-out-of-range": ("vm.buffer.copy %r0, %i10:11, %r2, %i12:13, %i14:15", (0, 1000, 4)),
    "store": ("vm.buffer.store.i8 %i8, %r2, %i10:11", (0,)),
    "store-out-of-range": ("vm.buffer.store.i8 %i8, %r2, %i10:11", (1000,)),
    "fill": ("vm.buffer.fill.i8 %r2, %i10:11, %i12:13, %i8", (0, 4)),
    "fill-of-nothing": ("vm.buffer.fill.i8 %r2, %i10:11, %i12:13, %i8", (0, 0)),
    "fill-out-of-range": ("vm.buffer.fill.i8 %r2, %i10:11, %i12:13, %i8", (1000, 4)),
}
for name, (line, operands) in TO_RODATA.items():
    SECTION.call(f"rodata-{name}", partial(buffers, line, *operands), "PERMISSION_DENIED")
SECTION.call(
    "rodata-copy-source-out-of-range",
    partial(buffers, "vm.buffer.copy %r0, %i10:11, %r2, %i12:13, %i14:15", 1000, 0, 4),
    RANGE,
)

FILL8, FILL32 = (f"vm.buffer.fill.{kind} %r0, %i10:11, %i12:13, %i8" for kind in ("i8", "i32"))
for name, (line, operands, wheel) in {
    "i8-at-minus-1": (FILL8, (-1, 1), CORRUPTS),
    "i8-at-minus-million": (FILL8, (-(10**6), 10**6), CRASH),
    "i32-at-minus-4": (FILL32, (-4, 4), CORRUPTS),
    "i32-huge-length": (FILL32, (0, HUGE), CRASH),
    "i32-huge-length-at-1": (FILL32, (1, HUGE - 1), CRASH),
    "i32-huge-offset": (FILL32, (HUGE, 1), "OK"),
}.items():
    SECTION.call(f"fill-{name}", partial(buffers, line, *operands), RANGE, wheel=wheel, **H4)
LOAD32 = "%i3 = vm.buffer.load.i32 %r0, %i10:11"
for offset in (-1, HUGE - 1, HUGE):
    SECTION.call(f"load-i32-at-{offset}", partial(buffers, LOAD32, offset), RANGE, wheel="OK", **H4)
SECTION.call("load-i32-at-16-of-16", partial(buffers, LOAD32, 16), RANGE)
HASH = "%i4:5 = vm.buffer.hash %r0, %i10:11, %i12:13"
for name, (operands, wheel) in {
    "at-minus-1": ((-1, 1), "OK"),
    "at-minus-million": ((-(10**6), 10**6), CRASH),
    "length-minus-1": ((1, -1), CRASH),
}.items():
    SECTION.call(f"hash-{name}", partial(buffers, HASH, *operands), RANGE, wheel=wheel, **H4)
COMPARE = "%i3 = vm.buffer.compare %r0, %i10:11, %r1, %i12:13, %i14:15"
SECTION.call("compare-at-minus-1", partial(buffers, COMPARE, -1, 0, 1), RANGE, wheel="OK", **H4)

# Lists.
LIST = "%i0 = vm.const.i32 {capacity}\n%i1 = vm.const.i32 {size}\n%r0 = vm.list.alloc %i0 : !vm.list<i32>\n"


def sized_list(line: str, capacity: int = 0, size: int = 0) -> bytes:
    return text(LIST.format(capacity=capacity, size=size) + line + "\nvm.return")


for number in (2**31 - 1, -1):
    huge: dict[str, Any] = {"wheel": "hang", "costly": True, **H6}
    SECTION.call(f"list-capacity-{number}", partial(sized_list, "", capacity=number), EXHAUSTED + "|OK", **huge)
    SECTION.call(
        f"list-reserve-{number}",
        partial(sized_list, "vm.list.reserve %r0, %i1", size=number),
        EXHAUSTED + "|OK",
        **huge,
    )
    SECTION.call(f"list-size-{number}", partial(sized_list, "vm.list.resize %r0, %i1", size=number), EXHAUSTED, **huge)

# A null, and an object of another type, as the operand of every instruction that takes a buffer or a list.
OPERANDS = "%i0:1 = vm.const.i64.zero\n%i2 = vm.const.i32.zero\n%i4:5 = vm.const.i64.zero\n%i6:7 = vm.const.i64.zero\n"
OTHER = {"null": "%r0 = vm.const.ref.zero\n", "list": "%r0 = vm.list.alloc %i2 : !vm.list<i32>\n"}
OTHER["buffer"] = "%r0 = vm.buffer.alloc %i0:1, %i2\n"
GOOD = "%r1 = vm.buffer.alloc %i0:1, %i2\n"
BUFFER_LINES = {
    **{f"load-{k}": f"%i3 = vm.buffer.load.{k} %r0, %i0:1" for k in ("i8.u", "i8.s", "i16.u", "i16.s", "i32", "f32")},
    **{f"load-{k}": f"%i4:5 = vm.buffer.load.{k} %r0, %i0:1" for k in ("i64", "f64")},
    **{f"store-{k}": f"vm.buffer.store.{k} %i2, %r0, %i0:1" for k in ("i8", "i16", "i32", "f32")},
    **{f"store-{k}": f"vm.buffer.store.{k} %i4:5, %r0, %i0:1" for k in ("i64", "f64")},
    **{f"fill-{k}": f"vm.buffer.fill.{k} %r0, %i0:1, %i4:5, %i2" for k in ("i8", "i16", "i32", "f32")},
    **{f"fill-{k}": f"vm.buffer.fill.{k} %r0, %i0:1, %i4:5, %i6:7" for k in ("i64", "f64")},
    "length": "%i4:5 = vm.buffer.length %r0",
    "clone": "%r2 = vm.buffer.clone %r0, %i0:1, %i4:5, %i2",
    "hash": "%i4:5 = vm.buffer.hash %r0, %i0:1, %i4:5",
    "copy-source": "vm.buffer.copy %r0, %i0:1, %r1, %i0:1, %i4:5",
    "copy-target": "vm.buffer.copy %r1, %i0:1, %r0, %i0:1, %i4:5",
    "compare-left": "%i3 = vm.buffer.compare %r0, %i0:1, %r1, %i0:1, %i4:5",
    "compare-right": "%i3 = vm.buffer.compare %r1, %i0:1, %r0, %i0:1, %i4:5",
}
LIST_LINES = {
    "reserve": "vm.list.reserve %r0, %i2",
    "size": "%i3 = vm.list.size %r0",
    "resize": "vm.list.resize %r0, %i2",
    **{f"get-{k}": f"%i3 = vm.list.get.{k} %r0, %i2" for k in ("i32", "f32")},
    **{f"get-{k}": f"%i4:5 = vm.list.get.{k} %r0, %i2" for k in ("i64", "f64")},
    **{f"set-{k}": f"vm.list.set.{k} %r0, %i2, %i2" for k in ("i32", "f32")},
    **{f"set-{k}": f"vm.list.set.{k} %r0, %i2, %i4:5" for k in ("i64", "f64")},
    "get-ref": "%r2 = vm.list.get.ref %r0, %i2 : !vm.buffer",
    "set-ref": "vm.list.set.ref %r0, %i2, %r1",
}
for lines, family, wrong in ((BUFFER_LINES, "buffer", "list"), (LIST_LINES, "list", "buffer")):
    for name, line in lines.items():
        for kind in ("null", wrong):
            SECTION.call(
                f"{kind}-to-{family}-{name}", partial(text, OPERANDS + OTHER[kind] + GOOD + line + "\nvm.return"), BAD
            )

# Ref types that do not match.
MISMATCH = {
    "list-of-another-type": """
        %r0 = vm.list.alloc %i2 : !vm.list<!vm.buffer>
        %i3 = vm.const.i32 1
        vm.list.resize %r0, %i3
        %r1 = vm.list.alloc %i2 : !vm.list<i32>
        vm.list.set.ref %r0, %i2, %r1""",
    "opaque-select": "%r1 = vm.buffer.alloc %i0:1, %i2\n%r2 = vm.select.ref %i2 ? %r1 : %r1 -> !vm.opaque",
    "opaque-switch": "%r1 = vm.buffer.alloc %i0:1, %i2\n%r2 = vm.switch.ref %i2[%r1] else %r1 -> !vm.opaque",
    "opaque-global": "%r1 = vm.buffer.alloc %i0:1, %i2\nvm.global.store.ref %r1, .refs[0] : !vm.opaque",
    "cast-to-another-type": "%r1 = vm.buffer.alloc %i0:1, %i2\n%r2 = vm.cast.any.ref %r1 : !vm.ref<?> -> !vm.list<i32>",
}
for name, body in MISMATCH.items():
    SECTION.call(f"mismatch-{name}", partial(text, OPERANDS + body + "\nvm.return"), BAD)
SECTION.fine(
    "list-get-as-opaque",
    partial(
        text,
        OPERANDS
        + """
        %r0 = vm.list.alloc %i2 : !vm.list<!vm.buffer>
        %i3 = vm.const.i32 1
        vm.list.resize %r0, %i3
        %r1 = vm.buffer.alloc %i0:1, %i2
        vm.list.set.ref %r0, %i2, %r1
        %r2 = vm.list.get.ref %r0, %i2 : !vm.opaque
        %i3 = vm.cmp.nz.ref %r2
        vm.return %i3""",
        "",
        "i32",
    ),
    "i32=0",
)

# Division.
for width, pair, minimum in (("i32", "", -(2**31)), ("i64", ":{}", -(2**63))):
    step = 2 if pair else 1
    registers = [f"%i{n * step}" + pair.format(n * step + 1) for n in range(2)]
    for op in ("div", "rem"):
        for sign in ("s", "u"):
            body = "{0} = vm.const.{k} {a}\n{1} = vm.const.{k} {b}\n{0} = vm.{op}.{k}.{sign} {0}, {1}\nvm.return {0}"
            fields = {"k": width, "op": op, "sign": sign}
            by_zero = body.format(*registers, a=1, b=0, **fields)
            SECTION.call(
                f"{op}-{width}-{sign}-by-0", partial(text, by_zero, "", width), BAD, wheel="signal 8", hazard="H1"
            )
        overflow = body.format(*registers, a=minimum, b=-1, **{**fields, "sign": "s"})
        result = minimum if op == "div" else 0
        SECTION.fine(
            f"{op}-{width}-minimum-by-minus-1",
            partial(text, overflow, "", width),
            f"{width}={result}",
            wheel="signal 8",
            hazard="H1",
        )
