"""The courtyard without the fox, as one signed distance with a material for each solid.

The paving (y = 0) and the sky dome are met analytically by the renderer and are not part of ``distance``.
"""

from __future__ import annotations

import math

from numba import njit

from shots.media.courtyard.shapes import JIT, box, cylinder, ellipsoid, leaves

PAVING, SKY, BRICK, STONE, CLAY, LEAF, WOOD, GLOW, IRON, PANE, WATER, HILL, TILE, BLOSSOM, CYPRESS, PLASTER, PAPER = (
    range(17)
)

ARCH_X, ARCH_HALF, ARCH_SPRING = 1.6, 0.85, 1.55
"""The gate: its middle, half its width, and where its round arch springs from the jambs; metres."""
WALL_FRONT = 9.5
"""z of the back wall's face."""
FAR = 1e9


@njit(**JIT)
def _arch(x: float, y: float) -> float:
    """Distance in the wall's plane to the outline of the gate's opening."""
    above = max(y - ARCH_SPRING, 0.0)
    return math.sqrt((x - ARCH_X) ** 2 + above * above) - ARCH_HALF


@njit(**JIT)
def _wall(x: float, y: float, z: float) -> tuple[float, int]:
    """Back wall with plinth, coping, window and the gate's block, roof, arch ring and steps."""
    arch = _arch(x, y)
    d = box(x, y - 1.2, z - 9.8, 12.0, 1.2, 0.3)
    d = min(d, box(x - ARCH_X, y - 1.6, z - 9.75, 1.55, 1.6, 0.5))
    d = max(d, -box(x + 2.95, y - 1.45, z - 9.5, 0.42, 0.52, 0.2))
    d = max(d, -arch)
    material = BRICK
    stone = box(x, y - 2.46, z - 9.8, 12.0, 0.08, 0.42)
    plinth = min(box(x, y - 0.19, z - 9.8, 12.0, 0.19, 0.4), box(x - ARCH_X, y - 0.22, z - 9.75, 1.63, 0.22, 0.58))
    stone = max(min(stone, plinth), -arch)
    ring = max(abs(arch - 0.12) - 0.12, abs(z - 9.32) - 0.2)
    stone = min(stone, max(ring, 0.3 - y))
    stone = min(stone, box(x - ARCH_X, y - 2.62, z - 9.2, 0.15, 0.24, 0.2))
    stone = min(stone, box(x - ARCH_X, y - 3.22, z - 9.75, 1.68, 0.08, 0.62))
    stone = min(stone, box(x - ARCH_X, y - 0.08, z - 9.0, 1.35, 0.08, 0.4))
    stone = min(stone, box(x - ARCH_X, y - 0.12, z - 9.6, 1.1, 0.12, 0.7))
    frame = max(box(x + 2.95, y - 1.45, z - 9.5, 0.54, 0.64, 0.07), -box(x + 2.95, y - 1.45, z - 9.5, 0.42, 0.52, 0.3))
    stone = min(stone, frame, box(x + 2.95, y - 0.78, z - 9.45, 0.64, 0.06, 0.17))
    if stone < d:
        d, material = stone, STONE
    pane = box(x + 2.95, y - 1.45, z - 9.72, 0.5, 0.6, 0.05)
    if pane < d:
        d, material = pane, PANE
    bars = min(
        box(x + 2.95, y - 1.45, z - 9.64, 0.035, 0.52, 0.04), box(x + 2.95, y - 1.5, z - 9.64, 0.42, 0.035, 0.04)
    )
    if bars < d:
        d, material = bars, WOOD
    side = abs(x - ARCH_X)
    roof = max(0.53 * (side - 1.95) + 0.848 * (y - 3.3), 3.26 - y, abs(z - 9.75) - 0.75)
    if roof < d:
        d, material = roof, TILE
    side = abs(x - ARCH_X) - 1.25
    lamp = box(side, y - 1.95, z - 9.02, 0.085, 0.125, 0.085)
    if lamp < d:
        d, material = lamp, GLOW
    iron = min(box(side, y - 2.11, z - 9.02, 0.12, 0.035, 0.12), box(side, y - 1.8, z - 9.02, 0.1, 0.03, 0.1))
    iron = min(iron, box(side, y - 2.17, z - 9.02, 0.06, 0.04, 0.06), box(side, y - 2.15, z - 9.15, 0.035, 0.035, 0.15))
    if iron < d:
        d, material = iron, IRON
    return d, material


