"""Where desired state is read from: one file per source, each with a ``FORM`` that says which texts it accepts."""
