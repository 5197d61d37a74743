"""What each native fixture does on the released runtime: results, statuses and crashes recorded in facts/vm-abi.md."""

from __future__ import annotations

import signal
import subprocess

import pytest

RESULTS = [
    (("math@create?bias=5", "app.vmfb"), "main", (3, 4), ["i32=144"]),
    (("minimal@?bias=7",), "mul", (3, 4), ["i32=19"]),
    (("minimal", "uses_minimal.vmfb"), "main", (3, 4), ["i32=28"]),
    (("params@?a=12&b&c=&=d",), "count", (), ["i32=4"]),
    (("params@?a=12&b&c=&=d",), "value", (0,), ["i32=12"]),
    (("params@?a=12&b&c=&=d",), "length", (1,), ["i32=-1"]),
    (("params@?a=12&b&c=&=d",), "length", (2,), ["i32=0"]),
    (("params@?a=12&b&c=&=d",), "key_length", (3,), ["i32=0"]),
    (("params@?a=1=2",), "value_byte", (0, 1), [f"i32={ord('=')}"]),
    (("params",), "count", (), ["i32=0"]),
    (("state", "uses_state.vmfb"), "add_twice", (5,), ["i32=10"]),
    (("state",), "bump", (5,), ["i32=5"]),
    (("pair@create_first", "pair@create_second", "pair.vmfb"), "", (), ["i32=1", "i32=2"]),
    (("pair@create_first", "pair@create_second"), "calls", (), ["i32=1"]),
    (("minimal", "importer"), "twice_add", (3, 4), ["i32=14"]),
    (("minimal", "importer"), "has_optional", (), ["i32=0"]),
    (("state", "minimal", "importer"), "has_optional", (), ["i32=1"]),
    (("state", "minimal", "importer"), "call_optional", (), ["i32=0"]),
    (("minimal", "imports"), "call", (3, 4), ["i32=7"]),
    (("minimal", "imports@?cconv="), "resolved", (), ["i32=1"]),
    (("imports@?import=nobody.add&optional=1",), "resolved", (), ["i32=0"]),
    (("model.vmfb", "trainer"), "train", (2,), ["f32=0.5625"]),
    (("model.vmfb", "trainer@?rate=500"), "train", (1,), ["f32=0"]),
    (("provider.vmfb", "calls_bytecode"), "add_scaled", (2, 3), ["i32=15"]),
    (("provider.vmfb", "calls_bytecode"), "swallow", (2,), ["i32=15"]),
    (("twice.vmfb", "callbacks", "uses_callbacks.vmfb"), "main", (3, 4), ["i32=48"]),
    (("lifecycle", "uses_lifecycle.vmfb"), "main", (), ["i32=1"]),
    (("lifecycle@?fail=deinit",), "ping", (), ["i32=1"]),
    (("null_state",), "add", (1, 2), ["i32=3"]),
    (("no_default@make",), "answer", (), ["i32=42"]),
    (("two_refs",), "answer", (), ["i32=42"]),
    (("buffers", "uses_buffers.vmfb"), "sum_of_rodata", (), ["i64=256"]),
    (("buffers", "uses_buffers.vmfb"), "fill", (10, 7), ["i32=7", "i64=70"]),
    (("buffers", "uses_buffers.vmfb"), "make", (5,), ["i64=5", "i64=10"]),
    (("buffers", "keeps_buffers.vmfb"), "keep_constant", (), ["i64=256"]),
    (("buffers", "keeps_buffers.vmfb"), "keep_written", (9,), ["i64=72"]),
    (("buffers", "keeps_buffers.vmfb"), "keep_and_drop", (), ["i64=-1"]),
    (("buffers", "keeps_buffers.vmfb"), "same", (), ["i32=1"]),
    (("opaque_type", "uses_opaque_type.vmfb"), "round_trip", (5,), ["i32=5"]),
    (("variadic", "uses_variadic.vmfb"), "sum_three", (1, 2), ["i32=63"]),
    (("variadic", "uses_variadic.vmfb"), "long_short_two", (1,), ["i64=111"]),
    (("variadic", "uses_variadic.vmfb"), "sandwich_two", (1,), ["i64=211"]),
    (("variadic", "uses_variadic.vmfb"), "first_empty", (1,), ["i64=31"]),
    (("mixed",), "spread", (6,), ["i32=6", "i64=25769803782", "f32=3", "f64=1.5", "i32=-6"]),
    (("deps@?dep=nobody&flags=2",), "", (), ["i32=42"]),
    (("deps@?dep=nobody&swallow=1",), "", (), ["i32=42"]),
    (("version@?name=base&version=3", "deps@?dep=base&min=3"), "", (), ["i32=42"]),
    (("version@?version=9",), "version", (), ["i32=9"]),
    (("bench",), "add", (1, 2), ["i32=3"]),
    (("attrs",), "f", (3,), ["i32=3"]),
    (("identity",), "is_wrapped", (), ["i32=1"]),
    (("identity", "identity"), "same_instance", (), ["i32=1"]),
    (("identity",), "same_allocator", (), ["i32=1"]),
    (("identity",), "linkage", (), ["i32=2"]),
    (("allocator",), "request", (0, 0), ["i32=3"]),
    (("allocator",), "request", (2, 0), ["i32=3"]),
    (("allocator",), "request", (0, 0x7FFFFFFFFFFFFFFF), ["i32=8"]),
    (("allocator",), "request", (4, 1), ["i32=12"]),
    (("allocator",), "frees", (), ["i32=1"]),
    (("allocator",), "alignment", (), ["i32=16"]),
    (("allocator",), "contents", (), ["i32=1"]),
    (("many_values@?count=2",), "sum", (40, 2), ["i64=42"]),
    (("newer@?needs=1",), "", (), ["i32=42"]),
    (("undefined",), "answer", (), ["i32=42"]),
    (("bad_cconv@?cconv=0_r",), "f", (), ["(null)"]),
    (("statuses",), "ok_with_storage", (), []),
    (("segfault",), "__init", (), []),
    (("closes_stdout",), "run", (1,), []),
]

