"""
Ekiden: a serverless relay for web forms and CRM webhooks.
"""

__version__ = "0.1.0"
