"""
The operator's command line, `ekiden`: everything that can be seen and done without the AWS console.
"""

from chalicelib.cli.root import main

__all__ = ["main"]
