from pathlib import Path

from commands.doctor import _skew
from tests.support.command_line import Run, stdout_of


def test_doctor_names_what_is_missing_and_creates_nothing(run: Run, tmp_path: Path) -> None:
    done = run("doctor", TRENDGATE_CLICKHOSE_URL="x")
    assert done.status == 1
    assert "warning: TRENDGATE_CLICKHOSE_URL is not a setting" in done.stdout
    assert "fix: Did you mean TRENDGATE_CLICKHOUSE_URL?" in done.stdout
    assert f"The data folder {tmp_path}/data does not exist yet." in done.stdout
    assert "error:   metadata: There is no metadata store at" in done.stdout
    assert not (tmp_path / "data").exists()


def test_doctor_checks_the_folder_and_the_metadata(run: Run, tmp_path: Path) -> None:
    stdout_of(run("migrate"))
    printed = stdout_of(run("doctor"))
    assert f"ok:      Data folder {tmp_path}/data, mode 700" in printed
    assert "ok:      metadata: SQLite 3." in printed
    assert "fix: trendgate project create NAME" in printed
    (tmp_path / "data").chmod(0o755)
    assert "warning: Other accounts can open the data folder" in stdout_of(run("doctor"))


def test_doctor_reports_an_unreachable_server(run: Run) -> None:
    stdout_of(run("migrate"))
    done = run("doctor", TRENDGATE_CLICKHOUSE_URL="clickhouse://127.0.0.1:1/default")
    assert done.status == 1
    assert "error:   events: " in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_clocks_may_differ_by_the_time_of_the_request() -> None:
    assert _skew("X", 1000.0, 1000.0 - 60) == []
    ((result, found, _),) = _skew("X", 1000.0, 1060.0)
    assert (result, found) == ("warning", "The clock of X differs by -60.0 s.")
