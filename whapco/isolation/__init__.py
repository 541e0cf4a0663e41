"""Proves the walls between companies: asks every address of the project for another company's data.

The addresses come from Django's resolver, the objects from the models, so that what is new is
covered the day it is added. Nothing here serves a request of the product.
"""
