"""Every place where the language says that something is wrong has its text among the error texts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import ex4d.shotlist
import ex4d.trajectory
from tests.shotlist.error_cases import TOPICS
from tests.shotlist.test_error_texts import text_of
from tests.shotlist.told import places, reaching

SHOTLIST, TRAJECTORY = (Path(package.__file__ or "").parent for package in (ex4d.shotlist, ex4d.trajectory))
COMMANDS = ("pinning.py", "trials.py", "lock_file.py: raise OutputError", "lock_file.py: raise UserError")
"""What ``ex4d presets`` says, which tests/cli and tests/preflight read."""
NO_FILE_CAUSES = {
    "presets.py: self._fault(written, f'the presets of": "takes a second; tests/shotlist/test_presets.py has its text",
    "arithmetic.py: raise self._error(f'{quoted(self._next)} was not": "parentheses match before arithmetic is read",
    "library.py: raise ValueError(f'preset {preset.identity} is built": "an installation that is broken",
    "shipped.py: raise MissingPart": "an installation that is broken",
    "records.py: raise ValueError(message)": "records that are built from Python, without a report",
    "zoom.py: raise ValueError(f'needs either": "records that are built from Python",
    "units.py: raise ValueError(_not_a_number(text))": "a quantity's number has matched before it is read",
    "yaml_text.py: raise _Unreadable(Fault(file, 1, 1, '', f'this is not YAML": "all that libyaml says has a place",
    "turntable.py: raise TrajectoryError": "records that are built from Python: closer is at most 99%",
}


def missed() -> list[str]:
    """Return the places that no case reaches."""
    told = {
        (str(file), line): f"{file.name}: {source}"
        for folder in (SHOTLIST, TRAJECTORY)
        for file in sorted(folder.glob("*.py"))
        for line, source in places(file).items()
    }
    with reaching(set(told)) as reached:
        for cases in TOPICS.values():
            for case in cases.values():
                text_of(case)
    return [source for place, source in told.items() if place not in reached]


def test_every_fault_has_its_text() -> None:
    """Each line that raises or notes a fault is reached by a case, but those that no file can reach."""
    command = [sys.executable, "-m", "tests.shotlist.test_what_is_told"]  # without the checks that tests run under
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert [source for source in found if not source.startswith((*COMMANDS, *NO_FILE_CAUSES))] == []
    assert [start for start in NO_FILE_CAUSES if not any(source.startswith(start) for source in found)] == []


if __name__ == "__main__":
    sys.stdout.write(json.dumps(missed()))
