from __future__ import annotations

from requests import Request

from tests.sandbox.wire import Form, SandboxRequest, php_form, read_form


def _posted(body: bytes, content_type: str) -> SandboxRequest:
    return SandboxRequest(method="POST", path="/", headers={"content-type": content_type}, body=body)


def _multipart(files: dict[str, object]) -> SandboxRequest:
    prepared = Request("POST", "http://example.co.jp/", files=files).prepare()
    return _posted(bytes(prepared.body or b""), prepared.headers["Content-Type"])


def test_a_form_keeps_every_byte() -> None:
    """
    Values stay bytes until the vendor decides on a charset; a repeated name is the last one; blank values stay.
    """
    form = read_form(_posted(b"a=1&a=%93%fa&b=&c=x+y%2Bz", "application/x-www-form-urlencoded; charset=utf-8"))
    assert form.fields == {"a": b"\x93\xfa", "b": b"", "c": b"x y+z"}


def test_a_part_with_a_file_name_is_a_file_and_nothing_else() -> None:
    """
    PHP puts a named part into its files, where a program that looks for a field does not find it.
    """
    form = read_form(_multipart({"plain": (None, "1"), "named": ("x.json", "2"), "nameless": (None, "3", "text/csv")}))
    assert form.fields == {"plain": b"1", "nameless": b"3"}
    assert {name: (upload.filename, upload.data) for name, upload in form.files.items()} == {"named": ("x.json", b"2")}


def test_an_empty_file_name_means_no_file() -> None:
    """
    A browser's file input that was left empty is neither file nor field.
    """
    body = b'--b\r\nContent-Disposition: form-data; name="f"; filename=""\r\n\r\n\r\n--b--\r\n'
    assert read_form(_posted(body, "multipart/form-data; boundary=b")) == Form()


def test_php_renames_parts() -> None:
    """
    Blanks and dots in a part's name become underscores.
    """
    form = php_form(_multipart({"import settings": (None, "1"), "customer.list": ("a.csv", "2")}))
    assert list(form.fields) == ["import_settings"]
    assert list(form.files) == ["customer_list"]


def test_what_is_no_form_is_an_empty_form() -> None:
    """
    JSON, a broken multipart body, and one without boundary hold no parameters.
    """
    for body, kind in [
        (b'{"a": 1}', "application/json"),
        (b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1", "multipart/form-data; boundary=b"),
        (b"a=1", "multipart/form-data"),
        (b"a=1", ""),
        (b"%ff=1", "application/x-www-form-urlencoded"),
    ]:
        assert read_form(_posted(body, kind)) == Form()
