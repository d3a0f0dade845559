#!/bin/sh
# Run by PostgreSQL's image when it has made its first database: Kith's own role and database. The role is no
# superuser and may make neither roles nor databases. The superuser keeps no password, so nobody becomes it over the
# network: `docker compose exec postgres psql --username=postgres` does.
set -eu
psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
  --set=password="$(cat "$POSTGRES_PASSWORD_FILE")" <<'SQL'
CREATE ROLE kith LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
CREATE DATABASE kith OWNER kith;
REVOKE ALL ON DATABASE kith FROM PUBLIC;
REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;
ALTER ROLE CURRENT_USER PASSWORD NULL;
SQL
