"""A new envelope in five steps, each an address and a form: files, people, fields, letter, check."""
