"""Faults of splines and paths."""

from __future__ import annotations

from tests.shotlist.reading import one_shot

CASES = {
    "a key without a time": one_shot("- spline: {keys: [{at: 0%}, {position: [0%, 0%, 0%]}]}"),
    "a time between the ends of an even path": one_shot(
        "- spline: {pace: constant, keys: [{at: 0%}, {at: 5%}, {at: 100%}]}"
    ),
    "keys out of order": one_shot("- spline: {keys: [{at: 40%}, {at: 20%}]}"),
    "a spline of one key": one_shot("- spline: {keys: [{at: 0%}]}"),
    "two aims of one key": one_shot(
        "- spline: {keys: [{at: 0%}, {at: 100%, look_at: subject, rotation: {pan: 3deg}}]}"
    ),
    "a position of two": one_shot("- spline: {keys: [{at: 0%}, {at: 100%, position: [1%, 2%]}]}"),
    "a position without units": one_shot("- spline: {keys: [{at: 0%}, {at: 100%, position: [1, 2%, 3]}]}"),
    "a formula that does not end": one_shot('- path: {right: "sin(s"}'),
    "a formula of an unknown name": one_shot("- path: {right: radius * s}"),
    "a path of nothing": one_shot("- path: {look_at: subject}"),
    "a parameter with the name of a function": one_shot("- path: {right: s, parameters: {sin: 1}}"),
}
