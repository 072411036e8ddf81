"""What every room needs and none owns: the clock, the vault, bounded processes, the outgoing HTTP client.

Enters: helpers without a table and without a word of the product.
Stays out: anything that knows what a user, a file or an envelope is.
"""
