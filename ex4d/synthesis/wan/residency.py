"""Where the transformer's blocks live: all on the card, or in host memory with some on the card while work goes on.

A block that streams is one pinned buffer on the host. Slots of its size lie on the card; while one block is at work,
the next ones are copied into free slots by a stream of their own, so that the transfer hides behind the work. Both
branches of guidance pass a block while it is here, which halves the traffic.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from weakref import finalize

import torch
from torch import Tensor, nn

from ex4d.errors import SynthesisError
from ex4d.synthesis.vram import SLOTS

ALIGNMENT = 256
"""Bytes; what the card's allocator gives, and more than any kernel asks for."""


class Residency:
    """A transformer's blocks in order, each on the card when it is handed out."""

    def __init__(self, blocks: Sequence[nn.Module], device: torch.device, *, resident: int) -> None:
        """Keep ``resident`` blocks on ``device`` while at work, spread evenly; the others stream from the host."""
        self._blocks = tuple(blocks)
        self._device = device
        self._streaming = streaming_blocks(len(blocks), resident)
        self._packed: tuple[_Packed, ...] = ()
        self._rooms: dict[int, Tensor] = {}
        self._ahead: list[tuple[int, _Slot]] = []
        self._arrivals: Iterator[tuple[int, _Slot]] = iter(())
        if self._streaming:
            self._packed = tuple(_Packed.of(block) for block in blocks)
        else:
            for block in blocks:
                block.to(device)

    @contextmanager
    def on_card(self) -> Iterator[None]:
        """Hold what is needed on the card for passes; afterwards a transformer that streams leaves nothing there."""
        if not self._streaming:
            yield
            return
        try:
            self._rooms = {
                index: packed.host.to(self._device, non_blocking=True)
                for index, packed in enumerate(self._packed)
                if index not in self._streaming
            }
            for index, room in self._rooms.items():
                self._packed[index].lay_into(room)
            self._start_streaming()
            yield
        finally:
            torch.cuda.synchronize(self._device)
            for packed in self._packed:
                packed.lay_into(packed.host)
            self._rooms, self._ahead, self._arrivals = {}, [], iter(())

    def _start_streaming(self) -> None:
        largest = max(self._packed[index].host.numel() for index in self._streaming)
        self._copies = torch.cuda.Stream(self._device)
        slots = [_Slot.on(self._device, largest) for _ in range(SLOTS)]
        # Blocks follow each other round and round, step after step; so do the slots.
        self._arrivals = zip(cycle(self._streaming), cycle(slots), strict=False)
        self._ahead = [self._fetch(index, slot) for index, slot in islice(self._arrivals, SLOTS)]

    def __iter__(self) -> Iterator[nn.Module]:
        """Yield every block in order; a block is on the card until the next one is asked for."""
        for index, block in enumerate(self._blocks):
            if index not in self._streaming:
                yield block
                continue
            arriving, slot = self._ahead.pop(0)
            assert arriving == index, "a pass that was broken off leaves the blocks out of step: leave the card first"
            work = torch.cuda.current_stream(self._device)
            work.wait_event(slot.filled)
            self._packed[index].lay_into(slot.room)
            yield block
            slot.freed.record(work)
            self._ahead.append(self._fetch(*next(self._arrivals)))

    def _fetch(self, index: int, slot: _Slot) -> tuple[int, _Slot]:
        """Start copying a block into a slot, once the block that was there has done its work."""
        host = self._packed[index].host
        with torch.cuda.stream(self._copies):
            self._copies.wait_event(slot.freed)
            slot.room[: host.numel()].copy_(host, non_blocking=True)
            slot.filled.record(self._copies)
        return index, slot


def streaming_blocks(count: int, resident: int) -> tuple[int, ...]:
    """Return which of ``count`` blocks stream where ``resident`` stay: evenly spread, so that transfers have time."""
    streaming = count - min(resident, count)
    return tuple(i for i in range(count) if (i + 1) * streaming // count > i * streaming // count)


@dataclass(frozen=True)
class _Slot:
    """Room for one block on the card."""

    room: Tensor
    filled: torch.cuda.Event
    freed: torch.cuda.Event

    @classmethod
    def on(cls, device: torch.device, size: int) -> _Slot:
        """Make room, free from the time that work queued so far is done: the allocator may have had it in use."""
        freed = torch.cuda.Event()
        room = torch.empty(size, dtype=torch.uint8, device=device)
        freed.record(torch.cuda.current_stream(device))
        return cls(room, torch.cuda.Event(), freed)


@dataclass(frozen=True)
class _Packed:
    """A block's tensors as one buffer in pinned host memory."""

    tensors: tuple[Tensor, ...]
    places: tuple[int, ...]
    host: Tensor

    @classmethod
    def of(cls, block: nn.Module) -> _Packed:
        """Move a block's tensors into a buffer of their own."""
        tensors = (*block.parameters(), *block.buffers())
        places, end = [], 0
        for tensor in tensors:
            places.append(end)
            end += -(-tensor.nbytes // ALIGNMENT) * ALIGNMENT
        packed = cls(tensors, tuple(places), _pinned(end))
        for tensor, view in zip(tensors, packed._views(packed.host), strict=True):
            view.copy_(tensor)
            tensor.data = view
        return packed

    def _views(self, room: Tensor) -> list[Tensor]:
        return [
            room[start : start + tensor.nbytes].view(tensor.dtype).view(tensor.shape)
            for tensor, start in zip(self.tensors, self.places, strict=True)
        ]

    def lay_into(self, room: Tensor) -> None:
        """Let the block's tensors be what a buffer holds."""
        for tensor, view in zip(self.tensors, self._views(room), strict=True):
            tensor.data = view


def _pinned(size: int) -> Tensor:
    """Return host memory that a card can copy from by itself.

    torch's own pinned memory comes in powers of two: 1.07 GB for a block of 0.81 GB.
    """
    host = torch.empty(size, dtype=torch.uint8)
    if torch.cuda.is_available():
        runtime = torch.cuda.cudart()
        fault = int(runtime.cudaHostRegister(host.data_ptr(), size, 0))
        if fault:
            raise SynthesisError(
                f"the host has no {size / 1e9:.1f} GB more to lock for the card (CUDA error {fault}): free some of its "
                "memory, allow more of it to be locked (ulimit -l), or use a card that holds more of the model"
            )
        finalize(host, runtime.cudaHostUnregister, host.data_ptr())
    return host
