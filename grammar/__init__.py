"""The grammar of the language, `cgraph.lark`, and the parse tables made from it when packaged."""
