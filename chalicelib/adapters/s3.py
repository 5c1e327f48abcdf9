"""
The bucket port on S3.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.adapters.aws import Clients, unavailable
from chalicelib.errors import StoreUnavailable

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

    def size(self, name: str) -> int | None:
        """
        How many bytes an object has, or None where it is gone.
        """
        import botocore.exceptions  # noqa: PLC0415 - loaded with the client anyway

        try:
            return int(self._clients.s3.head_object(Bucket=self._name, Key=name)["ContentLength"])
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
            if getattr(error, "response", {}).get("Error", {}).get("Code") in GONE:
                return None
            words, _ = unavailable("S3", error)
            raise StoreUnavailable(words, maybe_applied=False) from error

    def upload_address(self, name: str, headers: Mapping[str, str], *, size: int, seconds: int) -> str:
        """
        An address that takes one PUT of exactly `size` bytes with these headers, for so many seconds from now.

        It is signed here, without asking AWS; S3 looks at the rights of the signer when it is used.
        """
        given = {PARAMETERS[header]: value for header, value in headers.items()}
        parameters = {"Bucket": self._name, "Key": name, "ContentLength": size, **given}
        return str(self._clients.s3_signer.generate_presigned_url("put_object", Params=parameters, ExpiresIn=seconds))
