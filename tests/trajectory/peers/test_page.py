"""The page of the peers' moves says what is measured now."""

from __future__ import annotations

import pytest

from docs.make_peers import PAGE, page
from tests.trajectory.peers.compared import PEERS


@pytest.fixture(scope="module")
def made():
    return page()


def test_the_page_is_fresh(made):
    assert PAGE.read_text("utf-8") == made, "write it anew: python -m docs.make_peers"


def test_the_page_names_every_preset_and_where_its_formula_was_read(made):
    text = " ".join(made.split())

    assert all(f"`{move.preset}`" in text for peer in PEERS for move in peer.moves)
    assert all(peer.sources in text for peer in PEERS)
