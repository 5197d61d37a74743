"""Hypothesis strategies for tensors: shapes, values of every type that numpy has, memory layouts, and their text."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy
    from hypothesis.strategies import DataObject, SearchStrategy

    Array = numpy.ndarray[Any, Any]

# Names of element types by what numpy calls them.
DTYPES = {
    "bool": "i1",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "uint8": "ui8",
    "uint16": "ui16",
    "uint32": "ui32",
    "uint64": "ui64",
    "float16": "f16",
    "float32": "f32",
    "float64": "f64",
    "complex64": "cf64",
    "complex128": "cf128",
}


def shapes(max_rank: int = 6, max_side: int = 4, min_side: int = 0) -> SearchStrategy[tuple[int, ...]]:
    """Scalars, empty ones, long thin ones."""
    from hypothesis.extra import numpy as arrays

    return arrays.array_shapes(min_dims=0, max_dims=max_rank, min_side=min_side, max_side=max_side)


def tensors(
    dtypes: Sequence[str] = tuple(DTYPES), shape: SearchStrategy[tuple[int, ...]] | None = None
) -> SearchStrategy[Array]:
    """Arrays with any values: the largest and smallest, NaN with any payload, infinities, denormal numbers."""
    from hypothesis import strategies as st
    from hypothesis.extra import numpy as arrays

    chosen = shapes() if shape is None else shape
    return st.sampled_from(dtypes).flatmap(lambda dtype: arrays.arrays(dtype, chosen))


def laid_out(data: DataObject, array: Array) -> Array:
    """The array or a part of it otherwise in memory: axes exchanged, with gaps, backwards, repeated without a copy."""
    import numpy
    from hypothesis import strategies as st

    turned = array.transpose(data.draw(st.permutations(range(array.ndim)), "axes"))
    cut = turned[tuple(data.draw(st.slices(extent), "slice") for extent in turned.shape)]
    repeated = data.draw(st.sampled_from([(), (1,), (2,), (3, 2)]), "repeated")
    return numpy.broadcast_to(cut, repeated + cut.shape)


def text_of(array: Array, element_type: str | None = None, most: int | None = None) -> str:
    """The text form of a tensor, as the facts about it say; every row that `most` elements did not reach says so."""
    name = element_type or DTYPES[array.dtype.name]
    texts = [*map(_element, array.reshape(-1))][:most]
    return "x".join([*map(str, array.shape), name]) + "=" + _rows(array.shape, iter(texts))


def number_text(value: float) -> str:
    """As C's `%G` writes it, which shows the sign of NaN."""
    return ("-NAN" if math.copysign(1, value) < 0 else "NAN") if math.isnan(value) else f"{value:G}"


def _rows(shape: tuple[int, ...], texts: Iterator[str]) -> str:
    if len(shape) > 1:
        return "".join(f"[{_rows(shape[1:], texts)}]" for _ in range(shape[0]))
    length = shape[0] if shape else 1
    row = [*itertools.islice(texts, length)]
    return " ".join(row) + ("..." if len(row) < length else "")


def _element(value: Any) -> str:
    kind = value.dtype.kind
    if kind == "f":
        return number_text(float(value))
    return str(value) if kind in "iu" else str(value.tobytes().hex().upper())
