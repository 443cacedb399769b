"""Everything that must be true without a screen; nothing in here knows Qt.

    case      what is true of an alert, whoever looks: pure values and rules
    wire      what crosses the network, byte for byte
    desk      the desk's end: encrypted store, outbox, link, sign-in
    central   Kota's end: intake, routing, feeds, device logs, directory

Imports point one way: ``case <- wire <- desk | central``. The two ends never import each other.
Beside them stand the seams where the outside comes in: ``world`` (time and chance), ``sqlite`` (the database
driver), ``resources`` (the data files) and ``words`` (Hindi and English).
"""
