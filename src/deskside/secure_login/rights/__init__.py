"""What a session may do, up to which amount, by the device that authenticated it."""
