"""
Drop-ins: addresses at which Ekiden answers as if it were the API that a program was written for.
"""

from __future__ import annotations

from chalicelib.value import value


@value
class Dropin:
    """
    What a source that stands in for another API needs.

    `face` is custcsv (配配メール's CSV import) or schedule_csv (its older 外部システム連携). `account` is what the
    sender's address or `aid` names; empty: the source's name. `address_column` is the column of the mail address.
    `login_id` is the login that the sender must state; empty: any.
    """

    face: str
    account: str = ""
    address_column: str = "メールアドレス"
    login_id: str = ""
