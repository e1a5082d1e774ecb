"""Guess what lies behind a frame's foreground and around its border: a second, coarser mesh far behind the first.

What a new camera uncovers is background. So the far side of every depth edge is carried on under the near side, with
its depth and colour, and the picture is continued smoothly beyond its frame. The result hangs in the world like the
source itself: seen from a moving camera it is steady by construction, which no filling on the screen can be.
"""

from __future__ import annotations

import math

import numpy as np

from ex4d.array_types import Bool, Float32, UInt8
from ex4d.artifacts.hiding import Hiding
from ex4d.artifacts.mesh_profile import widest_step
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.errors import ReconstructionError
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.cells import Cells

CELL_PX = 4
"""Pixels a cell's side: what is guessed is smooth, so a sixteenth of the pixels holds it."""
PADDING = 0.75
"""How far the layer goes beyond the frame on each side, as a share of the frame's width or height."""
BASELINE = 0.75
"""How far sideways the camera may go before it sees past what was carried behind the foreground, in near depths."""
NEAR_QUANTILE = 0.9
"""Of disparity: the near depth is that of the nearest tenth of the picture."""
VOTE_SPACINGS = (4, 2, 1)
"""Cells between the 3 x 3 whose median tells how far behind a cell its background is: single lines may err."""
OUTVOTED = 0.15
"""Relative change of disparity by the vote with which what a cell's own lines carried is not its colour any more."""
SMOOTHING_SPACINGS = (8, 4, 2, 1)
"""Cells between the taps of each pass that smooths what was carried."""
EDGE_MARGIN_CELLS = 1
"""Around depth edges, whose pixels are mixed with the foreground: no colour is taken from there."""
CARRIED_WEIGHT = np.float32(0.2)
"""Weight, one cell from the edge, of a carried colour against one that was seen; it falls with the distance squared, so
that streaks dissolve into smooth colour."""
BEHIND_ALL = 64.0
"""Depth of the layer's four corners, in largest depths: the mesh's back joins them, and must hide nothing."""


def build_background(
    colour: UInt8[np.ndarray, "height width 3"],
    depth: Float32[np.ndarray, "height width"],
    lens: Pinhole,
    *,
    known: Bool[np.ndarray, "height width"] | None = None,
    cell_px: int = CELL_PX,
    padding: float = PADDING,
    baseline: float = BASELINE,
) -> WatertightMesh:
    """Build the layer that hangs behind a frame: its own size and lens, nothing hidden, in the same camera axes.

    ``depth`` is z in any unit, complete, positive and finite; where it is not ``known`` (all known by default) it was
    guessed, and the colour there is not trusted. The layer's colours are at least (1, 1, 1): black, in its render,
    means that it was not hit.

    Raises:
        ReconstructionError: for sizes that differ, and for depth that is not finite or not positive.
    """
    from ex4d.reconstruction.far_side_sweeps import gather_cells

    _check(colour, depth, lens)
    if known is None:
        known = np.ones(depth.shape, np.bool_)
    edge_ratio = np.float32(widest_step(lens.focal_px))
    cells = gather_cells(colour, np.ascontiguousarray(depth), known, cell_px, edge_ratio)
    layer = _pad(cells, _uncover(cells, baseline * lens.focal_px / cell_px), padding)
    return _hang(layer, lens, cell_px, cells.disparity.shape)


def _check(
    colour: UInt8[np.ndarray, "colour_height colour_width 3"], depth: Float32[np.ndarray, "height width"], lens: Pinhole
) -> None:
    height, width = depth.shape
    if colour.shape[:2] != depth.shape or (lens.width, lens.height) != (width, height):
        raise ReconstructionError(
            f"colour {colour.shape[1]}x{colour.shape[0]}, depth {width}x{height} and lens {lens.width}x{lens.height} "
            "differ in size; fit all three to one size first"
        )
    if not (np.isfinite(depth).all() and (depth > 0).all()):
        raise ReconstructionError("depth must be finite and positive everywhere; fill what is unknown first")


def _uncover(cells: Cells, shift_px: float) -> Float32[np.ndarray, "rows columns 4"]:
    """Return disparity and colour of the frame with its foreground taken away, as far as a camera may see behind it."""
    from ex4d.media.pull_push import pull_push
    from ex4d.reconstruction.far_side_sweeps import away_from, smooth_behind, sweep, vote

    pure = away_from(cells.edge, EDGE_MARGIN_CELLS) & cells.known
    reach = np.float32(shift_px / np.quantile(cells.disparity, NEAR_QUANTILE))
    far = sweep(cells, pure, reach)
    hidden, painted = far.weight > 0, far.colour_weight > 0
    layer = np.concatenate([np.where(cells.edge, cells.farthest, cells.disparity)[..., None], cells.colour], axis=-1)
    layer[hidden, 0] = far.disparity[hidden] / far.weight[hidden]
    layer[painted, 1:] = far.colour[painted] / far.colour_weight[painted, None]
    trust = np.where(hidden, CARRIED_WEIGHT * far.closeness**2, pure & ~far.beyond).astype(np.float32)
    replaced = hidden | cells.edge
    single = layer[..., 0].copy()
    for spacing in VOTE_SPACINGS:
        layer[..., 0] = vote(np.ascontiguousarray(layer[..., 0]), hidden, spacing)
    trust[hidden & (np.abs(single / layer[..., 0] - 1) > OUTVOTED)] = 0.0
    for spacing in SMOOTHING_SPACINGS:
        layer, trust = smooth_behind(layer, trust, replaced, spacing)
    unknown = replaced & (trust == 0)
    if unknown.any() and trust.any():
        layer[unknown, 1:] = pull_push(layer, trust, favour_far=True)[unknown, 1:]
    return layer


def _pad(
    cells: Cells, layer: Float32[np.ndarray, "rows columns 4"], padding: float
) -> Float32[np.ndarray, "padded_rows padded_columns 4"]:
    """Continue the frame, foreground and all, beyond its border, and put the uncovered layer inside.

    The frame's rim stays as it is, so that a thing that the border cuts is not outlined by what lies behind it.
    """
    from ex4d.reconstruction.frame_extension import extend

    rows, columns = cells.disparity.shape
    above, before = math.ceil(padding * rows), math.ceil(padding * columns)
    canvas = extend(np.concatenate([cells.disparity[..., None], cells.colour], axis=-1), above, before)
    canvas[above + 1 : above + rows - 1, before + 1 : before + columns - 1] = layer[1:-1, 1:-1]
    return canvas


def _hang(
    layer: Float32[np.ndarray, "rows columns 4"], lens: Pinhole, cell_px: int, inside: tuple[int, ...]
) -> WatertightMesh:
    """Make the mesh: no face is hidden, and only the corners go behind everything."""
    rows, columns = layer.shape[:2]
    depth = 1.0 / layer[..., 0]
    depth[:: rows - 1, :: columns - 1] = BEHIND_ALL * depth.max()
    above, before = (rows - inside[0]) // 2, (columns - inside[1]) // 2
    center = (lens.center_px[0] / cell_px + before, lens.center_px[1] / cell_px + above)
    return WatertightMesh(
        depth=depth,
        colour=np.clip(layer[..., 1:] + 0.5, 1, 255).astype(np.uint8),
        hiding=Hiding.nothing(rows, columns),
        lens=Pinhole(columns, rows, lens.focal_px / cell_px, center),
    )
