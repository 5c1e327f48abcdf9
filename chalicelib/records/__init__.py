"""
The records room: the nouns as items of the one table, and every change of state as a list of conditional writes. Pure.

The key design stands in `layout`.
"""
