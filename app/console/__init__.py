"""The console: pages for the people who run Kith, in the browser, at ``/console``.

It is a client of the services as the API's routes are: a route reads a form into the schema of the
API, calls a service, and shows what it answers. It keeps nothing of its own but the sessions, which
are in ``app.auth``. An API route never takes a session, and no page takes a key in a header.
"""
