"""Kota's database: the only room that knows SQL, and it knows nothing else.

    database   open, create, the version gate; reading and writing
    writer     one thread, one commit for everything that waits
    tables     the tables and what must be true of them

The other files hold the queries of one theme each. They take a `Connection` inside somebody else's transaction and
never begin or end one. The statements are plain SQL that PostgreSQL understands too.
"""
