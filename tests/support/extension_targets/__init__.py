"""An extension package, as a third party would install one: each module defines a target."""
