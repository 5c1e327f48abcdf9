from __future__ import annotations

from typing import Any

import pytest

from chalicelib.ports import (
    Absent,
    All,
    AnyOf,
    AtLeast,
    AtMost,
    Check,
    Condition,
    Delete,
    Equals,
    FewerThan,
    Has,
    Key,
    Lost,
    Not,
    OneOf,
    Present,
    Put,
    Query,
    Table,
    Update,
    Written,
)

HERE = Key("P", "S")
THERE = Key("P", "T")
VALUES: dict[str, Any] = {
    "text": "髙﨑 😀",
    "number": -7,
    "flag": True,
    "nothing": None,
    "list": ["a", 1],
    "map": {"x": {"y": 2}},
    "tags": frozenset({"a", "b"}),
}


def put(table: Table, key: Key = HERE, **values: Any) -> None:
    assert table.write(Put(item={"pk": key.pk, "sk": key.sk, **values})) == Written()


def read(table: Table, key: Key = HERE) -> dict[str, Any]:
    (item,) = table.get([key])
    return {name: value for name, value in (item or {}).items() if name not in {"pk", "sk"}}


def test_what_was_written_is_read(table: Table) -> None:
    """Every kind of value comes back as it was, text beyond the basic plane included."""
    put(table, **VALUES)

    assert read(table) == VALUES


def test_reading_keeps_the_order_asked(table: Table) -> None:
    """Hundreds of keys, missing ones and doubles among them, come back in the order they were asked for."""
    for number in range(0, 250, 2):
        put(table, Key(f"P{number}", "S"), n=number)

    found = table.get([Key(f"P{number}", "S") for number in (*range(250), 4)])

    assert [item and item["n"] for item in found] == [n if n % 2 == 0 else None for n in range(250)] + [4]


def test_an_update_creates_and_changes(table: Table) -> None:
    """Set, add, include, exclude, append and remove do what they say, on a new item and on an old one."""
    change = Update(
        key=HERE,
        set={"a": 1},
        add={"n": 2},
        include={"s": frozenset({"x", "y"})},
        append={"l": ["first"]},
        remove=("gone",),
    )

    assert table.write(change) == Written()
    assert (
        table.write(Update(key=HERE, add={"n": -5}, exclude={"s": frozenset({"x"})}, append={"l": ["second"]}))
        == Written()
    )
    assert read(table) == {"a": 1, "n": -3, "s": frozenset({"y"}), "l": ["first", "second"]}


def test_an_empty_set_vanishes(table: Table) -> None:
    """A set from which the last element was taken is not there, as in DynamoDB."""
    put(table, s=frozenset({"x"}))
    table.write(Update(key=HERE, exclude={"s": frozenset({"x"})}))

    assert read(table) == {}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Absent("text"), False),
        (Absent("missing"), True),
        (Present("text"), True),
        (Equals("text", "b"), True),
        (Equals("missing", "b"), False),
        (OneOf("text", ("a", "b")), True),
        (OneOf("text", ("a",)), False),
        (AtMost("number", 5), True),
        (AtMost("number", 4), False),
        (AtMost("missing", 4), False),
        (AtMost("text", "b"), True),
        (AtMost("text", "a"), False),
        (AtLeast("number", 5), True),
        (AtLeast("number", 6), False),
        (Has("tags", "a"), True),
        (Has("tags", "c"), False),
        (Has("missing", "c"), False),
        (FewerThan("tags", 3), True),
        (FewerThan("tags", 2), False),
        (FewerThan("missing", 2), False),
        (All((Present("text"), Present("tags"))), True),
        (All((Present("text"), Present("missing"))), False),
        (AnyOf((Present("missing"), Present("tags"))), True),
        (AnyOf((Present("missing"), Present("absent"))), False),
        (Not(Has("tags", "a")), False),
        (Not(Has("missing", "a")), True),
    ],
)
def test_a_condition_decides(table: Table, condition: Condition, holds: bool) -> None:  # noqa: FBT001
    """Each condition holds or fails alike in memory and in DynamoDB, for attributes that exist and that do not."""
    put(table, text="b", number=5, tags=frozenset({"a", "b"}))

    result = table.write(Update(key=HERE, set={"done": 1}, when=condition))

    assert isinstance(result, Written) is holds
    assert ("done" in read(table)) is holds


def test_a_lost_write_tells_what_stood_there(table: Table) -> None:
    """Whoever loses a race learns who won, in the same answer."""
    put(table, owner="somebody")

    lost = table.write(Put(item={"pk": "P", "sk": "S", "owner": "me"}, when=Absent("pk")))

    assert isinstance(lost, Lost)
    assert lost.found[0] is not None
    assert lost.found[0]["owner"] == "somebody"


