"""The message catalogues, a JSON file a language: English patterns and what stands for them.

A file `xx.json` beside this one is all that another language needs.
"""
