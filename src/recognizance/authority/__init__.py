"""Who may act: operators and their credentials."""
