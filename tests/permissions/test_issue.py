import pytest

from datasource.metadata.keys import find_key, list_keys
from datasource.metadata.members import add_member
from datasource.metadata.organizations import create_organization
from datasource.metadata.projects import create_project, ensure_project
from datasource.metadata.records import MemberRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput
from permissions.api_keys import hash_key
from permissions.issue import issue_key


@pytest.fixture
async def owner(store: MetadataStore) -> MemberRecord:
    organization = await create_organization(store, name="Acme")
    return await add_member(store, email="ada@example.com", organization_id=organization.id)


async def test_issued_key_is_stored_by_its_hash_alone(store: MetadataStore, owner: MemberRecord) -> None:
    issued = await issue_key(store, owner=owner, label=" CI ", scopes=["insight:read"])
    found = await find_key(store, hash_key(issued.value))
    assert found is not None
    assert found.key == issued.record
    assert (issued.record.label, issued.record.scopes) == ("CI", ("insight:read",))
    assert issued.record.mask == f"phx_...{issued.value[-4:]}"
    assert issued.value not in repr(issued)


async def test_issued_key_can_be_scoped_to_what_the_owner_reaches(
    store: MetadataStore, owner: MemberRecord
) -> None:
    organization_id = owner.organization_ids[0]
    project = await create_project(store, organization_id=organization_id, name="P")
    issued = await issue_key(
        store,
        owner=owner,
        label="narrow",
        scopes=["*"],
        scoped_projects=[project.id, project.id],
        scoped_organizations=[organization_id],
    )
    assert issued.record.scoped_projects == (project.id,)
    assert issued.record.scoped_organizations == (organization_id,)


async def test_key_scoped_to_a_foreign_or_missing_project_is_refused_alike(
    store: MetadataStore, owner: MemberRecord
) -> None:
    foreign = await ensure_project(store, organization="Strangers", name="Foreign")
    for project_id in (foreign.id, 99):
        with pytest.raises(BadUserInput) as caught:
            await issue_key(store, owner=owner, label="x", scopes=["*"], scoped_projects=[project_id])
        assert caught.value.message == f"ada@example.com does not reach a project {project_id}."
    assert await list_keys(store) == ()


async def test_key_scoped_to_a_foreign_organization_is_refused(store: MetadataStore, owner: MemberRecord) -> None:
    strangers = await create_organization(store, name="Strangers")
    with pytest.raises(BadUserInput, match="is not a member of the organization"):
        await issue_key(store, owner=owner, label="x", scopes=["*"], scoped_organizations=[strangers.id])


@pytest.mark.parametrize("label", ["", "   ", "x" * 41, "a\nb"])
async def test_key_with_an_unusable_label_is_refused(
    store: MetadataStore, owner: MemberRecord, label: str
) -> None:
    with pytest.raises(BadUserInput, match="label"):
        await issue_key(store, owner=owner, label=label, scopes=["*"])


async def test_key_with_a_label_of_40_characters_is_issued(store: MetadataStore, owner: MemberRecord) -> None:
    assert (await issue_key(store, owner=owner, label="x" * 40, scopes=["*"])).record.label == "x" * 40


@pytest.mark.parametrize("scopes", [[], ["insight:admin"]])
async def test_key_without_valid_scopes_is_refused(
    store: MetadataStore, owner: MemberRecord, scopes: list[str]
) -> None:
    with pytest.raises(BadUserInput, match="scope"):
        await issue_key(store, owner=owner, label="x", scopes=scopes)
