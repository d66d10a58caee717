"""Taking the seeds of devices that somebody else made."""
