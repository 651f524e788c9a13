"""What a router may refer to, and how its references are read."""

from errors import BadUserInput

# The key fields of every entity, each with the name of its argument of resolve_reference.
ENTITIES = {
    "Project": {"id": "id"},
    "Action": {"projectId": "project_id", "id": "id"},
    "Insight": {"projectId": "project_id", "id": "id"},
    "Cohort": {"projectId": "project_id", "id": "id"},
}
MAX_ENTITIES = 200


def check_representation_count(representations: list[object]) -> None:
    """Raises BadUserInput for more than a request may hold."""
    if len(representations) > MAX_ENTITIES:
        raise BadUserInput(
            f"There are {len(representations)} representations; {MAX_ENTITIES} are allowed.",
            path=("representations",),
            hint="Send the rest in further requests.",
        )


def read_reference(representation: object, index: int) -> dict[str, object]:
    """`__typename` and the arguments of resolve_reference; what a router sends besides the key is left out.

    Raises BadUserInput for what refers to no entity; `index` is its place among the representations.
    """
    path = ("representations", index)
    type_name = representation.get("__typename") if isinstance(representation, dict) else None
    if not isinstance(representation, dict) or not isinstance(type_name, str) or type_name not in ENTITIES:
        raise BadUserInput(
            "A representation names no entity of this schema.",
            path=path,
            hint=f"Its __typename is one of: {', '.join(ENTITIES)}.",
        )
    reference: dict[str, object] = {"__typename": type_name}
    for key, argument in ENTITIES[type_name].items():
        reference[argument] = _read_id(representation.get(key), (*path, key))
    return reference


def _read_id(value: object, path: tuple[str | int, ...]) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise BadUserInput("A representation lacks its key, an ID.", path=path)
    return str(value)
