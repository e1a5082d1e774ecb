"""The records that stages exchange; each saves and loads itself."""
