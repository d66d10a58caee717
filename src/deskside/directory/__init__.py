"""People and entities, their user names, roles and ways to reach them."""
