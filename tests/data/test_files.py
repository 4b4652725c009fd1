"""The user's own data: arrays, files and pandas tables."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from jaxqkd.data import feature_matrix, formats, from_arrays, read

X = np.arange(8.0).reshape(4, 2)
LABELS = np.array([0, 1, 0, 1])
single_precision = pytest.mark.skipif(jax.config.jax_enable_x64, reason="the number is finite in float64")


def changed(row, column, value):
    x = X.copy()
    x[row, column] = value
    return x


@pytest.mark.parametrize(
    ("x", "labels", "options", "message"),
    [
        (changed(2, 1, np.nan), LABELS, {}, "`x` must be finite, but is nan at row 2, column 1"),
        (changed(1, 0, np.inf), LABELS, {}, "`x` must be finite, but is inf at row 1, column 0"),
        pytest.param(
            *(changed(3, 0, 1e300), LABELS, {}, "`x` must be finite, but is inf at row 3, column 0"),
            marks=single_precision,
        ),
        (X.astype(object), LABELS, {}, "`x` must be numbers, but is of dtype object"),
        (X.astype(str), LABELS, {}, "`x` must be numbers, but is of dtype <U"),
        (X.astype(complex), LABELS, {}, "`x` must be numbers, but is of dtype complex"),
        (X[:0], LABELS[:0], {}, "`x` must hold at least one example"),
        (np.zeros((4, 0)), LABELS, {}, "`x` must hold at least one example"),
        (X[:3], LABELS, {}, "`labels` must be as many as the rows of `x`, but is 4 for 3 rows"),
        (X[:, 0], LABELS, {}, r"`x` must have 2 axes \[N, features\], but is of shape \(4,\)"),
        (X, LABELS[:, None], {}, r"`labels` must have 1 axes \[N\]"),
        (X, LABELS * 0 + 2, {}, "`labels` must hold at least two classes, but is class 2 alone"),
        (X, [0, 1, -1, 1], {}, "`labels` must be .* but is -1 at row 2"),
        (X, [0, 1, 1, 2], {"classes": 2}, r"`labels` must be 0 \.\.\. 1 for 2 classes, but is 2 at row 3"),
        (X, [0, 1.5, 0, 1], {}, "`labels` must be .* but is 1.5 at row 1"),
        (X, [0, 1, 0, np.nan], {}, "`labels` must be .* but is nan at row 3"),
        (X, ["a", "b", "a", "b"], {}, "`labels` must be integers, but is of dtype <U1"),
    ],
)
def test_from_arrays_refuses(x, labels, options, message):
    with pytest.raises(ValueError, match=f"Argument {message}"):
        from_arrays(x, labels, **options)


@pytest.mark.parametrize(
    ("x", "labels", "options"),
    [
        (X, LABELS, {}),
        (X.tolist(), LABELS.tolist(), {"classes": 2}),
        (X.astype(int), LABELS.astype(float), {"classes": 5}),
        (X.astype(np.float16), LABELS.astype(bool), {}),
        (jnp.asarray(X), jnp.asarray(LABELS), {"classes": 2}),
    ],
)
def test_from_arrays_accepts(x, labels, options):
    data = from_arrays(x, labels, **options)
    assert np.array_equal(data.x, X)
    assert np.array_equal(data.labels, LABELS)
    assert data.x.dtype == jnp.zeros(()).dtype
    assert data.labels.dtype == jnp.asarray(0).dtype
    assert data.teacher is None


def test_from_arrays_takes_boolean_features():
    assert np.array_equal(from_arrays(X > 2, LABELS).x, (X > 2).astype(float))


FRAME = pd.DataFrame(
    {"size": [1.5, 2.5, -3.0, 4.0], "count": [1, 2, 3, 4], "city": list("rome"), "kind": ["b", "a", "c", "a"]}
)


def written(frame, path):
    """Writes a frame in the format of the path's suffix, and returns the path."""
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        pytest.importorskip("pyarrow")
        frame.to_parquet(path)
    else:
        np.savez(path, **{name: np.array(frame[name].tolist()) for name in frame})
    return path


