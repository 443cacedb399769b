"""The officer's window: everything that needs a screen.

    app      the one place that wires everything together
    bridge   the one door between threads and Qt, and the lane every write goes through
    shell    main window, truth strip, theme, language, shortcuts
    queue, case, alarm, lock, setup    a room for each thing the officer does

Views take values (`sync.desk.projection`) and tell what the officer wants by signals; they never touch a store or
the link.
"""
