"""How fast backroom is: measured against floors and peers, in one run on one machine."""