def text(tmp_path, *lines):
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz", None])
def test_a_table_is_the_same_in_every_format(tmp_path, suffix):
    source = FRAME if suffix is None else written(FRAME, tmp_path / f"table{suffix}")
    table = read(source, label="kind", ignore=["city"])
    assert table.features == ("size", "count")
    assert table.classes == ("a", "b", "c")
    assert np.array_equal(table.data.x, FRAME[["size", "count"]])
    assert table.data.labels.tolist() == [1, 0, 2, 0]
    assert (table.data.x.dtype, table.data.labels.dtype) == (jnp.zeros(()).dtype, jnp.zeros((), int).dtype)
    assert table.data.teacher is None


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz", None])
def test_names_make_the_table_back(tmp_path, suffix):
    source = FRAME if suffix is None else written(FRAME, tmp_path / f"table{suffix}")
    table = read(source if suffix is None else str(source), label="kind", ignore=("city",))
    back = pd.DataFrame(np.asarray(table.data.x, float), columns=table.features)
    back["kind"] = [table.classes[label] for label in table.data.labels]
    pd.testing.assert_frame_equal(back, FRAME.drop(columns="city").astype({"count": float}), check_dtype=False)


@pytest.mark.parametrize(
    ("values", "classes", "labels"),
    [
        ([10, 9, 10, 2], ("2", "9", "10"), [2, 1, 2, 0]),
        ([10.0, 9.0, 10.0, -2.0], ("-2", "9", "10"), [2, 1, 2, 0]),
        (["10", "9", "10", "2"], ("10", "2", "9"), [0, 2, 0, 1]),
        ([True, False, True, True], ("False", "True"), [1, 0, 1, 1]),
        (pd.Categorical(["no", "yes", "no", "no"]), ("no", "yes"), [0, 1, 0, 0]),
        (pd.array([7, 5, 5, 7], dtype="Int64"), ("5", "7"), [1, 0, 0, 1]),
    ],
)
def test_classes_are_numbered_in_sorted_order(values, classes, labels):
    table = read(pd.DataFrame({"x": [1, 2, 3, 4], "y": values}), label="y")
    assert table.classes == classes
    assert table.data.labels.tolist() == labels


def test_classes_of_an_earlier_table_number_a_later_one():
    first = read(FRAME, label="kind", ignore=["city"])
    later = FRAME[FRAME["kind"] != "b"]
    assert read(later, label="kind", ignore=["city"]).data.labels.tolist() == [0, 1, 0]
    again = read(later, label="kind", ignore=["city"], classes=first.classes)
    assert again.data.labels.tolist() == [0, 2, 0]
    assert again.classes == first.classes
    with pytest.raises(ValueError, match="`classes` must name every class of the table, but is without 'b'"):
        read(FRAME, label="kind", ignore=["city"], classes=("a", "c"))


def test_booleans_and_nullable_numbers_are_features():
    frame = pd.DataFrame({"a": pd.array([1, 2], "Int64"), "b": [True, False], "y": [0, 1]})
    assert read(frame, label="y").data.x.tolist() == [[1, 1], [2, 0]]


def test_a_matrix_has_numbered_columns(tmp_path):
    matrix = np.array([[0.5, 7, 1], [1.5, 3, 2], [2.5, 7, 3]])
    np.save(tmp_path / "matrix.npy", matrix)
    table = read(tmp_path / "matrix.npy", label=1)
    assert table.features == ("0", "2")
    assert table.classes == ("3", "7")
    assert np.array_equal(table.data.x, matrix[:, [0, 2]])
    assert table.data.labels.tolist() == [1, 0, 1]


