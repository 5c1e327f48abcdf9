import importlib.util
import sys
import zipfile
from pathlib import Path

import pytest

from chalicelib.ops.bundle import compile_all, is_used, unpack, write_zip
from chalicelib.ops.stopped import Stopped


def write(folder: Path, files: dict[str, str]) -> Path:
    """
    A folder with these files.
    """
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "botocore/data/dynamodb/2012-08-10/service-2.json.gz",
        "botocore/data/endpoints.json",
        "boto3/resources/factory.py",
        "boto3/dynamodb/types.py",
        "requests/__init__.py",
        "requests-2.34.2.dist-info/METADATA",
        "requests-2.34.2.dist-info/licenses/LICENSE",
    ],
)
def test_what_the_functions_load_and_the_licences_are_kept(name: str) -> None:
    """
    The services we call, the code of the libraries, and their licences go along.
    """
    assert is_used(name)


@pytest.mark.parametrize(
    "name",
    [
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
        "boto3/data/ec2/2016-11-15/resources-1.json",
        "boto3/examples/s3.rst",
        "bin/normalizer",
        "requests/__pycache__/api.cpython-311.pyc",
        "requests-2.34.2.dist-info/RECORD",
    ],
)
def test_what_no_function_loads_stays_at_home(name: str) -> None:
    """
    Four hundred service descriptions make three quarters of the zip.
    """
    assert not is_used(name)


def test_an_unchanged_project_gives_the_same_zip(tmp_path: Path) -> None:
    """
    Wherever and whenever it is packaged: CloudFormation then finds nothing to do.
    """
    files = {"b/two.py": "NAMES = {'x', 'y', 'z'}\n", "one.py": "def f(): return frozenset({'p', 'q'})\n"}
    zips = []
    for place in ("here", "there"):
        folder = write(tmp_path / place, files)
        (folder / "one.py").touch()
        compile_all(folder)
        zips.append(tmp_path / f"{place}.zip")
        write_zip(zips[-1], folder)

    assert zips[0].read_bytes() == zips[1].read_bytes()


def test_the_zip_holds_modules_ready_to_run(tmp_path: Path) -> None:
    """
    Lambda cannot store what it compiles, so that without this each cold start would compile everything.
    """
    folder = write(tmp_path / "app", {"greeting.py": "WORDS = 'おはよう'\n"})
    compile_all(folder)
    write_zip(tmp_path / "app.zip", folder)

    with zipfile.ZipFile(tmp_path / "app.zip") as opened:
        names = opened.namelist()
    cached = Path(importlib.util.cache_from_source("greeting.py")).as_posix()
    assert names == [cached, "greeting.py"]
    assert sys.implementation.cache_tag in cached


def test_the_app_goes_over_a_library_of_the_same_name(tmp_path: Path) -> None:
    """
    Where two folders hold the same file, the later one counts.
    """
    write_zip(tmp_path / "a.zip", write(tmp_path / "low", {"x.py": "1"}), write(tmp_path / "high", {"x.py": "2"}))

    unpack(tmp_path / "a.zip", tmp_path / "out")
    assert (tmp_path / "out" / "x.py").read_text() == "2"


def test_a_module_that_cannot_be_compiled_stops_the_packaging(tmp_path: Path) -> None:
    """
    The file at fault is named.
    """
    with pytest.raises(Stopped, match=r"broken\.py"):
        compile_all(write(tmp_path, {"broken.py": "def :\n"}))
