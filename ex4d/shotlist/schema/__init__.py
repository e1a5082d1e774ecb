"""The language as JSON Schema, draft 7: what editors complete and check shot lists and presets with.

Generated from the records: ``python -m ex4d.shotlist.schema`` writes the two shipped files anew. Draft 7 is the newest
that every yaml-language-server knows. A schema sees one value at a time, as YAML 1.2 reads it, so it allows more than
the reading of a file does; what it refuses is always wrong.
"""
