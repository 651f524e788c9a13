"""The root type of mutations."""

import strawberry

from schema.access_mutation import AccessMutations
from schema.action import ActionMutations
from schema.cohort import CohortMutations
from schema.insight import InsightMutations
from schema.project_mutation import ProjectMutations


@strawberry.type(description="The mutations.")
class Mutation(AccessMutations, ActionMutations, CohortMutations, InsightMutations, ProjectMutations):
    pass
