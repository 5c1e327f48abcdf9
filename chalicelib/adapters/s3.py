"""
The bucket port on S3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

from chalicelib.adapters.aws import Clients, unavailable
from chalicelib.errors import StoreUnavailable

Answer = TypeVar("Answer")

GONE = frozenset({"NoSuchKey", "404"})
PARAMETERS = {
    "Content-Type": "ContentType",
    "If-None-Match": "IfNoneMatch",
    "x-amz-checksum-sha256": "ChecksumSHA256",
}
"""
The headers that an upload may have, as S3's PutObject calls them. Each is signed, so that none can be left out.
"""


class S3Bucket:
    """
    One private bucket, by its name.
    """

    def __init__(self, clients: Clients, name: str) -> None:
        self._clients = clients
        self._name = name

    def put(self, name: str, data: bytes) -> None:
        """
        Store an object.
        """
        self._ask(lambda s3: s3.put_object(Bucket=self._name, Key=name, Body=data))

    def get(self, name: str) -> bytes | None:
        """
        An object's bytes, or None where it is gone.
        """
        return self._ask(lambda s3: bytes(s3.get_object(Bucket=self._name, Key=name)["Body"].read()), reads=True)

    def names(self, prefix: str) -> Iterator[str]:
        """
        The names of all objects that begin so, page by page.
        """
        more: dict[str, str] = {}
        while True:
            page = self._ask(partial(self._list, prefix, more), reads=True) or {}
            yield from (str(each["Key"]) for each in page.get("Contents", ()))
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def delete(self, name: str) -> None:
        """
        Remove an object; one that is gone counts as done.
        """
        self._ask(lambda s3: s3.delete_object(Bucket=self._name, Key=name))

    def _list(self, prefix: str, more: Mapping[str, str], s3: Any) -> Any:
        return s3.list_objects_v2(Bucket=self._name, Prefix=prefix, **more)

    def _ask(self, request: Callable[[Any], Answer], *, reads: bool = False) -> Answer | None:
        """
        One request; None where a read found nothing. Raises StoreUnavailable.
        """
        import botocore.exceptions  # noqa: PLC0415 - loaded with the client anyway

        try:
            return request(self._clients.s3)
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
            if reads and getattr(error, "response", {}).get("Error", {}).get("Code") in GONE:
                return None
            words, maybe_applied = unavailable("S3", error)
            raise StoreUnavailable(words, maybe_applied=maybe_applied and not reads) from error

    def size(self, name: str) -> int | None:
        """
        How many bytes an object has, or None where it is gone.
        """
        return self._ask(lambda s3: int(s3.head_object(Bucket=self._name, Key=name)["ContentLength"]), reads=True)

    def upload_address(self, name: str, headers: Mapping[str, str], *, size: int, seconds: int) -> str:
        """
        An address that takes one PUT of exactly `size` bytes with these headers, for so many seconds from now.

        It is signed here, without asking AWS; S3 looks at the rights of the signer when it is used.
        """
        given = {PARAMETERS[header]: value for header, value in headers.items()}
        parameters = {"Bucket": self._name, "Key": name, "ContentLength": size, **given}
        return str(self._clients.s3_signer.generate_presigned_url("put_object", Params=parameters, ExpiresIn=seconds))
