"""
How secrets are named: by reference, never by value.
"""

from __future__ import annotations

SecretRefs = tuple[str, ...]
"""
References to the live values of one secret: the current one, and the previous one while it is being rotated.
"""
