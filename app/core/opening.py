"""Explains in one line why a database cannot be opened: the setting that names it, its location,
the reason in the driver's words, and what to do. The line never holds a password.

The line is for the operator. Clients of a running service learn only that the database does not
answer.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from app.core.files import why_denied, why_no_files_in
from app.errors import NotReady, SettingsError, StartError

_SETTING: Final = "KITH_DATABASE_URL"
_FORM: Final = "postgresql://user:password@host:5432/name"
_ENCODE: Final = (
    "Special characters in the user or the password must be percent-encoded: @ is %40, : is %3A, "
    "/ is %2F, ? is %3F, # is %23, % is %25."
)
_POSTGRESQL: Final = frozenset({"postgresql", "postgres"})
_HOST: Final = re.compile(r"[\w.:,%-]*")
_SQLITE_OPTIONS: Final = frozenset(
    {"uri", "mode", "cache", "immutable", "nolock", "psow", "vfs", "timeout"}
)
_REPEATED: Final = re.compile(
    r'connection failed: |connection to server (at|on) "[^"]*"( \([^)]*\))?,? (port \d+ )?failed: '
    r"|(FATAL|ERROR): +"
)
"""The driver's prefix to the server's own words; it repeats the location."""
_NAME: Final = re.compile(r'"[^"]*"')
_LEAST_FREE: Final = 1024 * 1024  # bytes; SQLite needs some for its write-ahead log

_ADVICE: Final = (
    ("not a database", "Move the file away, restore a backup, or name another place."),
    ("malformed", "Restore the last good backup."),
    ("locked", "Stop the other program that uses the file."),
    ("disk is full", "Make room on it."),
    ("password authentication failed", f"Check the user and the password. {_ENCODE}"),
    ("no password supplied", f"Put the password into {_SETTING}, as in {_FORM}."),
    ("permission denied", "Make the role the owner of the database, or grant it what it lacks."),
    ("must be owner", "Make the role the owner of the tables."),
    (
        "pg_hba.conf",
        "Allow this user, database and address in the server's pg_hba.conf; where it asks for "
        "TLS, add ?sslmode=require to the URL.",
    ),
    ("certificate", "Check sslmode, sslrootcert and sslcert in the URL."),
    ("SSL", "Check sslmode in the URL against what the server offers."),
    ("refused", "Start PostgreSQL there, or correct the host and the port."),
    ("resolve host", "Correct the name of the host."),
    ("not known", "Correct the name of the host."),
    ("name resolution", "Check the name of the host, and that names can be resolved here."),
    ("timeout", "Check the host and the port, and any firewall on the way."),
    ("timed out", "Check the host and the port, and any firewall on the way."),
    ("nothing came", "Check that PostgreSQL listens on that port, and that it is not overloaded."),
    ("unreachable", "Check the host, and the network on the way."),
    ("No such file", "Start PostgreSQL, or name its host in the URL."),
    ("connection option", "Correct the part of the URL after the question mark."),
    ("too many", "Raise max_connections in the server, or stop others that use it."),
    ("connection slots", "Raise max_connections in the server, or stop others that use it."),
    ("read-only transaction", "Name the primary server; this one is a standby."),
    ("starting up", "Try again when the server has started."),
    ("shutting down", "Start the server again."),
    ('role "', "Check the user, or have the server's administrator create the role."),
    ('database "', "Check the name at the end of the URL, or create the database (createdb)."),
)
"""The advice for each part of an error text; the first match counts."""
_ANY: Final = f"Check {_SETTING} and the server's log."


def checked_url(text: str) -> URL:
    """The database that KITH_DATABASE_URL names. ``SettingsError`` repeats no part of a URL that
    is not understood, for any part of it may be one of the password.
    """
    authority = text.partition("://")[2]
    after_user = re.split("[:/]", authority, maxsplit=1)[-1]
    if after_user.count("@") > 1:
        raise SettingsError(f"{_SETTING} has more than one @. {_ENCODE}")
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise SettingsError(
            f"{_SETTING} is no URL of a database; it looks like {_FORM}. {_ENCODE}"
        ) from None
    if url.get_backend_name() == "sqlite":
        return _checked_sqlite(text, url)
    if url.get_backend_name() not in _POSTGRESQL:
        raise SettingsError(
            f"{_SETTING} begins with {url.drivername}://; Kith keeps its data in PostgreSQL "
            "(postgresql://) or, when it is unset, in SQLite."
        )
    if not _HOST.fullmatch(url.host or "") or not 0 < (url.port or 1) < 65536:
        raise SettingsError(f"{_SETTING} has no valid host and port. {_ENCODE}")
    return url


def _checked_sqlite(text: str, url: URL) -> URL:
    if url.host:
        raise SettingsError(
            f"{_SETTING} names a host, and SQLite has none: sqlite:////folder/kith.db is the file "
            "/folder/kith.db."
        )
    if not set(url.query) <= _SQLITE_OPTIONS or ("?" in text and not url.query):
        raise SettingsError(
            f"{_SETTING} has a part after the question mark that SQLite does not know; a folder "
            "whose name has a question mark is named by KITH_DATA_DIR."
        )
    return url.set(drivername="sqlite")


def sqlite_file(url: URL) -> Path | None:
    """The file of an SQLite database that is in a file."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return None if "uri" in url.query else Path(str(url.database))