def test_a_condition_on_nothing_finds_nothing(table: Table) -> None:
    """A write on a missing item that must exist is refused, and says that nothing was there."""
    assert table.write(Update(key=HERE, set={"a": 1}, when=Present("pk"))) == Lost({0: None})
    assert table.write(Delete(key=HERE, when=Present("pk"))) == Lost({0: None})


def test_all_writes_or_none(table: Table) -> None:
    """One failed condition undoes the others of the transaction, and all that failed are named."""
    put(table, taken=1)

    result = table.write(
        Put(item={"pk": "P", "sk": "T"}),
        Update(key=HERE, add={"n": 1}, when=Absent("taken")),
        Check(key=Key("P", "U"), when=Present("pk")),
        Delete(key=Key("P", "V")),
    )

    assert isinstance(result, Lost)
    assert set(result.found) == {1, 2}
    assert read(table) == {"taken": 1}
    assert table.get([THERE]) == [None]


def test_a_transaction_takes_effect_whole(table: Table) -> None:
    """If every condition holds, puts, updates, checks and deletes all happen."""
    put(table, n=1)
    put(table, THERE)

    assert (
        table.write(
            Update(key=HERE, add={"n": 1}, when=Equals("n", 1)),
            Delete(key=THERE, when=Present("pk")),
            Check(key=Key("P", "U"), when=Absent("pk")),
            Put(item={"pk": "P", "sk": "V"}, when=Absent("pk")),
        )
        == Written()
    )
    assert read(table) == {"n": 2}
    assert [item is not None for item in table.get([THERE, Key("P", "V")])] == [False, True]


def test_groups_stand_for_themselves(table: Table) -> None:
    """Of many groups each is written or lost by itself, and the results come in the order of the groups."""
    put(table, Key("G1", "S"), taken=1)
    groups = [[Update(key=Key(f"G{n}", "S"), set={"a": n}, when=Absent("taken"))] for n in range(20)]

    results = table.write_many(groups)

    assert [isinstance(result, Written) for result in results] == [n != 1 for n in range(20)]


def test_a_partition_is_read_in_order(table: Table) -> None:
    """Items come by sort key, from either end, within a prefix or bounds, and no more than asked for."""
    for sk in ("A#1", "B#1", "B#2", "B#3", "C#1"):
        put(table, Key("Q", sk))

    def keys(**query: Any) -> list[str]:
        return [item["sk"] for item in table.query(Query(pk="Q", **query))]

    assert keys() == ["A#1", "B#1", "B#2", "B#3", "C#1"]
    assert keys(prefix="B#", newest_first=True, limit=2) == ["B#3", "B#2"]
    assert keys(first="B#2", last="C#1") == ["B#2", "B#3", "C#1"]
    assert keys(first="B#3") == ["B#3", "C#1"]
    assert table.count(Query(pk="Q", prefix="B#", limit=1)) == 3


def test_an_index_lists_only_what_has_its_attributes(table: Table) -> None:
    """The `waiting` index is sparse: an item joins it, moves in it and leaves it with its attributes."""
    for number in (2, 1):
        put(table, Key(f"W{number}", "S"), waiting_pk="lane#-#0", waiting_sk=f"t{number}#id{number}")
    put(table, Key("W3", "S"), attention_pk="dead", attention_sk="t3#id3")
    waiting = Query(pk="lane#-#0", index="waiting")

    assert [item["waiting_sk"] for item in table.query(waiting)] == ["t1#id1", "t2#id2"]

    table.write(Update(key=Key("W1", "S"), remove=("waiting_pk", "waiting_sk")))

    assert [item["waiting_sk"] for item in table.query(waiting)] == ["t2#id2"]
    assert table.count(waiting) == 1
    assert [item["attention_sk"] for item in table.query(Query(pk="dead", index="attention"))] == ["t3#id3"]


def test_large_reads_go_over_many_pages(table: Table) -> None:
    """More than one megabyte of items comes back whole."""
    for start in range(0, 60, 20):
        table.write(*(Put(item={"pk": "L", "sk": f"{n:03d}", "x": "x" * 30_000}) for n in range(start, start + 20)))

    assert [item["sk"] for item in table.query(Query(pk="L"))] == [f"{n:03d}" for n in range(60)]
    assert table.count(Query(pk="L")) == 60


def test_a_scan_finds_everything(table: Table) -> None:
    """Every item of more than one page is found once."""
    for number in range(30):
        put(table, Key(f"P{number}", "S"), text="x" * 60_000)

    assert sorted(item["pk"] for item in table.scan()) == sorted(f"P{number}" for number in range(30))
