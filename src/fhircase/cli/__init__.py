"""The command line: one command a file.

Exit codes: 0 all done; 1 a bug of ours; 2 the command line, the settings or a mapping file is wrong; 3 bad input, the
good records were processed all the same; 4 something is still owed, in conflict, held or refused. The lowest that
applies wins. They are set in `exits`.
"""

import gc

import typer

from fhircase.cli import conflicts, ledger, mappings, servers
from fhircase.cli.changes import ack, changes
from fhircase.cli.demo import demo
from fhircase.cli.explain import explain
from fhircase.cli.forget import forget
from fhircase.cli.init import init
from fhircase.cli.map import map_
from fhircase.cli.pause import pause, resume
from fhircase.cli.pull import pull
from fhircase.cli.push import push
from fhircase.cli.read import read
from fhircase.cli.reconcile import reconcile
from fhircase.cli.release import release
from fhircase.cli.remap import remap
from fhircase.cli.sample import sample
from fhircase.cli.status import status
from fhircase.cli.sync import sync
from fhircase.cli.watch import watch

app = typer.Typer(
    name="fhircase",
    help="Cases, care plans and referrals to FHIR servers and back, losing nothing.",
    epilog="Exit codes: 0 all done; 1 a bug of ours; 2 usage or settings; 3 bad input, the good records were "
    "processed; 4 something is still owed, in conflict, held or refused.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command("init")(init)
app.command("sample")(sample)
app.command("map")(map_)
app.command("read")(read)
app.add_typer(mappings.app, name="mappings")
app.command("explain")(explain)
app.command("push")(push)
app.command("pull")(pull)
app.command("sync")(sync)
app.command("changes")(changes)
app.command("ack")(ack)
app.add_typer(conflicts.app, name="conflicts")
app.command("release")(release)
app.add_typer(ledger.app, name="ledger")
app.command("forget")(forget)
app.command("pause")(pause)
app.command("resume")(resume)
app.command("reconcile")(reconcile)
app.command("remap")(remap)
app.command("status")(status)
app.command("watch")(watch)
app.add_typer(servers.app, name="servers")
app.command("demo")(demo)


RARELY = 50_000
"""New objects between two looks for circles of them: records come and go without any, and each look costs."""


def main() -> None:
    """Run the command line."""
    gc.set_threshold(RARELY, 20, 20)
    app(prog_name="fhircase")
