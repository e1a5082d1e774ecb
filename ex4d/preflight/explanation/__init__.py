"""A shot list told in plain words: what plays, what the camera does, where it ends.

    film.py ─┬─ footage.py                    what was filmed, and what is made of it
             └─ shots.py ─┬─ playing.py       which part of the source plays, and how fast
                          ├─ cameras.py       its moves, and the presets they are from
                          │    ├─ moves.py         one sentence for each kind of move
                          │    └─ base_moves.py    of those that state the whole base camera
                          ├─ joining.py       how one shot gives way to the next
                          └─ ending.py        where the camera ends

``quantities.py``, ``moments.py`` and ``spots.py`` say amounts, times and places.
"""
