"""Which functions of a file are tests, and which of them have to fail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from conformance import vmfb

FAILS_BY_NAME = "fail_"
DISABLED_BY_NAME = "DISABLED_"
MARKER = "expect_failure"
_COMMENT = re.compile(r"//[^\n]*")
_FLAGS = re.compile(r"^\s*//\s*compile-flags:\s*(?P<flags>.*?)\s*$", re.M)
# A public function without arguments and results; what is between the parentheses and the body are attributes.
_FUNCTION = re.compile(
    r"^[ \t]*(?:func|util|vm)\.func[ \t]+(?:public[ \t]+)?@(?P<name>[\w.$-]+)[ \t]*\([ \t]*\)"
    r"(?P<attributes>(?:\s*attributes\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})?)\s*\{",
    re.M,
)
_MARKED = re.compile(rf"//[^\n]*\b{MARKER}\b[^\n]*\n\s*$")


@dataclass(frozen=True)
class CheckFunction:
    """One test: an exported function without arguments and results."""

    name: str
    line: int | None = None  # in the source, from 1
    fails: bool = False  # it is expected to

    @property
    def disabled(self) -> bool:
        """Its name says that it is not to be run, as check runners understand names."""
        return self.name.startswith(DISABLED_BY_NAME)


@dataclass(frozen=True)
class CheckFile:
    """A file that follows the convention, or that does not: then it has no functions."""

    functions: tuple[CheckFunction, ...]
    flags: tuple[str, ...] = ()  # for the compiler, from `// compile-flags:` lines


def read(path: Path) -> CheckFile:
    """The tests of a file; none when it has nothing to do with `check`. VmfbError for damaged bytecode."""
    if path.suffix == ".vmfb":
        return of_bytecode(path.read_bytes())
    return of_source(path.read_text(encoding="utf-8"))


def of_source(text: str) -> CheckFile:
    """The tests of MLIR source: public functions `@name()` of the dialects func, util and vm."""
    if not re.search(r"\bcheck\.expect_", _COMMENT.sub("", text)):
        return CheckFile(())
    flags = tuple(flag for match in _FLAGS.finditer(text) for flag in match["flags"].split())
    return CheckFile(tuple(_function(text, match) for match in _FUNCTION.finditer(_blank_comments(text))), flags)


def of_bytecode(data: bytes) -> CheckFile:
    """The tests of a bytecode module: exports of the convention `0v_v`, but for hidden ones."""
    module = vmfb.read(data)
    if not any((used.full_name or "").startswith("check.") for used in module.imports or ()):
        return CheckFile(())
    found = []
    for export in module.exports or ():
        name, signature = export.local_name or "", (module.signatures or [])[export.internal_ordinal]
        if signature.calling_convention == "0v_v" and not name.startswith("__") and "$" not in name:
            marked = any(attribute.key == MARKER for attribute in signature.attrs or ())
            found.append(CheckFunction(name, None, marked or name.startswith(FAILS_BY_NAME)))
    return CheckFile(tuple(found))


def _function(text: str, match: re.Match[str]) -> CheckFunction:
    name, start = match["name"], match.start()
    marked = MARKER in match["attributes"] or _MARKED.search(text[: start + len(match[0]) - len(match[0].lstrip())])
    return CheckFunction(name, text.count("\n", 0, match.start("name")) + 1, bool(marked) or name.startswith("fail_"))


def _blank_comments(text: str) -> str:
    """The same length, so that positions stay."""
    return _COMMENT.sub(lambda match: " " * len(match[0]), text)
