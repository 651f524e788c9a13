"""The cases that are not run, each with the decision that sets it aside."""

from collections.abc import Mapping

SET_ASIDE: Mapping[str, str] = {
    "test_sampling_adjustment": "its figures follow from one hash function of distinct ids; ours samples people",
}
