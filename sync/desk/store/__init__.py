"""The desk's encrypted store: the only place at this end that knows SQL.

    database     the file: key, version gate, one writer, many readers
    tables       what stands in it;  migrations  how it came to be so
    device feed log queue cases drafts officers     functions on a connection, one file for each thing kept

Functions that write are called inside `Database.write` only, so that several of them make one transaction.
"""
