"""
Salesforce's Outbound Message: SOAP in, notifications out, and the answers that its queue understands.

Prefixes vary, so names count without them. The session id that Salesforce may send along opens its API: it is left out
wherever the body is read or kept. (Salesforce, Outbound Messaging; checked 2026-11.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from chalicelib.errors import EnvelopeRefused
from chalicelib.model.arrival import Json

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ELEMENTS_MAX = 100_000
SECRET_NAMES = frozenset({"SessionId"})
ACK = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>"
)
FAULT = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>'
    "<faultcode>soapenv:Server</faultcode><faultstring>Please try again later.</faultstring></soapenv:Fault>"
    "</soapenv:Body></soapenv:Envelope>"
)
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def load(body: bytes, *, depth_max: int) -> Json:
    """
    `{OrganizationId, ActionId, notifications: [{notification_id, object_type, …the object's fields}]}`.

    The shape is that of the one element in the SOAP body, whatever its members are called; `Notification` members are
    flattened. Raises EnvelopeRefused (400) for what is no XML, has a DTD or entities, or is nested too deep.
    """
    message = next(iter(_body(_parsed(body, depth_max))), None)
    if message is None:
        raise EnvelopeRefused(400, "malformed", "The SOAP body is empty.")
    notifications = [_notification(each) for each in message if _name(each) == "Notification"]
    members = {_name(each): _value(each) for each in message if _name(each) not in {*SECRET_NAMES, "Notification"}}
    return {**members, "notifications": notifications}


def without_secrets(body: bytes, *, depth_max: int) -> bytes:
    """
    The same message without the session id, for whatever keeps bodies. Raises as `load` does.
    """
    from xml.etree.ElementTree import tostring  # noqa: PLC0415 - writes only; most sources send no XML

    root = _parsed(body, depth_max)
    for parent in root.iter():
        for child in [each for each in parent if _name(each) in SECRET_NAMES]:
            parent.remove(child)
    written: bytes = tostring(root, encoding="utf-8")
    return written


def _parsed(body: bytes, depth_max: int) -> Element:
    from defusedxml.common import DefusedXmlException  # noqa: PLC0415 - most sources send no XML
    from defusedxml.ElementTree import DefusedXMLParser, ParseError  # noqa: PLC0415 - as above

    try:
        parser = DefusedXMLParser(target=_bounded_builder(depth_max), forbid_dtd=True)
        parser.feed(body)
        root: Element = parser.close()
    # An encoding that nobody knows is a LookupError or a ValueError.
    except (ParseError, DefusedXmlException, LookupError, ValueError) as problem:
        raise EnvelopeRefused(400, "malformed", "The body is not the XML that is taken here.") from problem
    return root


def _bounded_builder(depth_max: int) -> Any:  # noqa: ANN401 - a subclass of a class that is loaded only here
    """
    A builder that ends the parsing where a message is deeper or larger than any real one.
    """
    from xml.etree.ElementTree import TreeBuilder  # noqa: PLC0415 - the parser is defusedxml's

    class Builder(TreeBuilder):
        depth = 0
        elements = 0

        def start(self, tag: str, attrs: dict[Any, Any], /) -> Element:
            self.depth += 1
            self.elements += 1
            if self.depth > depth_max or self.elements > ELEMENTS_MAX:
                raise EnvelopeRefused(400, "malformed", "The XML is nested too deep, or has too many elements.")
            return super().start(tag, attrs)

        def end(self, tag: str, /) -> Element:
            self.depth -= 1
            return super().end(tag)

    return Builder()


def _body(root: Element) -> Iterator[Element]:
    if _name(root) != "Envelope":
        raise EnvelopeRefused(400, "malformed", "The body is not a SOAP envelope.")
    return (child for part in root if _name(part) == "Body" for child in part)


def _notification(element: Element) -> dict[str, Json]:
    """
    One notification: its own id, its object's type, and the object's fields.
    """
    found: dict[str, Json] = {"notification_id": None}
    for member in element:
        if _name(member) == "Id":
            found["notification_id"] = _value(member)
        elif _name(member) == "sObject":
            found["object_type"] = member.get(_TYPE, "").rpartition(":")[2]
            fields = _members(member)
            found = {**(fields if isinstance(fields, dict) else {}), **found}
    return found


def _value(element: Element) -> Json:
    if element.get(_NIL, "").strip() in {"true", "1"}:
        return None
    return _members(element) if len(element) else element.text or ""


def _members(element: Element) -> dict[str, Json]:
    """
    The children by name; names that come again become lists.
    """
    members: dict[str, Json] = {}
    several: set[str] = set()
    for child in element:
        name, found = _name(child), _value(child)
        if name in SECRET_NAMES:
            continue
        if name in several:
            members[name].append(found)
        elif name in members:
            members[name] = [members[name], found]
            several.add(name)
        else:
            members[name] = found
    return members


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
