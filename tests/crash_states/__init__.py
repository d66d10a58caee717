"""Every disk state that a crash may leave, and every refusal of the operating system.

    tracing     some work, its system calls recorded by strace or made to fail by it
    reading     those calls as events: names given and taken, data written, what was forced out
    disk        from the events up to a crash: the states that a disk may be left in
    exploring   each distinct state put into a folder and looked at
    faults      the same work with each system call in turn failing, or killing the process
    scenarios   the product's own work, and what must hold whenever it ends
    protocols   well-known ways of saving a file, good and bad: they test the tests

The idea is ALICE's (Pillai and others, OSDI 2014), made small.
"""
