"""The order of callbacks that the released runtime shows, recorded in facts/vm-abi.md 7.7, seen by our fixtures."""

from __future__ import annotations

from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Sequence:
    """One recorded sequence: what was loaded and called, how it ended, the events."""

    id: str
    modules: tuple[str, ...]
    events: str
    exit: int = 0
    function: str = ""
    inputs: tuple[object, ...] = ()


def lifecycle(name: str, **params: object) -> str:
    extra = "".join(f"&{key}={value}" for key, value in params.items())
    return f"lifecycle@?name={name}{extra}"


A_LIVES = """A.alloc A.deps A.sig A.look(X? __init) A.call(__init)"""
A_ENDS = """A.look(X? __deinit) A.call(__deinit)"""
PROVIDER_LIVES = "prov.alloc prov.deps prov.sig prov.look(X? __init) prov.call(__init)"
PROVIDER_ENDS = "prov.look(X? __deinit) prov.call(__deinit)"

SEQUENCES = [
    Sequence(
        "native and bytecode importing from it",
        ("math@?bias=5", "app.vmfb"),
        """lib.ctor create math.deps math.alloc math.deps math.sig math.look(X? __init)=none math.sig
        math.look(X add 0ii_i) math.get(X0 s) math.look(X scale 0i_i) math.get(X1 s) math.call(add) math.call(scale)
        math.look(X? __deinit)=none math.free math.destroy lib.dtor""",
        inputs=(3, 4),
    ),
    Sequence(
        "two natives from one library, the second imports from the first",
        (lifecycle("prov"), lifecycle("cons", **{"import": "prov.add"})),
        f"""lib.ctor create create prov.deps cons.deps {PROVIDER_LIVES} cons.alloc cons.deps cons.sig cons.get(I0 fns)
        prov.look(X add 0ii_i) prov.get(X4 s) cons.resolve(0 prov.add) cons.look(X? __init) cons.call(__init)
        cons.look(X call_import) cons.get(X5 n) cons.get(X5 s) cons.attr(X5 #0) cons.get(X5 s) cons.call(call_import)
        prov.call(add) cons.look(X? __deinit) cons.call(__deinit) {PROVIDER_ENDS} cons.free prov.free cons.destroy
        prov.destroy lib.dtor""",
        function="call_import",
    ),
    Sequence(
        "two libraries",
        ("minimal", "importer"),
        """lib.ctor create lib.ctor create minimal.deps importer.deps minimal.alloc minimal.deps minimal.sig
        minimal.look(X? __init)=none importer.alloc importer.deps importer.sig importer.get(I0 fns)
        minimal.look(X add 0ii_i) minimal.get(X0 s) importer.resolve(0 minimal.add) importer.get(I1 fns)
        importer.look(X? __init)=none importer.look(X twice_add) importer.get(X0 n) importer.get(X0 s)
        importer.attr(X0 #0) importer.get(X0 s) importer.call(twice_add) minimal.call(add) minimal.call(add)
        importer.look(X? __deinit)=none minimal.look(X? __deinit)=none importer.free minimal.free importer.destroy
        lib.dtor minimal.destroy lib.dtor""",
        function="twice_add",
        inputs=(3, 4),
    ),
    Sequence(
        "one library, two exports, bytecode",
        ("pair@create_first", "pair@create_second", "pair.vmfb"),
        """lib.ctor create create first.deps second.deps first.alloc first.deps first.sig first.look(X? __init)=none
        second.alloc second.deps second.sig second.look(X? __init)=none second.sig first.sig first.look(X value 0v_i)
        first.get(X0 s) second.look(X value 0v_i) second.get(X0 s) first.call(value) second.call(value)
        second.look(X? __deinit)=none first.look(X? __deinit)=none second.free first.free second.destroy first.destroy
        lib.dtor""",
    ),
    Sequence(
        "native main importing from bytecode",
        ("twice.vmfb", "callbacks"),
        """lib.ctor create callbacks.deps callbacks.alloc callbacks.deps callbacks.sig callbacks.get(I0 fns)
        callbacks.resolve(0 twice.twice) callbacks.look(X? __init)=none callbacks.look(X apply) callbacks.get(X0 n)
        callbacks.get(X0 s) callbacks.attr(X0 #0) callbacks.get(X0 s) callbacks.call(apply)
        callbacks.look(X? __deinit)=none callbacks.free callbacks.destroy lib.dtor""",
        function="apply",
        inputs=(3, 4),
    ),
    Sequence(
        "same name twice, the last one is linked",
        ("version@?name=math&version=1", "math@?bias=5", "app.vmfb"),
        """lib.ctor create lib.ctor create math.deps math.deps math.alloc math.deps math.sig math.look(X? __init)=none
        math.alloc math.deps math.sig math.look(X? __init)=none math.sig math.look(X add 0ii_i) math.get(X0 s)
        math.look(X scale 0i_i) math.get(X1 s) math.call(add) math.call(scale) math.look(X? __deinit)=none
        math.look(X? __deinit)=none math.free math.free math.destroy lib.dtor math.destroy lib.dtor""",
        inputs=(3, 4),
    ),
    Sequence(
        "required import missing in its module: __deinit runs without __init",
        (lifecycle("prov"), lifecycle("cons", **{"import": "prov.nope"})),
        f"""lib.ctor create create prov.deps cons.deps {PROVIDER_LIVES} cons.alloc cons.deps cons.sig cons.get(I0 fns)
        prov.look(X nope 0ii_i)=none cons.look(X? __deinit) cons.call(__deinit) {PROVIDER_ENDS} cons.free prov.free
        prov.destroy cons.destroy lib.dtor""",
        exit=1,
        function="call_import",
    ),
    Sequence(
        "import of a module that is missing",
        (lifecycle("prov"), lifecycle("cons", **{"import": "nobody.add"})),
        f"""lib.ctor create create prov.deps cons.deps {PROVIDER_LIVES} cons.alloc cons.deps cons.sig cons.get(I0 fns)
        cons.look(X? __deinit) cons.call(__deinit) {PROVIDER_ENDS} cons.free prov.free prov.destroy cons.destroy
        lib.dtor""",
        exit=1,
        function="call_import",
    ),
    Sequence(
        "dependency that nobody has",
        ("minimal", "deps@?dep=nobody"),
        """lib.ctor create lib.ctor create minimal.deps deps.deps minimal.destroy lib.dtor deps.destroy lib.dtor""",
        exit=1,
    ),
    Sequence(
        "provider listed after its user",
        ("app.vmfb", "math"),
        "lib.ctor create math.destroy lib.dtor",
        exit=1,
        function="add",
    ),
    Sequence(
        "signature mismatch",
        ("version@?name=math", "version@?name=provider&version=3", "imports@?import=math.add&cconv=0i_i"),
        """lib.ctor create create lib.ctor create math.deps provider.deps imports.deps math.alloc math.deps math.sig
        math.look(X? __init)=none provider.alloc provider.deps provider.sig provider.look(X? __init)=none
        imports.alloc imports.deps imports.sig imports.get(I0 fns) math.look(X add 0i_i) math.get(X0 s)
        imports.look(X? __deinit)=none provider.look(X? __deinit)=none math.look(X? __deinit)=none imports.free
        provider.free math.free math.destroy provider.destroy lib.dtor imports.destroy lib.dtor""",
        exit=1,
        function="call",
    ),
    Sequence(
        "__init fails in the second module",
        (lifecycle("A"), lifecycle("B", fail="init")),
        f"""lib.ctor create create A.deps B.deps {A_LIVES} B.alloc B.deps B.sig B.look(X? __init) B.call(__init)
        B.look(X? __deinit) B.call(__deinit) {A_ENDS} B.free A.free A.destroy B.destroy lib.dtor""",
        exit=1,
        function="ping",
    ),
    Sequence(
        "alloc_state fails in the second module",
        (lifecycle("A"), lifecycle("B", fail="alloc")),
        f"lib.ctor create create A.deps B.deps {A_LIVES} B.alloc!FAIL {A_ENDS} A.free A.destroy B.destroy lib.dtor",
        exit=1,
        function="ping",
    ),
    Sequence(
        "resolve_import fails in the second module",
        (lifecycle("A"), lifecycle("B", fail="resolve", **{"import": "A.add"})),
        f"""lib.ctor create create A.deps B.deps {A_LIVES} B.alloc B.deps B.sig B.get(I0 fns) A.look(X add 0ii_i)
        A.get(X4 s) B.resolve(0 A.add) B.look(X? __deinit) B.call(__deinit) {A_ENDS} B.free A.free A.destroy B.destroy
        lib.dtor""",
        exit=1,
        function="ping",
    ),
    Sequence(
        "the call fails",
        ("minimal",),
        """lib.ctor create minimal.deps minimal.alloc minimal.deps minimal.sig minimal.look(X? __init)=none
        minimal.look(X boom) minimal.get(X2 n) minimal.get(X2 s) minimal.attr(X2 #0) minimal.get(X2 s)
        minimal.call(boom) minimal.attr(X2 #0) minimal.look(X? __deinit)=none minimal.free minimal.destroy lib.dtor""",
        exit=1,
        function="boom",
    ),
    Sequence(
        "state is NULL: no free, no __deinit",
        ("null_state",),
        """lib.ctor create null_state.deps null_state.alloc(NULL) null_state.deps null_state.sig
        null_state.look(X? __init) null_state.call(__init) null_state.look(X add) null_state.get(X0 n)
        null_state.get(X0 s) null_state.attr(X0 #0) null_state.get(X0 s) null_state.call(add) null_state.destroy
        lib.dtor""",
        function="add",
        inputs=(1, 2),
    ),
    Sequence(
        "function not found",
        (lifecycle("A"),),
        f"lib.ctor create A.deps {A_LIVES} A.look(X zz)=none {A_ENDS} A.free A.destroy lib.dtor",
        exit=1,
        function="zz",
    ),
    Sequence(
        "wrong number of inputs",
        (lifecycle("A"),),
        f"""lib.ctor create A.deps {A_LIVES} A.look(X add) A.get(X4 n) A.get(X4 s) A.attr(X4 #0) A.get(X4 s)
        A.attr(X4 #0) {A_ENDS} A.free A.destroy lib.dtor""",
        exit=1,
        function="add",
        inputs=(1,),
    ),
    Sequence("the entry point fails", ("fail_create",), "lib.ctor create lib.dtor", exit=1),
    Sequence("the export is missing", ("no_default",), "lib.ctor lib.dtor", exit=1),
    Sequence(
        "a failing create that sets its module",
        ("fail_create@?module=1",),
        "lib.ctor create fail_create.destroy lib.dtor",
        exit=1,
    ),
    Sequence(
        "the second library does not exist",
        ("minimal", "no_default"),
        "lib.ctor create lib.ctor lib.dtor lib.dtor",
        exit=1,
    ),
]


@pytest.mark.parametrize("sequence", SEQUENCES, ids=lambda sequence: sequence.id)
def test_events_are_those_of_the_sheet(wheel, sequence):
    ran = wheel.run(*sequence.modules, function=sequence.function, inputs=sequence.inputs)
    assert ran.sequence == _words(sequence.events), ran.stderr
    assert ran.exit == sequence.exit


def _words(text: str) -> list[str]:
    """The events of a sequence: words, those in parentheses kept together."""
    words: list[str] = []
    for word in text.split():
        if words and words[-1].count("(") > words[-1].count(")"):
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words
