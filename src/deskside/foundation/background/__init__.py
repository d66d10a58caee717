"""Commands that run in the background for one person: systemd, launchd, Task Scheduler.

model      what a background service is, and what each system is told of it
systemd    user units
launchd    agents
tasks      Task Scheduler
service    install, remove, list: planned and undoable, then handed to the system's own tool
"""
