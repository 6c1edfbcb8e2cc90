"""What AWS refuses and moto lets pass. Each file holds one subject and quotes the document it holds to."""
