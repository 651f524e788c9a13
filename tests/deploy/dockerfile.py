"""The parsed Dockerfile, for tests that build and run the image without a container engine."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"


@dataclass(frozen=True)
class Instruction:
    stage: int
    word: str
    rest: str

    @property
    def command(self) -> list[str]:
        """The words of an instruction in JSON form."""
        return [str(word) for word in json.loads(self.rest)]


def read_instructions(text: str) -> Iterator[Instruction]:
    stage = -1
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for statement in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if statement.strip():
            word, _, rest = statement.strip().partition(" ")
            stage += word == "FROM"
            yield Instruction(stage, word, " ".join(rest.split()))


INSTRUCTIONS = tuple(read_instructions(DOCKERFILE.read_text(encoding="utf-8")))


def only(word: str, *, stage: int = 1) -> Instruction:
    (found,) = (each for each in INSTRUCTIONS if (each.stage, each.word) == (stage, word))
    return found


def copied() -> Iterator[tuple[Path, str]]:
    """The files and folders that the build copies from the repository, each with its target."""
    for each in INSTRUCTIONS:
        if each.word == "COPY" and not each.rest.startswith("--from"):
            *sources, target = each.rest.split()
            yield from ((ROOT / source, target) for source in sources)


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in only("ENV").rest.split())
