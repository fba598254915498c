"""The application that runs on the chip: frames of a camera become reports of who is there.

`settings.py` says what may be chosen, `votes.py` and `machine.py` define in Python what
`firmware/runtime/mf_application.c` does, line by line the same; `device.py` runs that C on the emulated chip.
"""
