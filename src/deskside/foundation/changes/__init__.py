"""The change engine: every file that Deskside changes is planned, shown, applied, undoable."""
