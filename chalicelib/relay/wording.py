"""
How a notice is worded: in Japanese and English, what happened, what it means for the business, what to do, and where.

The English of what happened comes with the notice; the rest depends on its kind alone, and stands here in one place.
"""

from __future__ import annotations

from chalicelib.model import Config, Notice
from chalicelib.relay.links import link_to
from chalicelib.value import value


@value
class Words:
    """
    One kind of notice: its Japanese, what it means for the business, and where in the console it leads.
    """

    ja: str
    means_ja: str
    deed_ja: str
    means: str
    place: str
    named: bool = False


SAFE_JA = "受け付けたデータは失われません。"
KINDS = {
    "paused": Words(
        ja="レーン {name} を停止しました。",
        means_ja=f"ベンダーが認証情報、送信元アドレス、または呼び出しを拒否しています。この宛先への配信は待機します。{SAFE_JA}",
        deed_ja="理由を確認して直し（キー、ベンダー画面、base_url）、ekiden resume {name} で再開してください。",
        means="Nothing reaches this vendor until somebody acts. Everything waits; nothing is lost.",
        place="lane",
        named=True,
    ),
    "closed": Words(
        ja="レーン {name} は一時的に閉じています。",
        means_ja=f"ベンダーが応答しないか、回数上限を返しました。配信が遅れます。{SAFE_JA}",
        deed_ja=(
            "自動で再試行し、自動で開きます。"
            "他のプログラムが同じアカウントを使っている場合は calls_per_day を見直してください。"
        ),
        means="What waits for this vendor is late. It goes on by itself; nothing is lost.",
        place="lane",
        named=True,
    ),
    "opened": Words(
        ja="レーン {name} は再開しました。",
        means_ja="ベンダーが応答し、待機していた配信が進んでいます。",
        deed_ja="対応は不要です。進み具合: ekiden status",
        means="What waited is being delivered. Nothing to do.",
        place="lane",
        named=True,
    ),
    "cleared": Words(
        ja="解消しました: {name}",
        means_ja="お知らせした問題は、いまは起きていません。",
        deed_ja="対応は不要です。確認: ekiden status",
        means="The trouble that was told is over. Nothing to do.",
        place="status",
    ),
    "dead": Words(
        ja="配信できないデータがあります（{name}）。",
        means_ja="必須項目の不足、長すぎる値、使えない文字などで、この1件はこのままでは届きません。データは保管されています。",
        deed_ja="ekiden dead list で確認し、ekiden dead fix で直して再送してください。",
        means="At least one submission does not reach its destination until a person mends it.",
        place="dead",
    ),
    "held": Words(
        ja="確認待ちのデータがあります（{name}）。",
        means_ja="迷惑送信の疑い、件数の上限、または読み取れない内容のため、人の判断を待っています。",
        deed_ja="ekiden held list で確認し、release（配信）または drop（破棄）してください。",
        means="It goes nowhere until a person releases or drops it.",
        place="held",
    ),
    "key": Words(
        ja="バッチキー {name} を保留しました。",
        means_ja=f"ベンダーがファイル全体を受け付けません。同じ設定の行はすべて待機します。{SAFE_JA}",
        deed_ja="relay.toml またはベンダー画面の設定を直し、ekiden held release で再送してください。",
        means="Rows with these settings do not reach the vendor until the settings are mended. Others go on.",
        place="held",
    ),
    "fault": Words(
        ja="Ekiden 自身の不具合でキー {name} を保留しました。",
        means_ja=f"同じ設定の行は待機します。{SAFE_JA}",
        deed_ja="ログの fault を確認し、更新後に ekiden held release で再送してください。",
        means="Rows with these settings wait for an update of Ekiden. Others go on.",
        place="held",
    ),
    "stuck": Words(
        ja="レーン {name} の処理中の呼び出しを完了できません。",
        means_ja=f"このレーンの配信は止まっています。{SAFE_JA}",
        deed_ja="Ekiden を更新するか、ekiden held let-go {name} で行を次の呼び出しに回してください。",
        means="Nothing else of this lane goes meanwhile.",
        place="lane",
        named=True,
    ),
    "wait": Words(
        ja="レーン {name} の配信が長く待っています。",
        means_ja=f"配信が遅れています。{SAFE_JA}",
        deed_ja="ekiden status で止まっている理由（停止、閉鎖、上限）を確認してください。",
        means="Submissions reach this vendor late. None is lost.",
        place="lane",
        named=True,
    ),
    "secret": Words(
        ja="ベンダーの認証情報を読み取れません。",
        means_ja=f"このベンダーへの配信は待機します。{SAFE_JA}",
        deed_ja="ekiden secret list で確認し、ekiden secret put 名前 で登録してください。",
        means="Nothing reaches this vendor until the secret can be read.",
        place="status",
    ),
    "inbox": Words(
        ja="受け付けたデータを一時的に受信キューに置いています。",
        means_ja="フォームと Webhook は通常どおり受け付けています。保存は後で自動的に行われます。",
        deed_ja="理由を確認してください。シークレットの名前があれば ekiden secret put 名前 で登録します。",
        means="Forms and webhooks are taken as always; they are stored later, by themselves.",
        place="status",
    ),
    "captcha": Words(
        ja="{name} の CAPTCHA を確認できません。",
        means_ja="設定に応じて、送信が保留されるか、訪問者に再送をお願いしています。",
        deed_ja="提供元の状況とシークレットキー（ekiden secret put 名前）を確認してください。",
        means="Visitors cannot send, or what they send is held, until the provider answers.",
        place="status",
    ),
    "import": Words(
        ja="取り込んだファイルに問題のある行があります（{name}）。",
        means_ja="問題のある行だけが止まっています。ほかの行は配信されます。",
        deed_ja="ekiden dead list と ekiden held list で行を確認し、直した行だけを取り込み直してください。",
        means="Some rows reach nobody until they are mended; the others go.",
        place="dead",
    ),
    "poll": Words(
        ja="{name} への問い合わせが止まっています。",
        means_ja="ベンダーの回答を読み取れないため、新しい行を取り込んでいません。失われたものはなく、自動で再試行します。",
        deed_ja=(
            "ekiden polls で理由を確認し、権限・列・パラメーターを直して ekiden polls run {name} を実行してください。"
        ),
        means="What is new at that vendor arrives late: it is asked again by itself, and nothing is lost.",
        place="status",
    ),
    "report": Words(
        ja="レーン {name} のファイルに、登録されなかった行があります。",
        means_ja="その行の人は、ベンダーの一覧にいないか、送った内容になっていません。",
        deed_ja=(
            "ベンダーの処理結果画面で理由を確認し、ekiden files show で誰の行かを調べ、"
            "送信元で直して取り込み直してください。"
        ),
        means="Those people are not in the vendor's list, or not as they were sent.",
        place="status",
    ),
    "digest": Words(
        ja="1日のまとめ（{name}、日本時間）",
        means_ja="下の表のとおりです。dead と held は人の対応を待っています。",
        deed_ja="確認待ちと配信不可の一覧: ekiden held list, ekiden dead list",
        means="Below: what came that day, and what needs a person now.",
        place="day",
        named=True,
    ),
}


def worded(notice: Notice, config: Config) -> str:
    """
    The whole message. A notice of a kind without words of its own is told as it came.
    """
    kind, _, name = notice.cause.partition(":")
    words = KINDS.get(kind)
    if words is None:
        return notice.text
    japanese = (
        words.ja.format(name=name),
        f"業務への影響: {words.means_ja}",
        f"対処: {words.deed_ja.format(name=name)}",
    )
    english = (f"{notice.subject}.", notice.text, f"For the business: {words.means}")
    link = link_to(config, words.place, name if words.named else "")
    parts = ["\n".join(japanese), "\n".join(english), f"コンソール / Console: {link}" if link else ""]
    return "\n\n".join(filter(None, parts))
