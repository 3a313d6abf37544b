"""What numpy says of tensors, of means and of numbers of sixteen bits, as JSON: the tests of the dialects compare with it."""

import base64
import functools
import json
import random

import numpy as np

random.seed(7)
np.seterr(all="ignore")

INTEGERS = ["UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"]
TYPES = {name: np.dtype(name.lower()) for name in INTEGERS} | {
    "BOOL": np.dtype(bool),
    "FP16": np.dtype(np.float16),
    "FP32": np.dtype(np.float32),
    "FP64": np.dtype(np.float64),
}


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def bf16_to_float(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def bf16_of(value):
    """The nearest of the neighbours of the truncated bits, the even one of two that are as near."""
    if np.isnan(value):
        return 0x7FC0
    size = abs(value)
    sign = 0x8000 if np.signbit(value) else 0
    with np.errstate(all="ignore"):
        bits = int(np.float32(size).view(np.uint32)) >> 16
    if np.isinf(size) or size >= 2.0**127 * (2 - 2.0**-8):
        return sign | 0x7F80
    near = [b for b in (bits - 1, bits, bits + 1) if 0 <= b < 0x7F80]
    exact = bf16_to_float(np.array(near, dtype=np.uint16))
    order = sorted(range(len(near)), key=lambda i: (abs(exact[i] - size), near[i] % 2))
    return sign | near[order[0]]


def write(name, values):
    if name == "BF16":
        return np.array([bf16_of(v) for v in values.ravel()], dtype=np.uint16).reshape(values.shape)
    return values.astype(TYPES[name])


def special(name):
    if name == "BOOL":
        return [[True, False, True, True, False, False], [False, False, True, True, True, False]]
    if name in INTEGERS:
        info = np.iinfo(TYPES[name])
        rows = [[info.min, info.max, 0, 1, 2, 3], [info.min, info.max, 1, 0, 2, 6]]
        if info.max > 2**53:
            rows = [[2**53 + 1, info.max, 0, 1, 2, info.min], [2**53 + 1, info.max, 1, 0, 2, 6]]
        return rows
    nan, inf = float("nan"), float("inf")
    return [[nan, -0.0, 1.1, inf, -inf, 0.1], [1.0, -0.0, 2.3, 1.0, 0.0, 0.2]]


def cases():
    for name in [*TYPES, "BF16"]:
        for count in (2, 3):
            rows = special(name)
            if name in INTEGERS:
                info = np.iinfo(TYPES[name])
                rows.append([random.randint(info.min, info.max) for _ in range(6)])
            elif name == "BOOL":
                rows.append([True] * 6)
            else:
                rows.append([random.uniform(-100, 100) for _ in range(6)])
            yield case(name, rows[:count])
    # What JSON without NaN can say.
    yield case("FP64", [[-0.0, 0.1, 1e300, -2.5, 0.0, 3], [-0.0, 0.2, 1e300, 1.5, -0.0, 4]])


def case(name, rows):
    if name == "BF16":
        arrays = [write(name, np.array(r)) for r in rows]
        doubles = [bf16_to_float(a) for a in arrays]
    else:
        arrays = [np.array(r, dtype=TYPES[name]) for r in rows]
        doubles = [a.astype(np.float64) for a in arrays]
    # Not np.mean, which begins with +0 and so loses the sign of a zero.
    mean = functools.reduce(np.add, doubles) / len(rows)
    assert np.array_equal(mean, np.mean(np.stack(doubles), axis=0), equal_nan=True)
    of = name if name in ("FP16", "FP32", "FP64", "BF16") else "FP64"
    written = [(d if name == "BF16" else a) for a, d in zip(arrays, doubles)]
    return {
        "datatype": name,
        "shape": [2, 3],
        "raw": [text(a) for a in arrays],
        # As Python writes numbers: integers whole, NaN and infinities by their names.
        "flat": [json.dumps(a.tolist()) for a in written],
        "nested": [json.dumps(a.reshape(2, 3).tolist()) for a in written],
        "meanDatatype": of,
        "mean": text(write(of, mean)),
    }


def tensors():
    """Of every datatype what is easily lost on the way, what every JSON can say, one number and none."""
    for name in [*TYPES, "BF16"]:
        values = np.array(special(name)[0], dtype=object)
        ordinary = [0.5, -0.0, 1.1, -2.25, 3, 0.1] if name not in INTEGERS and name != "BOOL" else values
        for kind, each in (
            ("special", values.reshape(2, 3)),
            ("ordinary", np.array(ordinary, dtype=object).reshape(2, 3)),
            ("one", np.array(ordinary[2:3], dtype=object).reshape(1, 1)),
            ("empty", np.zeros((0, 3), dtype=object)),
        ):
            array = write(name, each.astype(np.float64)) if name == "BF16" else each.astype(TYPES[name])
            said = bf16_to_float(array) if name == "BF16" else array
            yield {
                "kind": kind,
                "datatype": name,
                "shape": list(each.shape),
                "bytes": text(array),
                "flat": json.dumps(said.ravel().tolist()),
                "nested": json.dumps(said.tolist()),
            }


doubles = np.array(
    [random.uniform(-70000, 70000) for _ in range(4000)]
    + [random.uniform(-1, 1) * 2.0 ** random.randint(-30, 17) for _ in range(8000)]
    + [(2048 + i) / 2 for i in range(64)]
    + [0.0, -0.0, 65504, 65519.99, 65520, -65520, 1e300, 2.0**-24, 2.0**-25, 1.5 * 2.0**-25]
)
wide = np.array(
    [random.uniform(-1, 1) * 2.0 ** random.randint(-140, 128) for _ in range(3000)]
    + [256 + i / 2 for i in range(32)]
    + [0.0, -0.0, 3.3895313892515355e38, 3.3961775292304601e38, 3.4e38, 1e300, 2.0**-133, 2.0**-134]
)
print(
    json.dumps(
        {
            "means": list(cases()),
            "tensors": list(tensors()),
            "fp16": text(np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float64)),
            "bf16": text(bf16_to_float(np.arange(65536, dtype=np.uint16))),
            "doubles": text(doubles),
            "asFp16": text(doubles.astype(np.float16)),
            "wide": text(wide),
            "asBf16": text(np.array([bf16_of(v) for v in wide], dtype=np.uint16)),
        }
    )
)
