"""What clients may do to sockets: uvicorn's protocols with limits for time, size and number."""
