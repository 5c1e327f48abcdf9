"""
The operator's side: template, package, deployment, and the embedded local AWS. Never imported by a Lambda function.
"""
