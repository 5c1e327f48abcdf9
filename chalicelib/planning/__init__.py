"""
The planning room: waiting deliveries + quota + now → what to send, what to wait for. Pure.
"""
