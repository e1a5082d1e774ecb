"""Loading holds a shard and what is kept, never the whole model twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from diffusers import WanTransformer3DModel

from tests.synthesis.wan.tiny_wan import _TRANSFORMER, _replaced, write_shards

MIB = 2**20


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the system's own count of memory")
def test_the_host_holds_no_more_than_what_is_kept_and_a_third_over_a_shard(tmp_path):
    """Anonymous memory: pages of a mapped file are given back when they are needed, and the second count has them."""
    kept = write_model(tmp_path)
    shard = max(file.stat().st_size for file in tmp_path.glob("*.safetensors")) / MIB
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )
    anonymous, all_pages = json.loads(done.stdout)

    assert kept * 0.95 < anonymous < kept + 1.3 * shard
    assert all_pages < kept + 1.3 * shard
    assert kept + 1.3 * shard < 1.5 * kept  # what a load of all shards at once would take


def write_model(folder):
    """Write a model of some 200 MiB in six shards; return its size in MiB."""
    with torch.device("meta"):
        model = WanTransformer3DModel(
            num_attention_heads=8, attention_head_dim=128, in_channels=36, out_channels=16, text_dim=64, freq_dim=16,
            ffn_dim=4096, num_layers=6, image_dim=64, added_kv_proj_dim=1024,
        )  # fmt: skip
    tensors = {
        _replaced(name, _TRANSFORMER): torch.zeros(one.shape, dtype=torch.bfloat16)
        for name, one in model.state_dict().items()
    }
    write_shards(folder, tensors, shards=6)
    return sum(one.nbytes for one in tensors.values()) / MIB


MEASURE = """
import json, sys, threading, time
from pathlib import Path
import torch
from ex4d.synthesis.wan.loading import load_transformer
from ex4d.synthesis.wan.weight_folders import find_wan_folder

def held():
    lines = Path("/proc/self/status").read_text().splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith("Rss")}
    return sizes["RssAnon"] / 1024, (sizes["RssAnon"] + sizes["RssFile"]) / 1024

torch.ones(8, 8, dtype=torch.bfloat16) @ torch.ones(8, 8, dtype=torch.bfloat16)
before, most, done = held(), [0.0, 0.0], threading.Event()

def watch():
    while not done.is_set():
        for which, now in enumerate(held()):
            most[which] = max(most[which], now - before[which])
        time.sleep(0.001)

watcher = threading.Thread(target=watch)
watcher.start()
folder = find_wan_folder(Path(sys.argv[1]))
model = load_transformer(folder, dtype=torch.bfloat16, device_of=lambda _: torch.device("cpu"), fuse=True)
done.set()
watcher.join()
print(json.dumps(most))
"""
