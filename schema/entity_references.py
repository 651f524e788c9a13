"""References to entities, as routers of a supergraph send them."""

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
    """Raise BadUserInput for more references than a request may contain."""
    if len(representations) > MAX_ENTITIES:
        raise BadUserInput(
            "The request has {count} representations; the limit is {limit}.",
            count=len(representations),
            limit=MAX_ENTITIES,
            path=("representations",),
            hint="Split them into several requests.",
        )


def read_reference(representation: object, index: int) -> dict[str, object]:
    """Return `__typename` and the arguments of resolve_reference, ignoring fields that are not part of the key.

    Raises BadUserInput for a reference to something else; `index` is its position among the representations.
    """
    path = ("representations", index)
    type_name = representation.get("__typename") if isinstance(representation, dict) else None
    if not isinstance(representation, dict) or not isinstance(type_name, str) or type_name not in ENTITIES:
        raise BadUserInput(
            "The representation is not of an entity of this schema.",
            path=path,
            hint="Valid values of __typename: {types}.",
            types=tuple(ENTITIES),
        )
    reference: dict[str, object] = {"__typename": type_name}
    for key, argument in ENTITIES[type_name].items():
        reference[argument] = _read_id(representation.get(key), (*path, key))
    return reference


def _read_id(value: object, path: tuple[str | int, ...]) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise BadUserInput("The representation lacks an ID of its key.", path=path)
    return str(value)
