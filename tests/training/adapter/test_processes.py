"""Processes that train together learn what one learns; only the first writes and speaks.

They are forked, not started anew, which would take ten seconds for their imports; a card forbids it.
"""

import json
import multiprocessing
import os
import socket
from unittest.mock import Mock

import imageio.v3 as images
import numpy as np
import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from ex4d.training.adapter.log import read_log
from ex4d.training.adapter.loop import train_adapter
from ex4d.training.adapter.processes import processes_on
from ex4d.training.adapter.run import train
from ex4d.training.config.records import Keeping, Training
from tests.synthesis.wan.random_transformer import error
from tests.training.adapter.test_loop import FOUR, TOLERANCE, Small, small
from tests.training.adapter.test_run import Listener, config_of
from tests.training.tiny_prepared import write_tiny_prepared

pytestmark = [
    pytest.mark.skipif(torch.cuda.is_available(), reason="autograd's threads of a card cannot be forked"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]
PROCESSES, PATIENCE = 2, 60.0
"""How many, and the seconds that they are waited for."""


def together(work, *given):
    """Run ``work(rank, *given)`` in processes as torchrun starts them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    fork = multiprocessing.get_context("fork")
    started = [fork.Process(target=_work, args=(rank, port, work, given)) for rank in range(PROCESSES)]
    for process in started:
        process.start()
    for process in started:
        process.join(PATIENCE)
    codes = [process.exitcode for process in started]
    for process in started:
        process.kill()
    assert codes == [0] * PROCESSES


def _work(rank, port, work, given):
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(PROCESSES), "OMP_NUM_THREADS": "1"}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    AcceleratorState._reset_state(reset_partial_state=True)
    torch.set_num_threads(1)
    work(rank, *given)
    torch.distributed.destroy_process_group()


def _learn(rank, folder):
    steps = []
    learner = train_adapter(small(checkpointing=True), Small(), Training(**FOUR, at_once=2), on_step=steps.append)
    told = [(done.step, done.loss, done.gradient_norm) for done in steps]
    torch.save(learner.adapter.exported(), folder / f"{rank}.pt")
    (folder / f"{rank}.json").write_text(json.dumps(told))


def test_two_processes_learn_what_one_does(tmp_path):
    steps = []
    alone = train_adapter(small(), Small(), Training(**FOUR, at_once=4), on_step=steps.append).adapter.exported()

    together(_learn, tmp_path)

    for rank in range(PROCESSES):
        learned, told = torch.load(tmp_path / f"{rank}.pt"), json.loads((tmp_path / f"{rank}.json").read_text())
        assert all(error(learned[name], value) <= TOLERANCE for name, value in alone.items())
        for (step, loss, norm), done in zip(told, steps, strict=True):
            assert (step, loss, norm) == (
                done.step,
                pytest.approx(done.loss, rel=1e-5),
                pytest.approx(done.gradient_norm, rel=1e-4),
            )
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(PROCESSES))
    assert all(torch.equal(second[name], value) for name, value in first.items())


def _run(rank, output, prepared, wan_folder, config):
    listener = Listener()
    train(config, prepared, wan_folder, device="cpu", progress=listener)
    (output / f"said-{rank}.json").write_text(json.dumps(listener.said))


def _plain(_, latents):
    """Frames without a decoder."""
    levels = (40 * latents[0, :3] + 128).clamp(0, 255).permute(1, 2, 3, 0)
    return np.kron(levels.numpy(), np.ones((2, 8, 8, 1))).astype(np.uint8)


def test_the_first_of_two_processes_writes_and_speaks(wan_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("ex4d.training.adapter.samples.latents_to_frames", _plain)
    keep = Keeping(checkpoint_every=1, keep=1, validate_every=1, sample_every=1, samples=3, sample_steps=1)
    prepared = write_tiny_prepared(tmp_path / "prepared", trained=2, held_out=3)
    alone, both = tmp_path / "alone", tmp_path / "both"
    train(config_of(alone, keep=keep, steps=1), prepared, wan_folder, device="cpu")
    both.mkdir()

    together(_run, both, prepared, wan_folder, config_of(both, keep=keep, steps=1))

    assert json.loads((both / "said-0.json").read_text())
    assert json.loads((both / "said-1.json").read_text()) == []
    written = {path.relative_to(both) for path in both.rglob("*") if path.is_file() and "said" not in path.name}
    assert written == {path.relative_to(alone) for path in alone.rglob("*") if path.is_file()}
    logs = [read_log(output / "log.jsonl") for output in (alone, both)]
    for one, other in zip(*logs, strict=True):
        assert other["validation"] == pytest.approx(one["validation"], rel=1e-5)
    wanted = torch.load(alone / "ex4d.ckpt")
    for name, value in torch.load(both / "ex4d.ckpt").items():
        assert torch.allclose(value, wanted[name], atol=1e-5)
    sheets = [images.imread(output / "samples" / "step-000001.png").astype(int) for output in (alone, both)]
    assert np.abs(sheets[0] - sheets[1]).max() <= 2
    assert len({sheets[0][start : start + 96].tobytes() for start in (0, 100, 200)}) == 3


@pytest.mark.parametrize(
    ("device", "processes", "taken"),
    [("cuda:1", "1", ["cuda:1"]), ("cuda", "1", []), ("cuda:1", "2", []), ("cuda:2", "1", []), ("cpu", "1", [])],
)
def test_alone_it_works_on_the_card_that_is_named(device, processes, taken, monkeypatch):
    current = []
    monkeypatch.setenv("WORLD_SIZE", processes)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.set_device", lambda named: current.append(str(named)))
    monkeypatch.setattr("ex4d.training.adapter.processes.Accelerator", lambda **_: Mock(Accelerator))

    processes_on(torch.device(device))

    assert current == taken
