"""A YAML block that begins with a comment naming a file ("# my_data/drugs/x.yaml") is that file while the page's examples run."""

import re
from pathlib import Path

import pytest

_SHOWN = re.compile(r"^```yaml\n# (\S+\.yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def _shown_files(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    page = request.path
    if page.suffix != ".md":
        return
    for name, text in _SHOWN.findall(page.read_text(encoding="utf-8")):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
