"""How dates and times are written: in English for readers everywhere, elsewhere as public services there write them."""
