"""
What an operator may see without asking; the console has the same veil.
"""

from __future__ import annotations

from chalicelib.veil import UNREAD, VEIL, Veil, names_of, operation_of, route_of, text_of, veiled

__all__ = ["UNREAD", "VEIL", "Veil", "names_of", "operation_of", "route_of", "text_of", "veiled"]