STATUSES = [
    (("minimal",), "boom", (), "UNAVAILABLE", "minimal.boom always fails"),
    (("minimal@?bias=much",), "add", (1, 2), "INVALID_ARGUMENT", "parameter `bias`: `much`"),
    (("params@?a",), "length", (1,), "OUT_OF_RANGE", "parameter 1 of 1"),
    (("minimal", "importer"), "call_optional", (), "NOT_FOUND", "state.get"),
    (("minimal", "imports@?cconv=0i_i"), "call", (), "INTERNAL", "expected 0i_i but got 0ii_i"),
    (("minimal", "imports@?cconv=0i_i&optional=1"), "call", (), "INTERNAL", "signature mismatch"),
    (("minimal", "imports@?import=add&optional=1"), "call", (), "INVALID_ARGUMENT", "not fully-qualified"),
    (("imports@?name=self&import=self.call",), "call", (), "NOT_FOUND", "self"),
    (("provider.vmfb", "calls_bytecode"), "propagate", (2,), "DATA_LOSS", "provider gave up"),
    (("twice.vmfb", "callbacks", "uses_callbacks.vmfb"), "main", (-1, 1), "OUT_OF_RANGE", "negative number"),
    (("lifecycle@?fail=create&code=10&message=here",), "ping", (), "ABORTED", "here"),
    (("lifecycle@?fail=deps&code=10&message=here",), "ping", (), "ABORTED", "here"),
    (("lifecycle@?fail=lookup&code=10&message=here",), "ping", (), "ABORTED", "here"),
    (("lifecycle@?fail=call&code=10&message=here",), "ping", (), "ABORTED", "here"),
    (("lifecycle@?nonsense=1",), "ping", (), "INVALID_ARGUMENT", "there is no parameter `nonsense`"),
    (("fail_create@?code=7&storage=bare",), "", (), "PERMISSION_DENIED", ""),
    (("fail_create@?code=7&message=no",), "", (), "PERMISSION_DENIED", "; no; "),
    (("fail_create@?code=7&storage=payload",), "", (), "PERMISSION_DENIED", "text of the payload"),
    (("no_default",), "", (), "NOT_FOUND", "iree_vm_dynamic_module_create"),
    (("null_slot@?slot=nonsense",), "add", (), "INVALID_ARGUMENT", "nonsense"),
    (("buffers", "uses_buffers.vmfb"), "fill_rodata", (), "PERMISSION_DENIED", "constant"),
    (("buffers",), "make", (1,), "FAILED_PRECONDITION", "type is not known"),
    (("opaque_type", "uses_opaque_type.vmfb"), "another_type", (), "INVALID_ARGUMENT", "opaque_type.thing"),
    (("deferred",), "answer", (), "FAILED_PRECONDITION", "unbalanced stack"),
    (("deps@?dep=nobody",), "", (), "NOT_FOUND", "nobody"),
    (("deps@?dep=nobody&flags=0",), "", (), "NOT_FOUND", "nobody"),
    (("version@?name=base&version=3", "deps@?dep=base&min=4"), "", (), "NOT_FOUND", "have 3 but require 4"),
    (("newer",), "", (), "INCOMPATIBLE", "needs version 2"),
    (("attrs",), "f", (0,), "INVALID_ARGUMENT", "`sync func @f(%x: i32) -> i32`"),
    (("attrs",), "g", (0,), "INVALID_ARGUMENT", "no zero"),
    (("bad_counts@?exports=3",), "", (), "OUT_OF_RANGE", "no function 1 of linkage 2"),
    (("bad_counts@?imports=1000000000000",), "answer", (), "OUT_OF_RANGE", "no function 0 of linkage 1"),
    (("bad_cconv@?cconv=1i_i",), "f", (1,), "UNIMPLEMENTED", "unsupported cconv version"),
    (("bad_cconv@?cconv=0q_v",), "f", (), "UNIMPLEMENTED", "'q'"),
    (("bad_cconv@?cconv=0_CiD",), "f", (), "INVALID_ARGUMENT", "variadic"),
    (("bad_lookup@?lie=ordinal",), "answer", (), "INVALID_ARGUMENT", "no export 4711"),
    (("bad_refs",), "result_and_fail", ("(null)",), "ABORTED", "reference in the results"),
    (("statuses",), "percent", (3,), "INVALID_ARGUMENT", "100 %s and %n of %d"),
    (("statuses",), "borrowed_message", (15,), "DATA_LOSS", "; message in the library; "),
    (("statuses",), "payload", (15,), "DATA_LOSS", "message; first payload; second payload"),
]


