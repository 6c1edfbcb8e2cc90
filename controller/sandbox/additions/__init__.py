"""What AWS does and moto lacks. Each file holds one subject and quotes the document it holds to."""
