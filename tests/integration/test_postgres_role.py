"""The role that the containers give Kith on PostgreSQL: it serves, and may do nothing else."""

import os
import subprocess
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
import pytest

from app.bootstrap import build
from app.settings import Settings
from tests.support.client import client_of
from tests.support.needed import lacking
from tests.support.pictures import picture
from tests.support.postgres import own_cluster

_SCRIPT = Path(__file__).parents[2] / "docker" / "make_role.sh"
_PASSWORD = 'it\'s-a-"password"-$(of)-nobody'


def test_kith_serves_as_a_role_that_is_no_superuser(settings: Settings, tmp_path: Path) -> None:
    secret = tmp_path / "postgres_password"
    secret.write_text(f"{_PASSWORD}\n")
    with own_cluster() as cluster:
        place = urlsplit(cluster.url)
        given = {
            "PATH": os.environ["PATH"],
            "PGHOST": str(place.hostname),
            "PGPORT": str(place.port),
            "POSTGRES_USER": "postgres",
            "POSTGRES_PASSWORD_FILE": str(secret),
        }
        try:
            made = subprocess.run([_SCRIPT], env=given, capture_output=True, text=True, timeout=240)
        except FileNotFoundError as error:
            lacking(f"{error.filename} is missing: apt-get install postgresql-client")
        assert made.returncode == 0, made.stderr
        cluster.admit(
            "host postgres postgres 127.0.0.1/32 trust", "host all kith 127.0.0.1/32 scram-sha-256"
        )
        with psycopg.connect(cluster.url) as administrator:
            rights = administrator.execute(
                "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls "
                "FROM pg_roles WHERE rolname = 'kith'"
            ).fetchone()
            secrets = administrator.execute(
                "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'"
            ).fetchone()
        assert rights == (False,) * 5
        assert secrets == (None,)
        own = psycopg.conninfo.make_conninfo(
            host=place.hostname, port=place.port, user="kith", password=_PASSWORD, dbname="kith"
        )
        with pytest.raises(psycopg.OperationalError, match="postgres"):
            psycopg.connect(own, dbname="postgres")
        with psycopg.connect(own) as kith, pytest.raises(psycopg.errors.InsufficientPrivilege):
            kith.execute("SELECT pg_read_file('/etc/passwd')")
        _serve(settings.model_copy(update={"database_url": _url(place.port or 0)}))


def _url(port: int) -> str:
    return f"postgresql://kith:{quote(_PASSWORD, safe='')}@127.0.0.1:{port}/kith"


def _serve(settings: Settings) -> None:
    """Schema, listening, enrolment, identification, removal."""
    with client_of(build(settings)) as client:
        assert client.post("/collections", json={"id": "hq"}).status_code == 201
        enrolled = client.post(
            "/collections/hq/persons", data={"id": "ada"}, files={"images": picture(1)}
        )
        assert enrolled.status_code == 201
        found = client.post("/collections/hq/identify", files={"image": picture(1)}).json()
        assert found["faces"][0]["person_id"] == "ada"
        assert client.delete("/collections/hq/persons/ada").status_code == 204