@njit(**JIT)
def _pergola(x: float, y: float, z: float) -> tuple[float, int]:
    """Pillars, beams, paper lanterns and the vine on top, to the left."""
    repeat = z - (6.6 if z < 7.9 else 9.2)
    d = cylinder(x + 2.7, y - 1.2, repeat, 0.17, 1.2)
    d = min(d, box(x + 2.7, y - 0.16, repeat, 0.27, 0.16, 0.27))
    d = min(d, box(x + 2.7, y - 2.42, repeat, 0.25, 0.09, 0.25))
    material = STONE
    wood = box(x + 2.7, y - 2.62, z - 7.9, 0.12, 0.12, 1.65)
    step = max(-1.0, min(1.0, math.floor((z - 7.9) / 0.95 + 0.5)))
    wood = min(wood, box(x + 3.9, y - 2.78, z - 7.9 - 0.95 * step, 1.75, 0.07, 0.08))
    if wood < d:
        d, material = wood, WOOD
    hang_z = z - 7.75 - 0.9 * max(-1.0, min(1.0, math.floor((z - 7.75) / 0.9 + 0.5)))
    hang_x = x + 2.45
    paper = ellipsoid(hang_x, y - 2.16, hang_z, 0.16, 0.19, 0.16)
    if paper < d:
        d, material = paper, PAPER
    iron = min(cylinder(hang_x, y - 2.345, hang_z, 0.07, 0.025), cylinder(hang_x, y - 1.975, hang_z, 0.06, 0.02))
    iron = min(iron, box(hang_x + 0.08, y - 2.45, hang_z, 0.11, 0.04, 0.035))
    if iron < d:
        d, material = iron, IRON
    vine = min(
        ellipsoid(x + 3.9, y - 3.0, z - 8.2, 1.6, 0.3, 1.7), ellipsoid(x + 2.95, y - 2.85, z - 6.75, 0.6, 0.28, 0.5)
    )
    if vine < d + 0.2:
        vine = 0.7 * (vine - 0.16 * leaves(x, y, z, 7.0))
        if vine < d:
            d, material = vine, LEAF
    return d, material


@njit(**JIT)
def _fountain(x: float, y: float, z: float) -> tuple[float, int]:
    """A round basin with a bowl on a stem."""
    r = math.sqrt(x * x + z * z)
    d = max(abs(r - 0.8) - 0.1, abs(y - 0.22) - 0.22)
    d = min(d, max(abs(r - 0.8) - 0.15, abs(y - 0.46) - 0.05))
    d = min(d, cylinder(x, y - 0.05, z, 1.0, 0.05))
    d = min(d, cylinder(x, y - 0.6, z, 0.1 + 0.06 * abs(math.sin(4.0 * y)), 0.6))
    bowl = max(ellipsoid(x, y - 1.2, z, 0.46, 0.22, 0.46), y - 1.2, -ellipsoid(x, y - 1.23, z, 0.38, 0.15, 0.38))
    d = min(d, bowl)
    d = min(d, math.sqrt(x * x + (y - 1.38) ** 2 + z * z) - 0.13)
    d = min(d, cylinder(x, y - 1.2, z, 0.07, 0.15))
    water = cylinder(x, y - 0.17, z, 0.75, 0.2)
    return (d * 0.9, STONE) if d < water else (water, WATER)


@njit(**JIT)
def _pot(x: float, y: float, z: float, size: float, kind: int) -> tuple[float, int]:
    """A clay pot of radius ``size`` with a round bush of material ``kind``."""
    r = math.sqrt(x * x + z * z)
    h = 1.7 * size
    d = 0.92 * max(r - size * (0.68 + 0.3 * y / h), abs(y - 0.5 * h) - 0.5 * h)
    d = min(d, max(abs(r - 0.98 * size) - 0.12 * size, abs(y - h) - 0.13 * size))
    bush = math.sqrt(x * x + (y - 2.75 * size) ** 2 + z * z) - 1.45 * size
    if bush < d + 0.3 * size:
        bush = 0.65 * (bush - 0.2 * size * leaves(x + 3.0 * size, y, z, 3.6 / size))
    return (d, CLAY) if d < bush else (bush, kind)


@njit(**JIT)
def _pots(x: float, y: float, z: float) -> tuple[float, int]:
    """All pots, in the picture and beyond its edges; only the nearest is looked at closely."""
    d, material = FAR, CLAY
    for i in range(7):
        px, pz, size, kind = (
            (2.45, 6.5, 0.27, LEAF),
            (-0.35, 8.85, 0.2, BLOSSOM),
            (3.5, 8.8, 0.25, LEAF),
            (-2.15, 6.0, 0.21, BLOSSOM),
            (4.5, 5.2, 0.3, BLOSSOM),
            (-4.6, 4.8, 0.3, LEAF),
            (4.7, 9.0, 0.2, BLOSSOM),
        )[i]
        far = math.sqrt((x - px) ** 2 + (y - 2.0 * size) ** 2 + (z - pz) ** 2) - 2.7 * size
        if far < d:
            if far > 0.4:
                d = far
            else:
                near, kind_here = _pot(x - px, y, z - pz, size, kind)
                if near < d:
                    d, material = near, kind_here
    return d, material


