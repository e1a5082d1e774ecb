"""A log goes on where the checkpoint is, whatever came after it."""

import json

import pytest

from ex4d.errors import OutputError
from ex4d.training.adapter.log import Log, read_log


def test_what_is_written_is_read(tmp_path):
    log = Log.going_on(tmp_path / "out" / "log.jsonl", after=0)
    entries = [{"step": 1, "loss": 0.1 + 0.2, "seconds": 1.5}, {"step": 2, "loss": 1e-30}]

    for entry in entries:
        log.add(entry)

    assert read_log(log.file) == entries
    assert [json.loads(line) for line in log.file.read_text().splitlines()] == entries


def test_steps_that_are_taken_again_are_dropped_and_a_cut_line_is_none(tmp_path):
    log = Log(tmp_path / "log.jsonl")
    for step in range(1, 7):
        log.add({"step": step, "loss": 1.0 / step})
    with log.file.open("a") as opened:
        opened.write('{"step": 7, "lo')

    again = Log.going_on(log.file, after=4)
    again.add({"step": 5, "loss": 0.0})

    assert [entry["step"] for entry in read_log(log.file)] == [1, 2, 3, 4, 5]
    assert read_log(log.file)[-1]["loss"] == 0.0


def test_lines_that_are_no_entries_are_passed_over(tmp_path):
    (tmp_path / "log.jsonl").write_text('[]\n{"loss": 1}\n{"step": "1"}\n\n{"step": 1}\n')

    assert read_log(tmp_path / "log.jsonl") == [{"step": 1}]
    assert read_log(tmp_path / "none.jsonl") == []


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "log.jsonl").mkdir()

    with pytest.raises(OutputError, match=r"log\.jsonl cannot be written"):
        Log(tmp_path / "log.jsonl").add({"step": 1})