def test_an_archive_has_a_column_an_array_and_one_a_column_of_a_matrix(tmp_path):
    pixels = np.arange(12.0).reshape(4, 3)
    np.savez_compressed(tmp_path / "images.npz", pixels=pixels, kind=np.array(list("abab")), age=np.arange(4))
    table = read(tmp_path / "images.npz", label="kind", ignore=["pixels[1]"])
    assert table.features == ("pixels[0]", "pixels[2]", "age")
    assert np.array_equal(table.data.x, np.column_stack([pixels[:, [0, 2]], np.arange(4)]))
    assert table.classes == ("a", "b")


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (["a,b,y", "1,2,u", "3,,v", ",4,u"], r"row 2 \(line 3 of the file\), column 'b'"),
        (["a,b,y", "1,2,u", "", "3,4,v", "5,6,"], r"row 3 \(line 5 of the file\), column 'y'"),
        (["a,b,y", "NA,2,u", "3,4,v"], r"row 1 \(line 2 of the file\), column 'a'"),
        (["a,b,y", "1,2,u", "3,4"], r"row 2 \(line 3 of the file\), column 'y'"),
    ],
)
def test_a_missing_value_is_refused_by_row_line_and_column(tmp_path, lines, place):
    message = rf"Argument `source` must have a value in every cell, but is empty at {place}\. .*missing=\"drop\""
    with pytest.raises(ValueError, match=message):
        read(text(tmp_path, *lines), label="y")


def test_rows_that_lack_a_value_are_dropped_and_counted(tmp_path):
    path = text(tmp_path, "a,b,y,note", "1,2,7,", "", "3,,8,", "True,4,8,", "5,6,,", "7,8,9,")
    path.write_text(path.read_text().replace("True", "0.5"))
    with pytest.warns(UserWarning, match="Dropped 2 of 5 rows, which lack a value") as caught:
        table = read(path, label="y", ignore=["note"], missing="drop")
    assert caught[0].filename == __file__
    assert table.data.x.tolist() == [[1, 2], [0.5, 4], [7, 8]]
    assert table.classes == ("7", "8", "9")


def test_nothing_is_dropped_or_said_where_no_value_lacks(tmp_path):
    path = text(tmp_path, "a,b,y", "1,True,u", "2,False,v", "", "")
    assert read(path, label="y", missing="drop").data.x.tolist() == [[1, 1], [2, 0]]


def test_booleans_stay_numbers_when_rows_are_dropped(tmp_path):
    path = text(tmp_path, "a,b,y", "1,True,u", "2,,v", "3,False,v")
    with pytest.warns(UserWarning, match="Dropped 1 of 3 rows"):
        assert read(path, label="y", missing="drop").data.x.tolist() == [[1, 1], [3, 0]]


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (
            FRAME,
            {"label": "kind"},
            r"`source` must have numbers .* in 'city'\. .* leave them out with ignore=\('city'",
        ),
        (
            FRAME,
            {"label": "type"},
            r"`label` must name a column .* 'type'\. .* are 'size', 'count', 'city', 'kind'\.",
        ),
        (FRAME, {"label": "kind", "ignore": ["town"]}, "`ignore` must name a column of the table, but is 'town'"),
        (FRAME, {"label": "kind", "ignore": "city"}, "`ignore` must be a sequence of names, but is 'city'"),
        (FRAME, {"label": "kind", "ignore": ["kind"]}, "`ignore` must leave the label column in"),
        (FRAME, {"label": "kind", "ignore": ["size", "count", "city"]}, "`source` must have a feature column"),
        (FRAME, {"label": "kind", "missing": "fill"}, "`missing` must be one of 'error', 'drop', but is 'fill'"),
        (
            FRAME,
            {"label": "size", "ignore": ["city", "kind"]},
            r"`source` must have classes .* at row 1, column 'size'",
        ),
        (
            FRAME[:1],
            {"label": "kind", "ignore": ["city"]},
            "`label` must name a column of two classes .* always b",
        ),
        (FRAME[:0], {"label": "kind", "ignore": ["city"]}, "`source` must have a complete row, but is of 0 rows"),
        (FRAME.to_dict(), {"label": "kind"}, "`source` must be a path or a pandas DataFrame, but is a dict"),
        (
            pd.DataFrame({"x": [1, np.inf], "y": [0, 1]}),
            {"label": "y"},
            "`source` must .* infinite at row 2, column 'x'",
        ),
        pytest.param(
            *(pd.DataFrame({"x": [1, 1e39], "y": [0, 1]}), {"label": "y"}),
            "`source` must .* infinite at row 2, column 'x'",
            marks=single_precision,
        ),
        (
            pd.DataFrame({"x": [1, 2], "y": [0, np.inf]}),
            {"label": "y"},
            "`source` must have classes .* row 2, column 'y'",
        ),
        (pd.DataFrame({"x": [1, 2j], "y": [0, 1]}), {"label": "y"}, "`source` must have numbers for features"),
        (
            pd.DataFrame([[1, 2, 0], [3, 4, 1]], columns=list("aay")),
            {"label": "y"},
            "`source` must name .* repeating 'a'",
        ),
    ],
)
def test_a_table_is_refused(frame, options, message):
    with pytest.raises(ValueError, match=f"Argument {message}"):
        read(frame, **options)