def _ids(row: object) -> str | None:
    return " ".join(row) if isinstance(row, tuple) and row and isinstance(row[0], str) else None


@pytest.mark.parametrize(("modules", "function", "inputs", "results"), RESULTS, ids=_ids)
def test_gives_results(wheel, modules, function, inputs, results):
    ran = wheel.run(*modules, function=function, inputs=inputs)
    assert (ran.exit, ran.results) == (0, results), ran.stderr


@pytest.mark.parametrize(("modules", "function", "inputs", "status", "message"), STATUSES, ids=_ids)
def test_fails_with_status(wheel, modules, function, inputs, status, message):
    ran = wheel.run(*modules, function=function, inputs=inputs)
    assert (ran.exit, ran.status) == (1, status), ran.stderr
    assert message in ran.stderr


@pytest.mark.parametrize("code", range(1, 32))
def test_returns_every_bare_code(wheel, code):
    names = {3: "INVALID_ARGUMENT", 5: "NOT_FOUND", 14: "UNAVAILABLE", 18: "INCOMPATIBLE"}
    ran = wheel.run("statuses", function="bare", inputs=(code,))
    assert ran.exit == 1
    assert ran.status == ("" if code > 18 else names.get(code, ran.status)), ran.stderr


def test_a_payload_is_formatted_twice_and_a_silent_one_never(wheel):
    ran = wheel.run("statuses", function="payload", inputs=(15,))
    assert [len(ran.named(f"format.{what}")) for what in ("measure", "write")] == [2, 2]
    ran = wheel.run("statuses", function="silent_payload", inputs=(15,))
    assert "never printed" not in ran.stderr
    assert ran.status == "DATA_LOSS"


def test_a_long_message_is_written_in_full(wheel):
    """The wheel cuts at 10,000 bytes; what the fixture wrote begins with 9,999 of them."""
    assert "x" * 9999 in wheel.run("statuses", function="long_message", inputs=(3,)).stderr


@pytest.mark.parametrize("stage", ["create", "alloc", "init", "call", "destroy", "dtor"])
@pytest.mark.parametrize(
    ("fixture", "ending"), [("segfault", -signal.SIGSEGV), ("aborts", -signal.SIGABRT), ("exits", 0)]
)
def test_does_the_terrible_thing_at_its_stage(wheel, fixture, ending, stage):
    ran = wheel.run(f"{fixture}@?at={stage}", function="run", inputs=(1,))
    assert ran.exit == ending
    fault = ran.named("fault")[-1]
    assert fault["at"] == stage
    reached = ["i32=2"] if stage in ("destroy", "dtor") else []
    assert ran.results == reached


@pytest.mark.parametrize(("fixture", "ending"), [("segfault_ctor", -signal.SIGSEGV), ("exits_ctor", 0)])
def test_does_the_terrible_thing_in_the_constructor(wheel, fixture, ending):
    ran = wheel.run(fixture, function="run", inputs=(1,))
    assert ran.exit == ending
    assert [event["at"] for event in ran.named("fault")] == ["ctor"]
    assert ran.named("create") == []


@pytest.mark.parametrize("module", ["loops", "loops_ctor"])
def test_never_comes_back(wheel, module):
    with pytest.raises(subprocess.TimeoutExpired):
        wheel.run(module, function="run", inputs=(1,), timeout=2)


