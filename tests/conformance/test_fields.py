import pytest

from tests.conformance.fields import CaseError, Fields, read_object


def test_object_with_an_unknown_key_is_rejected_by_its_name() -> None:
    with pytest.raises(CaseError, match="filter: unknown key 'mathh'"), read_object({"mathh": 1}, "filter"):
        pass


def test_object_whose_keys_are_taken_is_accepted() -> None:
    with read_object({"a": None, "b": 2, "name": "x"}, "filter") as fields:
        assert (fields.take("a", 1), fields.take("b", 1), fields.take("c", 3)) == (1, 2, 3)
        fields.drop(("name",))


@pytest.mark.parametrize("value", [None, [], "text", 1])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(CaseError, match="must be an object"):
        Fields(value, "filter")


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("text", 1),
        ("required_text", ""),
        ("required_text", None),
        ("integer", 1.5),
        ("integer", True),
        ("number", "1"),
        ("number", False),
        ("flag", "true"),
        ("flag", 1),
        ("items", {}),
        ("mapping", []),
    ],
)
def test_value_of_another_type_is_refused_with_its_place(method: str, value: object) -> None:
    fields = Fields({"key": value}, "filter")
    with pytest.raises(CaseError, match=r"filter\.key"):
        getattr(fields, method)("key")
