"""`parcours doctor`: is a home folder, and the machine it is on, as a run needs it.

One module of ``examinations`` for each thing that is looked at; each gives what it found, with the way out. Nothing is
changed but by the mends that a finding offers, and those only ever close or take away what Parcours has made.
"""