def test_a_long_list_of_columns_is_cut():
    frame = pd.DataFrame(np.eye(14))
    with pytest.raises(ValueError, match=r"The columns are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 4 more\."):
        read(frame, label="y")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a,a,y", "1,2,u", "3,4,v"], "`source` must name each column once, but is repeating 'a'"),
        (
            [",a,y", "0,2,u", "1,4,v"],
            "`source` must name its columns, but is nameless in columns 0. .* index=False",
        ),
        (["a,y", "1,u,9", "2,v,9"], "`source` must be a readable .csv file, but is 'table.csv': Length of header"),
        (["a,y", "1,u", "2,v,9"], "`source` must be a readable .csv file, .* line 3"),
        (["a,y", "1,u", "?,v"], "`source` must have numbers for features, but is otherwise in 'a'"),
        (["a,y", "1,u", "inf,v"], r"`source` must .* infinite at row 2 \(line 3 of the file\), column 'a'"),
        (["a;y", "1;u", "2;v"], "`label` must name a column .* The columns are 'a;y'"),
        (["a,y"], "`source` must have a complete row"),
        (["", "a,y", "1,u", "2,v"], "`source` must be a readable .csv file, .* No columns"),
        ([""], "`source` must be a readable .csv file, .* No columns"),
    ],
)
def test_a_text_file_is_refused(tmp_path, lines, message):
    with pytest.raises(ValueError, match=f"Argument {message}"):
        read(text(tmp_path, *lines), label="y")


def test_files_that_are_not_there_or_of_another_kind_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"`source` must name a file, but is '.*none\.csv', which is not there"):
        read(tmp_path / "none.csv", label="y")
    (tmp_path / "table.xlsx").write_bytes(b"")
    with pytest.raises(
        ValueError, match=r"`source` must end in one of \.csv, \.parquet, \.npy, \.npz, .*'table.xlsx'"
    ):
        read(tmp_path / "table.xlsx", label="y")


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npy", ".npz"])
def test_broken_files_are_refused(tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(b"\xff\xfe\x00,\x81\n")
    with pytest.raises(ValueError, match=f"`source` must be a readable {suffix} file, but is 'broken{suffix}': "):
        read(path, label="y")


def test_objects_are_refused(tmp_path):
    objects = np.array([[1, "a"], [2, "b"]], dtype=object)
    np.save(tmp_path / "objects.npy", objects)
    np.savez(tmp_path / "objects.npz", x=np.eye(2), y=objects[:, 1])
    for name in ("objects.npy", "objects.npz"):
        with pytest.raises(ValueError, match=f"Argument `source` must be a readable .*{name}.*[Oo]bject"):
            read(tmp_path / name, label="y")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((4, 2, 2)), "y": np.arange(4)}, r"hold arrays .* 'x' of shape \(4, 2, 2\)\. Flatten"),
        ({"x": np.zeros((4, 2)), "y": np.arange(3)}, "hold arrays of one length, but is {'x': 4, 'y': 3}"),
        ({"x": np.eye(2), "y": np.arange(2), "x[0]": np.arange(2)}, r"name each column once, .* 'x\[0\]'"),
        ({"x": np.array([["1"], ["2"]]), "y": np.arange(2)}, r"have numbers for features, .* 'x\[0\]'"),
    ],
)
def test_archives_that_are_no_table_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "arrays.npz", **arrays)
    with pytest.raises(ValueError, match=f"Argument `source` must {message}"):
        read(tmp_path / "arrays.npz", label="y")


