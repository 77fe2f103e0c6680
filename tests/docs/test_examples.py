from contextlib import ExitStack
from pathlib import Path

import pytest
from sybil.example import SybilFailure

from fhircase.demo.server import local_server

HOME = Path(__file__).parents[2]
DOCUMENTS = [HOME / "README.md", *sorted(HOME.glob("docs/how-to/*.md"))]
# A document that names this address gets a FHIR server of its own.
SERVER = "http://127.0.0.1:8090/fhir"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_example_runs_and_prints_what_it_promises(path, run_document, tmp_path):
    text = path.read_text(encoding="utf-8")
    with ExitStack() as running:
        if SERVER in text:
            # At any free port, for the one in the document may be taken.
            text = text.replace(SERVER, running.enter_context(local_server(tmp_path / "server")).base_url)
        copy = tmp_path / path.name
        copy.write_text(text, encoding="utf-8")
        run_document(copy)


def document(tmp_path, *blocks):
    path = tmp_path / "document.md"
    path.write_text("\n\n".join(f"```{language}\n{text}\n```" for language, text in blocks))
    return path


def test_examples_share_a_folder_and_their_names(run_document, tmp_path):
    path = document(
        tmp_path,
        ("python", "from pathlib import Path\ntext = 'one\\ntwo\\n'\nPath('numbers').write_text(text)"),
        ("console", "$ cat numbers\none\n...\n$ head -n 1 numbers\none"),
        ("sh", "make demo  # left to the reader\ncat \\\n  numbers > copy"),
        ("python", ">>> Path('copy').read_text() == text\nTrue"),
    )
    assert run_document(path) == [1, 7, 15, 22]


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (("python", "assert 1 == 2"), AssertionError),
        (("console", "$ cat /dev/null\nsomething"), SybilFailure),
        (("sh", "cat no-such-file"), SybilFailure),
        (("sh", "mystery --now"), SybilFailure),
    ],
)
def test_an_example_that_does_not_hold_fails(run_document, tmp_path, block, said):
    with pytest.raises(said):
        run_document(document(tmp_path, block))
