"""What commands print for programs: one type and one builder for each JSON document, and the schemas made from them."""
