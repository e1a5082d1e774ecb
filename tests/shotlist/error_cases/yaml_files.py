"""Files that are no YAML, or more of it than the language has."""

from __future__ import annotations

from tests.shotlist.reading import film, one_shot

CASES = {
    "an empty file": "",
    "a list": "- a\n",
    "another encoding": "ex4d: 1\ntitle: é\n".encode("latin-1"),
    "a character that no text has": "ex4d: 1\ntitle: \x00\n",
    "more than may be read": "#" * (1 << 20) + "\n",
    "nested too deep": "ex4d: " + "[" * 60 + "]" * 60,
    "too many values": "ex4d: [" + "1, " * 10_001 + "]",
    "a second film": "ex4d: 1\n---\nex4d: 1\n",
    "a directive": "%YAML 1.1\n---\nex4d: 1\n",
    "a list for a key": film("  - {name: a, [b]: c}\n"),
    "an open bracket": film("  - {name: a, camera: [pan: 20deg}\n"),
    "an open brace": film("  - {name: a, camera: [pan: {left: 20deg]}\n"),
    "a word alone with more beside it": one_shot("- handheld\n  at: 20%..60%"),
    "an open quote": film('  - {name: a, synthesis: {prompt: "a courtyard}}\n'),
    "a tab": film("  - name: a\n\tclip: 0s..1s\n"),
    "two colons": film("  - name: a: b\n"),
    "a colon without a space before others": film("  - name:a\n    clip: 0s..1s\n"),
    "an anchor and its alias": film("  - {name: a, clip: &c 0s..1s}\n  - {name: b, clip: *c}\n"),
    "a merge key": film("  - name: a\n    <<: {clip: 0s..1s}\n"),
    "a tag": one_shot("- pan: !!python/object/apply:os.system [ls]"),
}
