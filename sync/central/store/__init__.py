"""Kota's database: the only room that knows SQL, and it knows nothing else.

    database     open and create, whichever it is; reading and writing
    sqlite       the embedded one: a file
    writer       its writer: one thread, one commit for everything that waits
    postgresql   the one that several Kotas may share; its rules for writing at once
    migrations   how the tables came to be, step by step
    tables       the tables and what must be true of them
    failures     how a database fails

The other files hold the queries of one theme each. They take a `Connection` inside somebody else's transaction and
never begin or end one. The statements are the same for both databases; whoever reads a row to change something by it
locks it first, as `postgresql` says.
"""
