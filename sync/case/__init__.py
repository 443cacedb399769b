"""What is true of an alert, whoever looks at it: values and rules, shared by desk and Kota.

Nothing here reads a clock, a file or a network, so the same facts always give the same answer at both ends.
"""