def place_of(url: URL) -> str:
    """The database's location for a message, without its password."""
    if url.get_backend_name() == "sqlite":
        return f"the database {str(url.database)!r}"
    host = url.host or url.query.get("host") or os.environ.get("PGHOST") or "the local socket"
    port = url.port or url.query.get("port") or os.environ.get("PGPORT") or 5432
    name = f"the database {url.database!r}" if url.database else "the database"
    return f"{name} at {host} (port {port})"


def reason_of(error: BaseException | None) -> str:
    """The words of the driver or the server, on one line. An error about a statement is cut after
    its first part, because the rest may hold values.
    """
    diagnosis: Any = getattr(error, "diag", None)
    if diagnosis is not None and diagnosis.message_primary:
        return str(diagnosis.message_primary)
    lines = (_REPEATED.sub("", line).strip(" -\t") for line in str(error).splitlines())
    return "; ".join(dict.fromkeys(line for line in lines if line)).rstrip(".?")


@contextmanager
def opening(url: URL, setting: str) -> Iterator[None]:
    """Raise ``StartError`` with the reason if the database at ``url`` cannot be opened."""
    try:
        yield
    except NotReady as error:
        if not error.reason:
            raise
        reason = error.reason
    except DBAPIError as error:
        reason = reason_of(error.orig)
    except UnicodeError:  # of what cannot be a host's name, by Python
        reason = "failed to resolve host"
    except OSError as error:
        reason = str(error.strerror)
    else:
        return
    raise StartError(f"{setting}: {place_of(url)} cannot be opened: {_explained(url, reason)}")


def _explained(url: URL, reason: str) -> str:
    if (file := sqlite_file(url)) is not None and (seen := _what_is_wrong_with(file)):
        return seen
    without_names = _NAME.sub('""', reason)
    return f"{reason}. {next((do for part, do in _ADVICE if part in without_names), _ANY)}"


def _what_is_wrong_with(file: Path) -> str | None:
    """SQLite says no more than "unable to open database file": what can be seen from outside."""
    if why := why_no_files_in(file.parent):
        return why
    if file.is_dir():
        return "it is a folder. Move it away, or name another place."
    for each in (file, *(file.with_name(f"{file.name}-{part}") for part in ("wal", "shm"))):
        if each.exists() and (why := why_denied(each)):
            return why
    if file.parent.is_dir() and shutil.disk_usage(file.parent).free < _LEAST_FREE:
        return "the disk is full. Make room on it."
    return None
