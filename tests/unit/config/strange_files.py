"""
Sound files in which a few values are replaced by any other, or are missing.
"""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from chalicelib.config.sources import SOURCE
from chalicelib.destinations.kit import Vendor

SCALARS = ["true", "1", "-1", "0.5", "nan", "inf", '""', '"x"', '"contact"', "2026-11-21", "10:00:00", "'a ='", '"_"']
MEMBERS = [
    "token",
    "hmac",
    "browser",
    "query",
    "json",
    "in",
    "headers",
    "expr",
    "const",
    "field",
    "kinds",
    "when",
    "email",
]


def inline(table: Mapping[str, str]) -> str:
    """
    An inline table of values that are TOML already.
    """
    return "{ " + ", ".join(f'"{key}" = {value}' for key, value in table.items()) + " }"


VALUES = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda values: f"[{', '.join(values)}]")
        | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=3).map(inline)
    ),
    max_leaves=6,
)
DESTINATION = ("vendor", "base_url", "credentials", "lane", "substitutes")
ROUTE = ("name", "from", "to", "operation", "on", "when", "fields", "settings", "overflow")
STRANGE_MAX = 4


def sound(vendor: Vendor, operation: str) -> dict[str, dict[str, str]]:
    """
    One sound table after the other, by its head.
    """
    declared = vendor.operations[operation]
    required = {name: f'"{name}"' for name, field in declared.fields.items() if field.required} or {
        "メールアドレス": '"m"'
    }
    destination = {
        "vendor": f'"{vendor.slug}"',
        "base_url": '"https://api.example.jp"',
        "credentials": '"ssm:/a"',
        **{name: "4" if name == "version" else '"x"' for name, setting in vendor.settings.items() if setting.required},
    }
    route = {
        "from": '"contact"',
        "to": '"one"',
        "operation": f'"{operation}"',
        "fields": inline(required),
        "settings": inline({"gid": "1"} if "gid" in declared.settings else {}),
    }
    return {
        "[relay]": {"name": '"ekiden"', "secret": '"ssm:/a"'},
        "[alarms]": {},
        "[egress]": {},
        "[sources.contact]": {"preset": '"form"', "thanks": '"https://www.example.co.jp"'},
        "[destinations.one]": destination,
        "[destinations.two]": dict(destination),
        "[[routes]]": route,
    }


@st.composite
def files(draw: st.DrawFn, vendors: Mapping[str, Vendor]) -> str:
    """
    One file for one of the vendors, with at most STRANGE_MAX strange values or gaps in it.
    """
    vendor = vendors[draw(st.sampled_from(sorted(vendors)))]
    operation = draw(st.sampled_from(sorted(vendor.operations)))
    tables = sound(vendor, operation)
    keys = {
        "[relay]": ("name", "secret", "public_url"),
        "[alarms]": ("emails", "wait_minutes"),
        "[egress]": ("subnet_ids", "security_group_ids"),
        "[sources.contact]": tuple(SOURCE),
        "[destinations.one]": (*DESTINATION, *vendor.settings),
        "[destinations.two]": (*DESTINATION, *vendor.settings),
        "[[routes]]": ROUTE,
    }
    names = {
        "fields": st.sampled_from(["email", "x", *vendor.operations[operation].fields]),
        "settings": st.sampled_from(["x", *vendor.operations[operation].settings]),
    }
    for _ in range(draw(st.integers(0, STRANGE_MAX))):
        head = draw(st.sampled_from(sorted(tables)))
        key = draw(st.sampled_from(keys[head]))
        members = (
            st.dictionaries(names[key], VALUES, max_size=4).map(inline)
            if head == "[[routes]]" and key in names
            else VALUES
        )
        if draw(st.integers(0, 4)) == 0:
            tables[head].pop(key, None)
        else:
            tables[head][key] = draw(members)
    return "\n".join(
        line for head, table in tables.items() for line in (head, *(f"{k} = {v}" for k, v in table.items()))
    )
