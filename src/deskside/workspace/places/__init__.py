"""Where settings live on this computer: finding, reading, and what else touches them.

machine        this computer, described, so that what follows can be decided without it
launching      folders of settings that launchers and their options name
roots          the roots of settings on a machine
finding        the workspaces under a root
reading        one settings file, while its program may be writing it
jts_ini        the program's own small file beside the users' folders, key by key
about          what that file tells of a workspace, in words
backups        the program's older copies, found by what they hold
running        which program holds a workspace now
remote_store   whether the program keeps the settings on its own server
"""
