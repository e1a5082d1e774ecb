"""Which engines there are, which of them completes a shot, on which cards and with which of a user's choices.

registry.py   every engine, with what it needs; a new one is one more entry
choice.py     which engine a shot list's word stands for here, and what is missing for it
options.py    what a user chooses beyond the shot list
run.py        the engines of one run: opened once, and what their results are known by
cards.py      the graphics cards that are here
"""
