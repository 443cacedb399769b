"""The desk's end: an encrypted copy of one unit's alerts that works without a link.

desk         the facade: all that a screen or a script may ask
home keys    the folder and the key that opens it;  store  what is kept there
projection events    what the officer sees, and how feed events are read
link failures        calls to Kota, and why they fail;  pull push receipts heartbeat  one step each;  loops  their threads
status enrolment audit self_check cli
"""
