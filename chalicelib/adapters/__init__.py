"""
The adapters: what the ports are on AWS, and their memory twins.
"""
