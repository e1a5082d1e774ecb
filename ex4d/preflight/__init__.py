"""Before anything is rendered: what a shot list means, in words too, what it will cost, and what is wrong with it."""
