"""What the released code does for each frame, written anew to be timed: its steps and the order of them.

A face list is made on the host for every frame and sent to the card; corners are gathered, the angles of each face
taken with arccos, vertices of hidden faces zeroed by an indexed store; then the grid is projected, rasterized,
interpolated and antialiased, the mask applied, and the frame fetched.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import nvdiffrast.torch as dr
import torch

from ex4d.geometry.pinhole import Pinhole

BORDER_DEPTH, NEAR, FAR = 100.0, 1e-3, 1e3
MIN_ANGLE_DEG, ALPHA_THRESHOLD = 2.5, 125
Tensor = Any


class ReferenceLoop:
    """Frames from colour and depth that lie on the card, as the released loop has them before its first frame."""

    def __init__(self, colour: np.ndarray, depth: np.ndarray, lens: Pinhole, device: str = "cuda:0") -> None:
        self.device, self.lens = device, lens
        self.context = dr.RasterizeCudaContext(device=device)
        self.colour = torch.from_numpy(colour).float().to(device)
        self.depth = torch.from_numpy(depth).to(device)
        column, row = torch.meshgrid(
            torch.arange(lens.width, device=device), torch.arange(lens.height, device=device), indexing="xy"
        )
        x, y = lens.center_px
        rays = [(column - x) / lens.focal_px, (row - y) / lens.focal_px, torch.ones_like(column)]
        self.rays = torch.stack([ray.float() for ray in rays], dim=-1)

    def frame(self, world_from_camera: np.ndarray) -> np.ndarray:
        """Return R'G'B' and mask of one frame."""
        depth = self.depth.clone()
        depth[[0, -1], :] = BORDER_DEPTH
        depth[:, [0, -1]] = BORDER_DEPTH
        faces = self.face_list()
        vertices = (depth[..., None] * self.rays).reshape(-1, 3)
        rgba = self.rgba_with_hidden_vertices(vertices, faces)
        return self.masked(self.drawn(vertices, faces, rgba, world_from_camera))

    def face_list(self) -> Tensor:
        """Make the list of faces on the host, and send it."""
        height, width = self.depth.shape
        index = np.arange(height * width).reshape(height, width)
        corners = [index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]]
        top_left, top_right, bottom_left, bottom_right = (corner.ravel() for corner in corners)
        first = np.stack([bottom_left, top_left, top_right], axis=-1)
        second = np.stack([bottom_left, top_right, bottom_right], axis=-1)
        last = height * width - 1
        back = torch.tensor([[width - 1, 0, last], [last, 0, last - width + 1]]).int().to(self.device)
        return torch.cat([torch.from_numpy(np.concatenate([first, second])).int().to(self.device), back])

    def rgba_with_hidden_vertices(self, vertices: Tensor, faces: Tensor) -> Tensor:
        """Zero colour and alpha of the vertices of faces whose smallest angle is too small."""
        corners = [vertices[faces[:, k]] for k in range(3)]
        angles = [_angle_deg(corners[k - 2] - corners[k], corners[k - 1] - corners[k]) for k in range(3)]
        smallest = torch.minimum(torch.minimum(angles[0], angles[1]), angles[2])
        _left_unused(corners)
        opaque = torch.full((*self.depth.shape, 1), 255.0, device=self.device)
        rgba = torch.cat([self.colour, opaque], dim=-1).reshape(-1, 4)
        rgba.index_put_((faces[smallest < MIN_ANGLE_DEG],), torch.zeros(4, device=self.device))
        return rgba

    def drawn(self, vertices: Tensor, faces: Tensor, rgba: Tensor, world_from_camera: np.ndarray) -> Tensor:
        """Rasterize, interpolate, antialias."""
        matrix = torch.from_numpy(self.clip_from_world(world_from_camera)).to(self.device)
        homogeneous = torch.cat([vertices, torch.ones((len(vertices), 1), device=self.device)], dim=1)
        clip = torch.matmul(homogeneous, matrix.t())[None]
        found, _ = dr.rasterize(self.context, clip, faces, resolution=[self.lens.height, self.lens.width])
        image, _ = dr.interpolate(rgba[None], found, faces)
        return dr.antialias(image, found, clip, faces)[0]

    def clip_from_world(self, world_from_camera: np.ndarray) -> np.ndarray:
        """Return the projection with its planes at NEAR and FAR, float32."""
        width, height, (x, y) = self.lens.width, self.lens.height, self.lens.center_px
        depth_scale, depth_offset = (FAR + NEAR) / (FAR - NEAR), -2 * FAR * NEAR / (FAR - NEAR)
        clip_from_camera = np.array(
            [
                [2 * self.lens.focal_px / width, 0, 2 * x / width - 1, 0],
                [0, 2 * self.lens.focal_px / height, 2 * y / height - 1, 0],
                [0, 0, depth_scale, depth_offset],
                [0, 0, 1, 0],
            ]
        )
        return (clip_from_camera @ np.linalg.inv(world_from_camera)).astype(np.float32)

    def masked(self, image: Tensor) -> np.ndarray:
        """Threshold alpha, multiply, fetch."""
        mask = image[..., 3:]
        mask[mask > ALPHA_THRESHOLD] = 255
        mask[mask <= ALPHA_THRESHOLD] = 0
        image[..., 3:] = mask
        image[..., :3] = image[..., :3] * (mask / 255)
        return image.cpu().numpy().astype(np.uint8)


def _left_unused(corners: list[Tensor]) -> None:
    """Compute what the released loop computes and does not use: normals, and each face's extent over the scene's."""
    first, second, third = corners
    torch.nn.functional.normalize(torch.cross(second - first, third - first, dim=1), dim=1)
    sides = torch.stack([first - second, second - third, third - first]).abs()
    _ = sides.amax(dim=0).amax(dim=1) / (first[:, 2].max() - first[:, 2].min()) < 0.013


def _angle_deg(a: Tensor, b: Tensor) -> Tensor:
    cosine = (a * b).sum(-1) / (torch.norm(a, dim=1) * torch.norm(b, dim=1) + 1e-12)
    return torch.arccos(torch.clip(cosine, -1.0, 1.0)) * 180 / np.pi
