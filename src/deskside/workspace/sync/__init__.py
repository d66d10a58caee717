"""This computer's side of the portal's settings store.

client          the portal's API, opened and sealed on the way
lane            one workspace between this computer and one portal: what is remembered of it
pushing         save, send; merge with what others sent meanwhile, or ask
pulling         the portal's latest, or the last good copy
queue           what could not be sent is sent later
merging         can it be merged, and what stays open
sealing         end-to-end encryption: contents that only this person's computers can read
encryption      switching that on, joining, sealing again what was sent before
workstation_id  who this computer is
restores        restores that were asked for on the portal
"""
