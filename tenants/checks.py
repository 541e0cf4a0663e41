"""System and deploy checks."""
