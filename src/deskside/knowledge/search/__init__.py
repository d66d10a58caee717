"""Full-text search over the articles; see `index` for the door and how a question is answered."""