NEEDED = [
    "destroy",
    "signature",
    "lookup_function",
    "get_function",
    "alloc_state",
    "free_state",
    "begin_call",
    "enumerate_dependencies",
]
CRASHES = [
    (("refuse",), "", -signal.SIGSEGV),
    (("data_export",), "", -signal.SIGSEGV),
    (("statuses",), "static_storage", -signal.SIGABRT),
    (("null_slot@?slot=name", "deps@?dep=another&flags=2"), "answer", -signal.SIGSEGV),
    *((("null_slot@?slot=" + slot,), "add", -signal.SIGSEGV) for slot in NEEDED),
]


@pytest.mark.parametrize(("modules", "function", "ending"), CRASHES, ids=_ids)
def test_crashes_the_released_runtime(wheel, modules, function, ending):
    inputs = {"add": (1, 2), "static_storage": (3,)}.get(function, ())
    assert wheel.run(*modules, function=function, inputs=inputs).exit == ending


OPTIONAL = ["get_module_attr", "get_function_attr", "resolve_source_location", "fork_state"]


@pytest.mark.parametrize("slot", [*OPTIONAL, "resolve_import", "notify", "resume_call"])
def test_lacks_a_slot_that_is_not_needed(wheel, slot):
    ran = wheel.run(f"null_slot@?slot={slot}", function="add", inputs=(1, 2))
    assert (ran.exit, ran.results) == (0, ["i32=3"])


def test_two_references_mean_no_destroy_and_an_unload(wheel):
    ran = wheel.run("two_refs")
    assert ran.named("destroy") == []
    assert len(ran.named("lib.dtor")) == 1


def test_an_undefined_function_is_found_when_called(wheel):
    ran = wheel.run("undefined", function="run")
    assert ran.exit == 127
    assert "vm_conformance_nobody_defines_this" in ran.stderr


def test_export_names_are_cut_by_the_released_runtime(wheel):
    assert wheel.run("long_export@" + "a" * 255).results == ["i32=255"]
    assert wheel.run("long_export@" + "a" * 256).results == ["i32=255"]


def test_texts_of_dangling_turn_into_hashes(wheel):
    """The wheel prints the name that it was lent before another callback."""
    assert "EXEC @###\n" in wheel.run("minimal", "dangling", function="add", inputs=(1, 2)).stdout


DUMPS = [
    (("mixed",), "mix", (0x11111111, 0x2222222233333333, 0x44444444, 1.0, 2.0, 0x55555555), 40,
     "11111111 0 33333333 22222222 44444444 3f800000 0 40000000 55555555 0"),
    (("variadic", "uses_variadic.vmfb"), "sum_none", (1, 2), 12, "1 0 2"),
    (("variadic", "uses_variadic.vmfb"), "sum_three", (1, 2), 24, "1 3 a 14 1e 2"),
    (("variadic", "uses_variadic.vmfb"), "long_short_two", (1,), 40, "1 2 a 0 1e 0 14 0 31 1"),
    (("variadic", "uses_variadic.vmfb"), "two_spans", (1,), 32, "1 a 1 0 32 0 1 0"),
]  # fmt: skip


@pytest.mark.parametrize(("modules", "function", "inputs", "size", "words"), DUMPS, ids=_ids)
def test_packed_arguments_are_those_of_the_sheet(wheel, modules, function, inputs, size, words):
    (dump,) = wheel.run(*modules, function=function, inputs=inputs).named("bytes")
    assert (dump["size"], dump["words"]) == (size, words)


def test_an_object_of_a_library_type_is_destroyed_once(wheel):
    ran = wheel.run("opaque_type", "uses_opaque_type.vmfb", function="round_trip", inputs=(5,))
    assert [event["value"] for event in ran.named("thing.destroy")] == [5]


def test_parameters_reach_the_trace_byte_by_byte(wheel):
    (create,) = wheel.run('params@?a=b=c&flag&k=&=v&&q="\\\n\x01é&', function="count").named("create")
    pairs = [["a", "b=c"], ["flag", None], ["k", ""], ["", "v"], ["", None], ["q", '"\\\n\x01Ã©']]
    assert (create["max_version"], create["params"], create["code"]) == (1, pairs, 0)


def test_every_event_is_numbered_and_on_the_main_thread(wheel):
    ran = wheel.run("minimal", "importer", function="twice_add", inputs=(1, 2))
    for library in ("minimal", "importer"):
        own = [event for event in ran.events if event["lib"] == library]
        assert [event["seq"] for event in own] == list(range(len(own)))
    assert {event["tid"] for event in ran.events} == {event["pid"] for event in ran.events}
    assert len({event["pid"] for event in ran.events}) == 1
