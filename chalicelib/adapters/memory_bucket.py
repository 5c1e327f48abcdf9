"""
The memory twin of the bucket.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class MemoryBucket:
    """
    The bucket port over a dict.
    """

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put(self, name: str, data: bytes) -> None:
        """
        Store an object.
        """
        self.objects[name] = bytes(data)

    def get(self, name: str) -> bytes | None:
        """
        An object's bytes, or None.
        """
        return self.objects.get(name)

    def size(self, name: str) -> int | None:
        """
        How many bytes an object has, or None.
        """
        data = self.objects.get(name)
        return None if data is None else len(data)

    def upload_address(self, name: str, headers: Mapping[str, str], *, size: int, seconds: int) -> str:
        """
        An address that only a test can use: it says what it allows.
        """
        return f"memory:{name}?size={size}&seconds={seconds}&headers={','.join(sorted(headers))}"

    def names(self, prefix: str) -> Iterator[str]:
        """
        The names of all objects that begin so.
        """
        yield from sorted(name for name in self.objects if name.startswith(prefix))

    def delete(self, name: str) -> None:
        """
        Remove an object.
        """
        self.objects.pop(name, None)
