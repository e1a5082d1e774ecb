"""What a hundred thousand broken shot lists and presets do to ``ex4d check``.

Run from the checkout: python -m tests.bench.bench_mutations [MUTANTS] [PROCESSES]
"""

import os
import platform
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

from tests.shotlist.mutant_runs import SLOWEST_S, Tally, run

MUTANTS, A_BATCH, FIRST_SEED = 100_000, 1_000, 1_000


def main(mutants: int = MUTANTS, processes: int = os.cpu_count() or 1) -> None:
    batches = -(-mutants // A_BATCH)
    start, total = time.perf_counter(), Tally()
    with ProcessPoolExecutor(processes) as pool:
        for found in pool.map(run, range(FIRST_SEED, FIRST_SEED + batches), repeat(A_BATCH)):
            total.add(found)
    took = time.perf_counter() - start
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {processes} processes")
    print(f"mutants  {total.mutants:8d}   in {took:.0f} s")
    for name in ("parsed", "read", "sound"):
        print(f"{name:8s} {getattr(total, name):8d}   {getattr(total, name) / total.mutants:.1%}")
    print(f"faults   {total.faults:8d}   of the others, {total.faults / (total.mutants - total.sound):.2f} each")
    print(f"slowest  {1000 * total.slowest:8.0f} ms of processor time; at most {1000 * SLOWEST_S:.0f}")
    print(f"wrong    {len(total.wrong):8d}")
    print(*total.wrong[:20], sep="\n\n")
    print(f"the slowest:\n{total.slowest_text}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
