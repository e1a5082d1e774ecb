"""Camera files of other programs: one module a format, each with a reader and a writer."""