@njit(**JIT)
def _beyond(x: float, y: float, z: float) -> tuple[float, int]:
    """Cypresses, hills and a bell tower behind the wall, and the walls at both sides of the court."""
    d, material = box(x + 5.9, y - 2.2, z - 2.0, 0.3, 2.2, 7.8), PLASTER
    d = min(d, box(x - 5.9, y - 1.3, z - 2.0, 0.3, 1.3, 7.8))
    if z < 9.0:
        return d, material
    hedge = box(x - ARCH_X, y - 1.4, z - 13.1, 4.2, 1.4, 0.4)
    if hedge < d + 0.2:
        hedge = 0.7 * (hedge - 0.1 * leaves(x, y, z, 8.0))
        if hedge < d:
            d, material = hedge, BLOSSOM
    stand = min(box(x - 2.0, y - 0.5, z - 11.9, 0.13, 0.5, 0.13), box(x - 2.0, y - 1.02, z - 11.9, 0.2, 0.04, 0.2))
    if stand < d:
        d, material = stand, STONE
    globe = math.sqrt((x - 2.0) ** 2 + (y - 1.25) ** 2 + (z - 11.9) ** 2) - 0.2
    if globe < d:
        d, material = globe, PAPER
    hill = min(
        ellipsoid(x + 15.0, y + 2.0, z - 33.0, 19.0, 10.5, 8.0), ellipsoid(x - 17.0, y + 2.0, z - 35.0, 22.0, 5.0, 6.0)
    )
    if hill < d:
        d, material = hill, HILL
    tower = box(x + 2.2, y - 3.4, z - 24.0, 0.95, 3.4, 0.95)
    tower = max(tower, -box(x + 2.2, y - 5.7, z - 24.0, 0.34, 0.62, 2.0))
    tower = min(tower, box(x + 2.2, y - 6.85, z - 24.0, 1.1, 0.1, 1.1))
    if tower < d:
        d, material = tower, PLASTER
    bell = box(x + 2.2, y - 5.6, z - 24.0, 0.6, 0.5, 0.3)
    if bell < d:
        d, material = bell, PANE
    spire = max(0.82 * (max(abs(x + 2.2), abs(z - 24.0)) - 1.1) + 0.57 * (y - 6.95), 6.9 - y)
    if spire < d:
        d, material = spire, TILE
    tree = min(
        ellipsoid(x + 4.7, y - 2.6, z - 12.5, 0.75, 3.1, 0.75), ellipsoid(x - 4.5, y - 2.1, z - 12.2, 0.8, 2.9, 0.8)
    )
    tree = min(tree, ellipsoid(x + 0.6, y - 1.7, z - 14.6, 0.8, 2.5, 0.8))
    tree = min(
        tree, ellipsoid(x + 8.2, y - 2.0, z - 14.0, 0.9, 3.2, 0.9), ellipsoid(x - 8.0, y - 2.0, z - 13.0, 0.9, 3.0, 0.9)
    )
    if tree < d + 0.3:
        tree = 0.65 * (tree - 0.14 * leaves(x, 0.6 * y, z, 6.0))
        if tree < d:
            d, material = tree, CYPRESS
    return d, material


@njit(**JIT)
def distance(x: float, y: float, z: float) -> tuple[float, int]:  # noqa: PLR0912 - one branch a group of solids
    """Distance to the nearest solid but the paving, never too long, and that solid's material."""
    d, material = _beyond(x, y, z)
    if z - 8.55 < 0.0:
        bound = 8.55 - z
    elif z > 10.6:
        bound = z - 10.6
    else:
        bound = 0.0
    if bound < d:
        if bound > 0.6:
            d = bound
        else:
            near, kind = _wall(x, y, z)
            if near < d:
                d, material = near, kind
    bound = box(x + 3.9, y - 1.7, z - 7.9, 2.0, 1.85, 2.3)
    if bound < d:
        if bound > 0.4:
            d = bound
        else:
            near, kind = _pergola(x, y, z)
            if near < d:
                d, material = near, kind
    bound = cylinder(x + 1.35, y - 0.75, z - 7.3, 1.05, 0.8)
    if bound < d:
        if bound > 0.4:
            d = bound
        else:
            near, kind = _fountain(x + 1.35, y, z - 7.3)
            if near < d:
                d, material = near, kind
    near, kind = _pots(x, y, z)
    if near < d:
        d, material = near, kind
    return d, material
