"""
Seeds at which something was wrong once, and what. They are played always.

A seed means another day when the simulation itself is changed; the mutants named "found" make the same faults again and
are caught by whichever seed then meets them.
"""

from __future__ import annotations

REGRESSIONS: dict[int, str] = {
    6: "two workers that repeated one uncertain file took the same claim for their own, one of them unreserved",
    10: "a lost message was not noticed while another key's message stayed in the backlog",
    17: "a registration in one group was superseded by a newer one in another",
    24: "rows that a worker had read before another's call were sent once more after it",
    26: "two permissions were merged across the stop between them, which then had the last word",
    27: "rows at the head of a bounded key, which had to wait for others, held up those behind them",
    40: "more than a hundred rows of one contact could not be settled in one transaction",
    77: "a newer delivery of a contact with more than forty passed an older deletion",
    78: "a deletion that SATORI refused, since there was nobody, did not keep away what was older",
}
