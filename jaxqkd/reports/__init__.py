"""Reports of studies: sections, rendered for the terminal, as Markdown and as one HTML page, and their figures."""
