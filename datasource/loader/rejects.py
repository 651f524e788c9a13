"""The file of rows that were not loaded: one JSON object per line."""

from pathlib import Path
from types import TracebackType
from typing import IO, Self

import orjson

from datasource.loader.chunks import Rejects
from datasource.loader.limits import MAX_REJECTS
from datasource.private_files import make_file, make_folder
from errors import BadUserInput


class RejectsFile:
    """Created at the first reject; a file that an earlier load left at the path is deleted.

    It holds the first rejects of a load. `count` is the number of all.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._written = 0
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        """Raises BadUserInput when the file cannot be written."""
        if self.count == 0:
            try:
                make_folder(self.path.parent)
                make_file(self.path)
                self.path.unlink()
            except OSError as failure:
                raise BadUserInput(
                    "The rejects file {file} cannot be written: {reason}.",
                    file=self.path,
                    reason=failure.strerror,
                    hint="Choose another place with --rejects PATH.",
                ) from failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def add(self, file: Path, rejects: Rejects) -> None:
        """Append the rejects; they are on disk when this returns."""
        self.count += rejects.count
        for reject in rejects.kept[: MAX_REJECTS - self._written]:
            self._file = self._file or self._open()
            self._written += 1
            raw = reject.raw.decode(errors="replace")
            line = {"file": str(file), "row": reject.row, "reason": reject.reason, "line": raw}
            self._file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        if self._file is not None:
            self._file.flush()

    @property
    def left_out(self) -> int:
        """The number of rejects that the file does not hold."""
        return self.count - self._written

    def _open(self) -> IO[bytes]:
        make_file(self.path)
        return self.path.open("ab")
