"""What the system costs, measured on the real programs: ``make bench``, or ``python -m tests.bench W1 W3``.

Kota is ``kota-central`` over TLS on loopback, the desk a process of its own with its encrypted store; signatures,
chains and every other check are on. Each figure is one line of JSON with its ratio to the bare bound of the same run:
the same bytes through a bare socket into a bare SQLite with the same durability (`tests.bench.bare`). Only these
ratios carry over from machine to machine. Prepared states lie under ``build/bench`` and are made once.

    loads      the reports and notes, the same in every run
    states     prepared Kotas and desks; copies of them to work on
    wire       many desks at once at the protocol, without their stores
    seat       the desk process
    bare       the bound
    figures    times, memory, the JSON lines
    workloads  what is measured
"""
