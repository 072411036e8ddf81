"""How dates and times are written where the language's usual form is ambiguous across countries."""
