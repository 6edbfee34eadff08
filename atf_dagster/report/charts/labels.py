"""Where the names on a map stand, so that none covers another.

Belongs here: moving labels apart. Does not belong here: outlines and their middles (`maps`).
"""

import math
from collections.abc import Sequence

LETTER, HEIGHT = 7.0, 48
"""Pixels of a letter of a name, and of a label with name, figure and sign."""
ROUNDS = 200


def apart(middles: Sequence[tuple[float, float]], letters: Sequence[int], scale: float) -> list[tuple[float, float]]:
    """The middles (longitude, latitude), moved as little as labels of so many letters need.

    scale: pixels of a degree of latitude. Labels that cover each other go apart in steps, each in the direction in
    which less is missing; they end where none covers another, or after some rounds.
    """
    if len(middles) < 2:
        return list(middles)
    latitudes = [latitude for _, latitude in middles]
    squeeze = math.cos(math.radians(sum(latitudes) / len(latitudes)))
    places = [[longitude * scale * squeeze, latitude * scale] for longitude, latitude in middles]
    for _ in range(ROUNDS):
        moved = False
        for first in range(len(places)):
            for second in range(first + 1, len(places)):
                a, b = places[first], places[second]
                across = (letters[first] + letters[second]) * LETTER / 2 - abs(a[0] - b[0])
                down = HEIGHT - abs(a[1] - b[1])
                if across <= 0 or down <= 0:
                    continue
                moved = True
                axis, missing = (0, across) if across < down else (1, down)
                step = math.copysign(min(missing, 2.0) / 2 + 0.1, a[axis] - b[axis])
                a[axis] += step
                b[axis] -= step
        if not moved:
            break
    return [(round(x / scale / squeeze, 4), round(y / scale, 4)) for x, y in places]
