"""
The bucket port on S3.
"""

from __future__ import annotations

from chalicelib.adapters.aws import Clients, unavailable
from chalicelib.errors import StoreUnavailable

GONE = frozenset({"NoSuchKey", "404"})


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
        import botocore.exceptions  # noqa: PLC0415 - loaded with the client anyway

        try:
            self._clients.s3.put_object(Bucket=self._name, Key=name, Body=data)
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
            words, maybe_applied = unavailable("S3", error)
            raise StoreUnavailable(words, maybe_applied=maybe_applied) from error

    def get(self, name: str) -> bytes | None:
        """
        An object's bytes, or None where it is gone.
        """
        import botocore.exceptions  # noqa: PLC0415 - loaded with the client anyway

        try:
            answer = self._clients.s3.get_object(Bucket=self._name, Key=name)
            return bytes(answer["Body"].read())
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
            if getattr(error, "response", {}).get("Error", {}).get("Code") in GONE:
                return None
            words, _ = unavailable("S3", error)
            raise StoreUnavailable(words, maybe_applied=False) from error
