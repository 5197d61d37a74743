"""vm-run-module with devices and tensors: arguments, results, files, expectations, listings, teardown."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Ran, Tool

np = pytest.importorskip("numpy")

Flag = Callable[[str], str]
DEVICES = ("local-sync", "local-task")
SAME = "--function=same"
ADD = ("--function=add", "--input=4xf32=1,2,3,4", "--input=4xf32=10")


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    """The flag of each local device."""
    return f"--device={request.param}"


def printed(ran: Ran) -> str:
    """The only tensor of a successful run."""
    assert ran.exit == 0, ran.stderr
    head, _, text = ran.stdout.partition("result[0]: hal.buffer_view\n")
    assert head.startswith("EXEC @") and text
    return text.removesuffix("\n")


def refused(ran: Ran, code: str, *parts: str) -> None:
    """Exit 1 with this code and words that help."""
    assert (ran.exit, ran.code) == (1, code), ran.stderr
    for part in parts:
        assert part in ran.stderr


# ---- Devices


def test_drivers_one_a_line(own: Tool) -> None:
    assert own.run("--list_drivers").outcome() == (0, None, "local-sync\nlocal-task\n")


def test_devices_of_one_driver_and_of_all(own: Tool) -> None:
    assert own.run("--list_devices=local-task").outcome() == (0, None, "local-task://\n")
    assert own.run("--list_devices").outcome() == (0, None, "local-sync://\nlocal-task://\n")
    dumped = own.run("--dump_devices=local-sync")
    assert dumped.exit == 0 and "# --device=local-sync://\n" in dumped.stdout


@pytest.mark.parametrize("flag", ["--list_devices=nope", "--dump_devices=nope"])
def test_listing_an_unknown_driver(own: Tool, flag: str) -> None:
    ran = own.run(flag)
    refused(ran, "NOT_FOUND", "no driver 'nope' registered")
    assert "FLAGS ERROR" in ran.stderr


@pytest.mark.parametrize("uri", ["local-sync", "local-sync:", "local-sync://", "local-task://?anything=1"])
def test_forms_of_a_device(own: Tool, module: Flag, uri: str) -> None:
    assert printed(own.run(module("tensors"), f"--device={uri}", *ADD)) == "4xf32=11 12 13 14"


@pytest.mark.parametrize("uri, part", [("nope", "no driver 'nope'"), ("local-sync://0", "paths"), ("LOCAL-SYNC", "no")])
def test_devices_that_do_not_exist(own: Tool, module: Flag, uri: str, part: str) -> None:
    refused(own.run(module("tensors"), f"--device={uri}", *ADD), "NOT_FOUND", part, "'tensors'")


def test_a_bad_device_matters_only_when_one_is_needed(own: Tool, module: Flag) -> None:
    assert own.run(module("values"), "--device=nope", "--function=nothing").exit == 0


def test_the_lead_device(own: Tool, module: Flag) -> None:
    two = (module("tensors"), "--device=local-sync", "--device=local-task", *ADD)
    assert printed(own.run(*two, "--device_lead_allocator=1")) == "4xf32=11 12 13 14"
    for bad in ("2", "-1"):
        refused(own.run(*two, f"--device_lead_allocator={bad}"), "OUT_OF_RANGE", f"--device_lead_allocator={bad}")


@pytest.mark.parametrize("flags", [("--task_topology_group_count=1",), ("--task_shuffle_seed=7",)])
def test_workers(own: Tool, module: Flag, flags: tuple[str, ...]) -> None:
    assert printed(own.run(module("tensors"), "--device=local-task", *flags, *ADD)) == "4xf32=11 12 13 14"


@pytest.mark.parametrize("flag", ["--task_topology_group_count=-1", "--task_topology_max_group_count=0"])
def test_numbers_of_workers_that_mean_nothing(own: Tool, module: Flag, flag: str) -> None:
    refused(own.run(module("tensors"), flag, *ADD), "INVALID_ARGUMENT", flag)


def test_a_plugin_that_does_not_exist(own: Tool, module: Flag) -> None:
    ran = own.run(module("tensors"), "--executable_plugin=./missing.so", "--device=local-sync", *ADD)
    assert ran.exit == 1 and ran.code is not None and "missing.so" in ran.stderr


def test_statistics_of_devices(own: Tool, module: Flag, device: str) -> None:
    ran = own.run(module("tensors"), device, *ADD, "--print_statistics")
    name = device.removeprefix("--device=")
    assert ran.stderr.startswith(f"Device: {name}\n[[ iree_hal_allocator_t memory statistics ]]\n  HOST_LOCAL: ")
    counts = ran.stderr.split("DEVICE_LOCAL:")[1].split("\n")[0].split("/")
    peak, allocated, freed, live = (int(part.split("B")[0]) for part in counts)
    assert peak > 0 and allocated == freed and live == 0
    assert "live objects: none" in ran.stderr
    assert "Device:" not in own.run(module("values"), "--function=nothing", "--print_statistics").stderr


def test_statistics_after_a_failing_call(own: Tool, module: Flag, device: str) -> None:
    ran = own.run(module("tensors"), device, "--function=fails", "--input=4xi32=20", "--print_statistics")
    refused(ran, "FAILED_PRECONDITION", "the first element is too large", "Device: ")
    assert "live objects: none" in ran.stderr


@pytest.mark.parametrize("name", ["hal", "io_parameters", "vmvx"])
def test_system_modules_on_demand(own: Tool, module: Flag, name: str) -> None:
    assert own.run(module(f"deps@?dep={name}&flags=1"), "--function=answer").code in (None, "NOT_FOUND")
    assert "required module" not in own.run(module(f"deps@?dep={name}&flags=1")).stderr


def test_inline_modules_are_named(own: Tool, module: Flag) -> None:
    refused(own.run(module("deps@?dep=hal_inline&flags=1")), "NOT_FOUND", "hal_inline", "inline execution")


# ---- Arguments as text


@pytest.mark.parametrize(
    "text, shown",
    [
        ("2x2xi32=1,2,3,4", "2x2xi32=[1 2][3 4]"),
        ("2x2xi32=[1 2][3 4]", "2x2xi32=[1 2][3 4]"),
        ("3xi8=-1 255 0", "3xi8=-1 -1 0"),
        ("2xui8=200 1", "2xui8=200 1"),
        ("4xf32=1", "4xf32=1 1 1 1"),
        ("2xf32", "2xf32=0 0"),
        ("f32=4", "f32=4"),
        ("f32=", "f32=0"),
        ("0xf32=", "0xf32="),
        ("2x0xi32=", "2x0xi32=[][]"),
        ("4xf32=nan inf -inf 1e10", "4xf32=NAN INF -INF 1E+10"),
        ("2xf16=0.1 1", "2xf16=0.0999756 1"),
        ("1xbf16=0.1", "1xbf16=0.100098"),
        ("1xf8E4M3FN=0.1", "1xf8E4M3FN=0.101562"),
        ("3xi1=01 00 01", "3xi1=01 00 01"),
        ("  2xi64 = 5 6 ", "2xi64=5 6"),
        ('"2xi16=1 2"', "2xi16=1 2"),
        ("1x1x2xi32=7 8", "1x1x2xi32=[[7 8]]"),
    ],
)
def test_tensors_as_text(own: Tool, module: Flag, device: str, text: str, shown: str) -> None:
    assert printed(own.run(module("tensors"), device, SAME, f"--input={text}")) == shown


@pytest.mark.parametrize(
    "text, code",
    [
        ("f32", "INVALID_ARGUMENT"),
        ("2xfp32=1", "INVALID_ARGUMENT"),
        ("-1xi32=1", "INVALID_ARGUMENT"),
        ("2xx3xi32=1", "INVALID_ARGUMENT"),
        ("2xi32=1 2 3", "OUT_OF_RANGE"),
        ("3xi32=1 2", "OUT_OF_RANGE"),
        ("2xi32=1 a", "INVALID_ARGUMENT"),
        ("3xi1=1 0 1", "INVALID_ARGUMENT"),
        ("@array.bin", "UNIMPLEMENTED"),
        ("2xi32=@missing.bin", "NOT_FOUND"),
        ("@missing.npy", "NOT_FOUND"),
    ],
)
def test_tensors_that_are_refused(own: Tool, module: Flag, text: str, code: str) -> None:
    refused(own.run(module("tensors"), SAME, f"--input={text}"), code, f"`{text}`", "parsing function inputs")


def test_a_tensor_of_the_wrong_type(own: Tool, module: Flag, device: str) -> None:
    ran = own.run(module("tensors"), device, "--function=add", "--input=4xi32=1", "--input=4xf32=1")
    refused(ran, "INVALID_ARGUMENT", "input0 element type mismatch")


def test_storage(own: Tool, module: Flag) -> None:
    ran = own.run(module("tensors"), SAME, "--input=&4xf32=1")
    assert ran.outcome() == (0, None, "EXEC @same\nresult[0]: hal.buffer\n(no printer)\n")


def test_raw_files(own: Tool, module: Flag) -> None:
    (own.folder / "raw.bin").write_bytes(np.arange(6, dtype="<i4").tobytes())
    ran = own.run(module("tensors"), SAME, "--input=2x3xi32=@raw.bin")
    assert printed(ran) == "2x3xi32=[0 1 2][3 4 5]"
    refused(own.run(module("tensors"), SAME, "--input=7xi32=@raw.bin"), "OUT_OF_RANGE", "end-of-file", "raw.bin")


def test_raw_files_go_on_where_they_were_left(own: Tool, module: Flag) -> None:
    (own.folder / "raw.bin").write_bytes(np.array([1, 2, 3, 4, 10, 20, 30, 40], dtype="<f4").tobytes())
    ran = own.run(module("tensors"), "--function=add", "--input=4xf32=@raw.bin", "--input=4xf32=+raw.bin")
    assert printed(ran) == "4xf32=11 22 33 44"


def test_tensors_without_a_device(own: Tool, module: Flag) -> None:
    ran = own.run(module("values"), "--function=same_buffer", "--input=2xi32=1 2")
    assert ran.outcome() == (0, None, "EXEC @same_buffer\nresult[0]: hal.buffer_view\n2xi32=1 2\n")


# ---- .npy


ARRAYS = {
    "i1": ("bool", "i1"),
    "si8": ("int8", "si8"),
    "ui16": ("uint16", "ui16"),
    "si32": ("int32", "si32"),
    "ui64": ("uint64", "ui64"),
    "f16": ("float16", "f16"),
    "f32": ("float32", "f32"),
    "f64": ("float64", "f64"),
    "cf64": ("complex64", "cf64"),
}


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (2, 0)], ids=str)
def test_arrays_come_back(own: Tool, module: Flag, kind: str, shape: tuple[int, ...]) -> None:
    dtype, element = ARRAYS[kind]
    array = np.ones(shape, dtype=dtype)
    np.save(own.folder / "in.npy", array)
    ran = own.run(module("tensors"), SAME, "--input=@in.npy")
    assert printed(ran).startswith("".join(f"{dim}x" for dim in shape) + element + "=")
    assert own.run(module("tensors"), SAME, "--input=@in.npy", "--output=@out.npy").exit == 0
    back = np.load(own.folder / "out.npy")
    assert back.dtype == array.dtype and back.shape == array.shape and np.array_equal(back, array)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_versions_of_the_format(own: Tool, module: Flag, version: tuple[int, int]) -> None:
    with open(own.folder / "in.npy", "wb") as file:
        np.lib.format.write_array(file, np.array([1.5, 2.5], dtype="f4"), version=version)
    assert printed(own.run(module("tensors"), SAME, "--input=@in.npy")) == "2xf32=1.5 2.5"


def test_several_arrays_in_a_file(own: Tool, module: Flag) -> None:
    with open(own.folder / "two.npy", "wb") as file:
        np.save(file, np.array([1, 2, 3, 4], dtype="f4"))
        np.save(file, np.array([10, 20, 30, 40], dtype="f4"))
    line = (module("tensors"), "--function=add")
    for inputs in (("*two.npy",), ("@two.npy", "+two.npy"), ("+two.npy", "*two.npy")):
        assert printed(own.run(*line, *(f"--input={text}" for text in inputs))) == "4xf32=11 22 33 44"
    assert printed(own.run(*line, "--input=@two.npy", "--input=@two.npy")) == "4xf32=2 4 6 8"
    refused(own.run(*line, "--input=*two.npy", "--input=+two.npy"), "INVALID_ARGUMENT", "fewer input values")


def npy(descr: str, *, order: str = "False", shape: str = "(1,)") -> bytes:
    """A file with one element and this header."""
    header = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64)


BAD_ARRAYS = {
    "big-endian": (npy("'>f4'"), "UNIMPLEMENTED"),
    "Fortran": (npy("'<f4'", order="True", shape="(1, 1)"), "UNIMPLEMENTED"),
    "text": (npy("'<U5'"), "UNIMPLEMENTED"),
    "object": (npy("'|O'"), "UNIMPLEMENTED"),
    "date": (npy("'<M8[s]'"), "UNIMPLEMENTED"),
    "record": (npy("[('a', '<f4')]"), "INVALID_ARGUMENT"),
    "type": (npy("'f'"), "INVALID_ARGUMENT"),
    "no type": (npy("''"), "INVALID_ARGUMENT"),
    "negative": (npy("'<f4'", shape="(-1,)"), "INVALID_ARGUMENT"),
    "scalar shape": (npy("'<f4'", shape="(1)"), "INVALID_ARGUMENT"),
    "open shape": (npy("'<f4'", shape="(1,"), "INVALID_ARGUMENT"),
    "huge": (npy("'<f4'", shape="(99999999999999999999,)"), "OUT_OF_RANGE"),
    "too large": (npy("'<f4'", shape="(9223372036854775807, 4)"), "OUT_OF_RANGE"),
    "order": (npy("'<f4'", order="Maybe"), "INVALID_ARGUMENT"),
    "empty": (b"", "OUT_OF_RANGE"),
    "not npy": (b"PK\x03\x04" + bytes(200), "INVALID_ARGUMENT"),
    "version": (b"\x93NUMPY\x09\x00" + bytes(200), "UNIMPLEMENTED"),
    "header cut": (npy("'<f4'")[:30], "OUT_OF_RANGE"),
    "header long": (b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + bytes(64), "INVALID_ARGUMENT"),
    "data cut": (npy("'<f4'", shape="(1000,)"), "OUT_OF_RANGE"),
}


@pytest.mark.parametrize("how", BAD_ARRAYS)
def test_bad_arrays_name_the_file(own: Tool, module: Flag, how: str) -> None:
    data, code = BAD_ARRAYS[how]
    (own.folder / "bad.npy").write_bytes(data)
    refused(own.run(module("tensors"), SAME, "--input=@bad.npy"), code, "bad.npy")


def test_every_cut_of_an_array(own: Tool, module: Flag) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.arange(4, dtype="f4"))
    whole = buffer.getvalue()
    for length in range(0, len(whole), 7):
        (own.folder / "cut.npy").write_bytes(whole[:length])
        refused(own.run(module("tensors"), SAME, "--input=@cut.npy"), "OUT_OF_RANGE", "cut.npy", "offset")


def test_an_array_for_a_number(own: Tool, module: Flag) -> None:
    np.save(own.folder / "one.npy", np.array(1, dtype="i4"))
    for text in ("@one.npy", "*one.npy"):
        ran = own.run(module("tensors"), "--function=mixed", f"--input={text}", "--input=3xf32=1")
        refused(ran, "INVALID_ARGUMENT", "function signature mismatch")


# ---- Results


def test_raw_output_and_appending(own: Tool, module: Flag, device: str) -> None:
    line = (module("tensors"), device, "--function=constants")
    for _ in range(2):
        ran = own.run(*line, "--output=@a.bin", "--output=+b.npy", "--output=-")
        assert ran.outcome() == (0, None, "EXEC @constants\nhal.buffer_view\n0x2xi8=\n")
    assert (own.folder / "a.bin").read_bytes() == np.array([1, -2, 3, 4, 5, -6], dtype="<i2").tobytes()
    with open(own.folder / "b.npy", "rb") as file:
        assert [float(np.load(file)), float(np.load(file))] == [2.5, 2.5]


def test_types_that_numpy_does_not_have(own: Tool, module: Flag) -> None:
    for kind in ("bf16", "f8E5M2", "i4"):
        ran = own.run(module("tensors"), SAME, f"--input=2x{kind}", "--output=@out.npy")
        refused(ran, "UNIMPLEMENTED", kind, ".npy")
        assert not (own.folder / "out.npy").exists()
    assert own.run(module("tensors"), SAME, "--input=2xbf16=1", "--output=@out.bin").exit == 0
    assert (own.folder / "out.bin").read_bytes() == b"\x80\x3f\x80\x3f"


@pytest.mark.parametrize("limit, ends", [("2", "=1 1..."), ("0", "=..."), ("-1", "1 1 1\n")])
def test_most_elements_that_are_printed(own: Tool, module: Flag, limit: str, ends: str) -> None:
    ran = own.run(module("tensors"), "--function=large", f"--output_max_element_count={limit}")
    assert ran.exit == 0 and ran.stdout.rstrip("\n").endswith(ends.rstrip("\n"))
    assert limit != "-1" or ran.stdout.count(" 1") == 1999


# ---- Expectations


def test_expected_tensors_and_numbers(own: Tool, module: Flag, device: str) -> None:
    line = (module("tensors"), device, "--function=mixed", "--input=5", "--input=3xf32=1,2,3")
    matched = "EXEC @mixed\n[SUCCESS] all function outputs matched their expected values.\n"
    for expected in (("10", "3xf32=2,4,6"), ("(ignored)", "(ignored)"), ("10", "3xf32=2.00001,4,6")):
        ran = own.run(*line, *(f"--expected_output={text}" for text in expected))
        assert ran.outcome() == (0, None, matched)
    np.save(own.folder / "want.npy", np.array([2, 4, 6], dtype="f4"))
    assert own.run(*line, "--expected_output=10", "--expected_output=@want.npy").outcome() == (0, None, matched)
    exact = own.run(*line, "--expected_output=10", "--expected_output=3xf32=2.00001,4,6", "--equality_mode=exact")
    assert exact.exit == 1 and "[FAILED] result[1]: element at index 0" in exact.stdout
    wrong = own.run(*line, "--expected_output=11", "--expected_output=(ignored)")
    assert wrong.exit == 1 and "result[0]: i32=10 does not match the expected i32=11" in wrong.stdout


@pytest.mark.parametrize(
    "kind, flag, near, far",
    [
        ("f16", "f16", "1.0008", "1.01"),
        ("bf16", "bf16", "1.008", "1.1"),
        ("f32", "f32", "1.00009", "1.001"),
        ("f64", "f64", "1.00009", "1.001"),
    ],
)
def test_thresholds(own: Tool, module: Flag, kind: str, flag: str, near: str, far: str) -> None:
    line = (module("tensors"), SAME, f"--input=1x{kind}=1")
    assert own.run(*line, f"--expected_output=1x{kind}={near}").exit == 0
    assert own.run(*line, f"--expected_output=1x{kind}={far}").exit == 1
    assert own.run(*line, f"--expected_output=1x{kind}={far}", f"--expected_{flag}_threshold=0.5").exit == 0
    assert own.run(*line, f"--expected_output=1x{kind}={far}", "--expected_rtol=0.5").exit == 0


@pytest.mark.parametrize("kind", ["f8E4M3FN", "i4", "i1"])
def test_other_types_are_compared_by_their_bytes(own: Tool, module: Flag, kind: str) -> None:
    one = "01" if kind == "i1" else "12" if kind == "i4" else "1"
    two = "00" if kind == "i1" else "13" if kind == "i4" else "2"
    shape = "2x" if kind == "i4" else "1x"
    line = (module("tensors"), SAME, f"--input={shape}{kind}={one}")
    assert own.run(*line, f"--expected_output={shape}{kind}={one}").exit == 0
    ran = own.run(*line, f"--expected_output={shape}{kind}={two}")
    assert ran.exit == 1 and "result[0]: element at index 0" in ran.stdout + ran.stderr


def test_storage_is_expected(own: Tool, module: Flag) -> None:
    line = (module("tensors"), SAME, "--input=&4xi8=1,2,3,4")
    assert own.run(*line, "--expected_output=&4xi8=1,2,3,4").exit == 0
    assert own.run(*line, "--expected_output=&4xi8=1,2,3,5").exit == 1


# ---- Asynchronous functions, parameters


def test_fences_are_added(own: Tool, module: Flag, device: str) -> None:
    line = (module("async"), device, "--function=add", "--input=4xf32=1,2,3,4")
    assert printed(own.run(*line, "--input=4xf32=1")) == "4xf32=2 3 4 5"
    assert printed(own.run(module("async"), device, "--function=constant")) == "2xi32=2 4"
    refused(own.run(*line), "INVALID_ARGUMENT", "add")
    refused(own.run(*line, *["--input=4xf32=1"] * 2), "INVALID_ARGUMENT", "fewer input values")


def test_parameter_flags(own: Tool, module: Flag) -> None:
    needs = module("deps@?dep=io_parameters&flags=1")
    refused(own.run(needs, "--parameters=missing.irpa"), "NOT_FOUND", "missing.irpa", "--parameters=")
    refused(own.run(needs, "--parameter_mode=fast"), "INVALID_ARGUMENT", "--parameter_mode=", "'fast'")
    assert own.run(module("values"), "--parameters=missing.irpa", "--function=nothing").exit == 0


PARAMETERS = Path(__file__).parents[2] / "fixtures" / "hal" / "parameters"
BUMP = (f"--module={PARAMETERS}/prebuilt/17/vmvx/parameters.vmfb", "--function=bump")


@pytest.mark.parametrize("archive", ["model.irpa", "model.gguf", "model.safetensors"])
@pytest.mark.parametrize("mode", ["file", "preload"])
def test_parameters(own: Tool, device: str, archive: str, mode: str) -> None:
    ran = own.run(*BUMP, device, f"--parameters=model={PARAMETERS / archive}", f"--parameter_mode={mode}")
    assert printed(ran) == "4xi32=10 12 14 16"


def test_parameters_of_another_scope(own: Tool, device: str) -> None:
    archive = PARAMETERS / "model.irpa"
    for flags in ([], [f"--parameters={archive}"], [f"--parameters=other={archive}"]):
        refused(own.run(*BUMP, device, *flags), "NOT_FOUND", "scopes like 'model'")
    both = own.run(*BUMP, device, f"--parameters=other={archive}", f"--parameters=model={archive}")
    assert printed(both) == "4xi32=10 12 14 16"


# ---- Teardown


@pytest.mark.parametrize("how", ["fail=alloc", "fail=init", "fail=call", "import=nowhere.f"])
def test_nothing_is_left_after_a_failure_with_a_device(own: Tool, module: Flag, device: str, how: str) -> None:
    """A module that needs the device and fails: the device goes last, so its statistics find nothing alive."""
    ran = own.run(
        module("deps@?dep=hal&flags=1"),
        module(f"lifecycle@?{how}"),
        device,
        "--function=add",
        "--input=1",
        "--input=2",
        "--print_statistics",
    )
    assert ran.exit == 1 and ran.code is not None
    assert ran.stderr.index("Device: ") >= 0 and "live objects: none" in ran.stderr
    assert ran.events[-1] == "lib.dtor"
