"""Compiled programs do what numpy does, for any shape and value, on both local devices and for both targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from conformance import fixtures, vm

PREBUILT = fixtures.bytecode_folder() / "hal" / "programs" / "prebuilt" / fixtures.BYTECODE_VERSION
COMMON = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
SPECIAL = st.sampled_from([float("nan"), float("inf"), -float("inf"), -0.0])
# Sums of two of these are never denormal: local devices would flush them.
ANY = st.floats(width=32, allow_subnormal=False).filter(lambda value: not 0 < abs(value) < 1e-30)
# Sums of products of these are exact in any order.
EXACT = st.integers(-64, 64).map(float) | SPECIAL
SIDES = st.integers(1, 20)

Program = Callable[..., Any]


@pytest.fixture(scope="module", params=["vmvx", "llvm-cpu"])
def program(request: pytest.FixtureRequest, device: vm.Device) -> Iterator[Callable[[str], Program]]:
    """Opens a program by its name, once."""
    opened: dict[str, vm.Context] = {}
    with vm.Instance() as instance:

        def function(name: str) -> Program:
            if name not in opened:
                module = instance.load(PREBUILT / request.param / f"{name}.vmfb")
                opened[name] = instance.context([module], devices=[device])
            return opened[name]["module.main"]

        yield function
        for context in opened.values():
            context.close()


def floats(shape: Any, elements: st.SearchStrategy[float]) -> st.SearchStrategy[Any]:
    return arrays.arrays("f4", shape, elements=elements)


def check(got: Any, wanted: Any) -> None:
    """Exactly: the values are such that no order of additions rounds. One NaN is like another."""
    assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
    np.testing.assert_array_equal(got, wanted)


@COMMON
@given(pair=floats((2, 8), ANY))
def test_elementwise_add(program: Callable[[str], Program], pair: Any) -> None:
    with np.errstate(all="ignore"):
        check(program("elementwise_add_f32")(pair[0], pair[1]), pair[0] + pair[1])


@COMMON
@given(pair=st.integers(0, 70).flatmap(lambda length: floats((2, length), ANY)))
def test_dynamic_add(program: Callable[[str], Program], pair: Any) -> None:
    with np.errstate(all="ignore"):
        check(program("dynamic_add_f32")(pair[0], pair[1]), pair[0] + pair[1])


@COMMON
@given(data=st.data(), rows=SIDES, inner=SIDES, columns=SIDES)
def test_matmul(program: Callable[[str], Program], data: st.DataObject, rows: int, inner: int, columns: int) -> None:
    a, b = data.draw(floats((rows, inner), EXACT), "a"), data.draw(floats((inner, columns), EXACT), "b")
    with np.errstate(all="ignore"):
        check(program("matmul_dynamic_f32")(a, b), (a[:, :, None] * b[None]).sum(axis=1, dtype="f4"))


@COMMON
@given(a=st.tuples(SIDES, SIDES).flatmap(lambda shape: floats(shape, EXACT)))
def test_sums_of_rows(program: Callable[[str], Program], a: Any) -> None:
    with np.errstate(all="ignore"):
        check(program("dyn_reduce")(a), a.sum(axis=1, dtype="f4"))


@COMMON
@given(pair=arrays.arrays("i4", (2, 2, 3)))
def test_integers_wrap(program: Callable[[str], Program], pair: Any) -> None:
    a, b = pair
    with np.errstate(all="ignore"):
        check(program("elementwise_chain_i32")(a, b), np.maximum(a * b - np.int32(7), a))


def test_a_difference_is_noticed() -> None:
    ones = np.ones(3, "f4")
    for wrong in (np.nextafter(ones, np.float32(2)), ones[:2], ones.astype("f8"), np.full(3, np.nan, "f4")):
        with pytest.raises(AssertionError):
            check(wrong, ones)
