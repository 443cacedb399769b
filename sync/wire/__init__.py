"""What crosses the network between a desk and Kota, byte for byte: the same code at both ends.

    chain      numbered hash chains and the signatures over their heads
    page       a header line and body lines: how feeds and logs travel
    messages   the shapes of every request, reply and feed event
    errors     what Kota may answer instead

The signed bytes of an entry or event are stored and sent verbatim; nothing in here re-encodes them.
"""
