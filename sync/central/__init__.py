"""Kota's end: takes reports in, routes them, publishes a feed to each unit, keeps the one history.

home, settings, authority  the folder of this installation, what it is set to, its certificates
store                      the database; the only room that knows SQL
intake, routing, events    from a platform's message to the feeds
entries                    from a device's log to the feeds
feeds, watch               what devices read, and when they are woken
enrolment, tokens          which PC it is
rejoining, adopting        what desks give back to a Kota that was restored from a backup
heartbeats                 what PCs say of themselves, and what they are ordered to do
officers, audit            who signs in where; whether every chain still holds
http, commands, cli        the doors: thin, no rules in them
"""
