"""What the portal's store of settings is made of; its door is `workspace.service`."""
