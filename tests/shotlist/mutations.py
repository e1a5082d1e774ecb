"""Shot lists and presets, broken: most as a slip of the hand or a hostile hand would, by tokens, and some by bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tests.shotlist.document_trees import Items, Pairs, Tree, Word, copied, inside, written

UNITS = ("", "deg", "rad", "%", "x", "s", "f", "m", "mm", "px", "Hz", "km")
EXTREMES = (
    "0", "-1", "1", "100", "999999999999", "-999999999999", "0.00000000001", "1e9", "1e10000000", "1234567890123",
    "100000", "4166", "0.01", "99.9", "", ".5", "5.", "+1", "0x10", "010", "1_000", "nan", "inf", "30:00", "1/0", "½",
    "٣",
)  # fmt: skip
HOSTILE = (
    "no", "on", "null", "~", "<<", "$angle", "$(1/0)", "$((((1))))", "$(angle * angle * 999999999999)", "$", "$$",
    "$(", "s", "(s", "s ^ s ^ s", "9 ^ 9 ^ 9 ^ 9", "1 / s", "log(s)", "tan(90deg)", "sqrt(s - 1)", "exp(999)",
    "0 / 0", "x" * 300, "0%..0%", "100%..0%", "5s..1s", "..", "0f..100000f", "0s..4166s", "..2deg", "150deg..2deg",
    "dissolve 999999s", "wipe left", "../x", "../../etc/passwd@1", "http://x/a.mp4", "concat:a|b", "/dev/zero",
    "a.m3u8", "media/*.png", "a b", "a\nb", "\x1b[2J", "\u202e", "\ud7ff", "é", "{at:50%}", "at:50%", "a\\b",
    "'", '"', "#", "&a", "*a", "!!python/name:os.system",
)  # fmt: skip
DIRECTIONS = {
    "left": "right", "up": "down", "in": "out", "clockwise": "counterclockwise", "closer": "farther",
    "smooth": "linear", "start": "end", "min": "max", "true": "false", "timed": "constant", "replace": "append",
    "crop": "squash",
}  # fmt: skip
_FLIPPED = DIRECTIONS | {second: first for first, second in DIRECTIONS.items()}


def shortened(tree: Tree, random: Random) -> Tree:
    """Return a shot list with one or two of its shots, so that a mutant is soon read."""
    if not isinstance(tree, Pairs):
        return copied(tree)
    shots = next((value for key, value in tree.pairs if key == "shots"), None)
    if not isinstance(shots, Items):
        return copied(tree)
    kept = Items(random.sample(shots.items, min(len(shots.items), random.choice((1, 1, 2)))))
    return copied(Pairs([(key, kept if key == "shots" else value) for key, value in tree.pairs]))


class Mutator:
    """Breaks documents; the same seed breaks them in the same way."""

    def __init__(self, documents: Sequence[Tree], random: Random) -> None:
        self._random = random
        words = {word.text for document in documents for word in inside(document) if isinstance(word, Word)}
        self._words = sorted(words)
        pairs = [pair for document in documents for tree in inside(document) for pair in getattr(tree, "pairs", ())]
        self._keys = sorted({key for key, _ in pairs})
        self._pairs = pairs
        self._steps: tuple[tuple[int, Callable[[Tree], None]], ...] = (
            (18, self._number), (2, self._unit), (2, self._extreme), (2, self._word), (2, self._hostile),
            (8, self._flip), (2, self._key), (4, self._drop), (2, self._double), (8, self._shuffle), (2, self._move),
            (2, self._graft), (1, self._nest), (1, self._swap), (1, self._empty),
        )  # fmt: skip

    def mutant(self, document: Tree) -> str:
        """Return the text of a broken copy: of seven, six by tokens, one by bytes."""
        random = self._random
        tree = shortened(document, random)
        if random.random() < 0.15:
            return self._by_bytes(written(tree))
        weights, steps = zip(*self._steps, strict=True)
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            random.choices(steps, weights)[0](tree)
        return written(tree)

    def _by_bytes(self, text: str) -> str:
        random = self._random
        for _ in range(random.choice((1, 1, 2, 8))):
            at, length = random.randrange(len(text) + 1), random.choice((0, 0, 1, 1, 2, 5, 40))
            piece = random.choice(
                ("", "", *":-{}[],%$&*!|>'\"# \n\t.0", random.choice(HOSTILE), random.choice(self._words))
            )
            text = text[:at] + piece + text[at + length :]
        return text

    def _trees(self, tree: Tree, *kinds: type) -> list[Tree]:
        return [found for found in inside(tree) if isinstance(found, kinds)]

    def _one(self, tree: Tree, *kinds: type) -> Tree:
        return self._random.choice(self._trees(tree, *kinds) or [Pairs()])

    def _some_word(self, tree: Tree, wanted: Callable[[str], bool]) -> Word:
        words = [word for word in self._trees(tree, Word) if isinstance(word, Word)]
        return self._random.choice([word for word in words if wanted(word.text)] or words or [Word("")])

    def _split(self, word: Word) -> tuple[str, str]:
        number = word.text.rstrip("%abcdefghijklmnopqrstuvwxyzH")
        return number, word.text[len(number) :]

    def _number(self, tree: Tree) -> None:
        word = self._some_word(tree, _is_number)
        number, unit = self._split(word)
        try:
            changed = float(number) * self._random.choice((0.1, 0.5, 0.9, 1.1, 1.5, 3.0, -1.0))
        except ValueError:
            return
        word.text = f"{changed:.4f}".rstrip("0").rstrip(".") + unit

    def _unit(self, tree: Tree) -> None:
        word = self._some_word(tree, _is_number)
        word.text = self._split(word)[0] + self._random.choice(UNITS)

    def _extreme(self, tree: Tree) -> None:
        word = self._some_word(tree, _is_number)
        word.text = self._random.choice(EXTREMES) + self._split(word)[1]

    def _word(self, tree: Tree) -> None:
        self._some_word(tree, bool).text = self._random.choice(self._words)

    def _hostile(self, tree: Tree) -> None:
        self._some_word(tree, bool).text = self._random.choice(HOSTILE)

    def _empty(self, tree: Tree) -> None:
        word = self._some_word(tree, bool)
        word.text, word.plain = "", self._random.random() < 0.5

    def _flip(self, tree: Tree) -> None:
        found = [pairs for pairs in self._trees(tree, Pairs) if any(key in _FLIPPED for key, _ in pairs.pairs)]
        if found:
            pairs = self._random.choice(found).pairs
            pairs[:] = [(_FLIPPED.get(key, key), value) for key, value in pairs]
        else:
            word = self._some_word(tree, _FLIPPED.__contains__)
            word.text = _FLIPPED.get(word.text, word.text)

    def _key(self, tree: Tree) -> None:
        pairs = getattr(self._one(tree, Pairs), "pairs", [])
        if pairs:
            at = self._random.randrange(len(pairs))
            word = self._random.choice((*self._keys, *HOSTILE[:12], pairs[at][0][:-1], pairs[at][0] * 2))
            pairs[at] = (word, pairs[at][1])

    def _children(self, tree: Tree) -> list[tuple[str, Tree]] | list[Tree]:
        found = self._one(tree, Pairs, Items)
        return found.items if isinstance(found, Items) else getattr(found, "pairs", [])

    def _drop(self, tree: Tree) -> None:
        children = self._children(tree)
        if children:
            del children[self._random.randrange(len(children))]

    def _double(self, tree: Tree) -> None:
        children = self._children(tree)
        if children:
            children.append(self._random.choice(children))

    def _shuffle(self, tree: Tree) -> None:
        self._random.shuffle(self._children(tree))

    def _move(self, tree: Tree) -> None:
        lists = [items for items in self._trees(tree, Items) if isinstance(items, Items)]
        if lists and (source := self._random.choice(lists).items):
            item = source.pop(self._random.randrange(len(source)))
            target = self._random.choice(lists).items
            target.insert(self._random.randint(0, len(target)), copied(item))

    def _graft(self, tree: Tree) -> None:
        """Put a key with its value from anywhere in the shipped files here."""
        pairs = getattr(self._one(tree, Pairs), "pairs", [])
        key, value = self._random.choice(self._pairs)
        pairs.append((key, copied(value)))

    def _nest(self, tree: Tree) -> None:
        children = self._children(tree)
        if not children:
            return
        at = self._random.randrange(len(children))
        value = children[at][1] if isinstance(children[at], tuple) else children[at]
        for _ in range(self._random.choice((1, 1, 2, 60))):
            value = Items([value]) if self._random.random() < 0.5 else Pairs([(self._random.choice(self._keys), value)])
        children[at] = (children[at][0], value) if isinstance(children[at], tuple) else value

    def _swap(self, tree: Tree) -> None:
        first, second = self._some_word(tree, bool), self._some_word(tree, bool)
        first.text, second.text = second.text, first.text


def _is_number(text: str) -> bool:
    return text[:1].isdigit() or (text[:1] == "-" and text[1:2].isdigit())
