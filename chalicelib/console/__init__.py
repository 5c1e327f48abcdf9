"""
The operator's console: view values in, HTML out. It asks nothing and does nothing; relay.console does.
"""