def test_a_matrix_file_of_other_axes_is_refused(tmp_path):
    np.save(tmp_path / "cube.npy", np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match=r"`source` must have 2 axes \[N, columns\], but is of shape \(2, 2, 2\)"):
        read(tmp_path / "cube.npy", label=0)


def test_a_header_that_promises_more_than_the_file_is_refused(tmp_path):
    np.save(tmp_path / "short.npy", np.zeros((50, 3)))
    whole = (tmp_path / "short.npy").read_bytes()
    (tmp_path / "short.npy").write_bytes(whole.replace(b"(50, 3)", b"(10**9,)")[:-800])
    with pytest.raises(ValueError, match=r"`source` must be a readable \.npy file"):
        read(tmp_path / "short.npy", label=0)
    (tmp_path / "short.npy").write_bytes(whole[:-8])
    with pytest.raises(ValueError, match=r"`source` must be a readable \.npy file"):
        read(tmp_path / "short.npy", label=0)


def test_sizes_are_capped_also_unpacked(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "zeros.npz", x=np.zeros((1_000, 2)), y=np.arange(1_000) % 2)
    path = text(tmp_path, "a,y", *(f"{row},{row % 2}" for row in range(2_000)))
    packed = (tmp_path / "zeros.npz").stat().st_size
    assert len(read(tmp_path / "zeros.npz", label="y").data.x) == 1_000
    monkeypatch.setattr(formats, "LARGEST", packed)
    for large in (tmp_path / "zeros.npz", path):
        with pytest.raises(ValueError, match=r"Argument `source` must take at most .* B, but is .* KiB\. Read"):
            read(large, label="y")


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "table.parquet").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"needs the package pyarrow: pip install 'jaxqkd\[data\]'"):
        read(tmp_path / "table.parquet", label="y")


def test_an_index_is_no_feature(tmp_path):
    pytest.importorskip("pyarrow")
    indexed = FRAME.set_index(pd.Index([7, 8, 9, 10], name="line"))
    indexed.to_parquet(tmp_path / "table.parquet")
    for source in (indexed, tmp_path / "table.parquet"):
        assert read(source, label="kind", ignore=["city"]).features == ("size", "count")
        with pytest.raises(ValueError, match=r"no whole number at row 1, column 'size'"):
            read(source, label="size", ignore=["city", "kind"])


def test_a_feature_matrix_has_the_columns_in_the_given_order():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [True, False]})
    x = feature_matrix(frame, ("c", "a"))
    np.testing.assert_array_equal(x, [[1, 1], [0, 2]])
    assert x.dtype == jnp.zeros(()).dtype


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (("a", "e"), "`columns` must be among those of the table, 'a', 'b', 'c', 'd', but is 'e'"),
        (("a", "b"), "`source` must have numbers for features, but is otherwise in 'b'"),
        (("a", "c"), "`source` must have a value in every cell, but is empty at row 2, column 'c'"),
        (("d",), "`source` must have finite features, but is infinite at row 1, column 'd'"),
    ],
)
def test_a_feature_matrix_of_other_columns_is_refused(columns, message):
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [1.0, None], "d": [np.inf, 0.0]})
    with pytest.raises(ValueError, match=message):
        feature_matrix(frame, columns)
