"""The operator's console: people, devices, stock, actions with reasons, audit, exports."""
