"""How a field is called in YAML and in the tables: one rule, and the exceptions beside their fields."""

from pydantic.alias_generators import to_camel, to_pascal


def yaml_name(field: str) -> str:
    """Field name in YAML: camelCase with acronyms as words (``include_amis`` -> ``includeAmis``)."""
    return to_camel(field)


def item_name(field: str) -> str:
    """Attribute name in the tables: PascalCase. Acronyms (``AMI``) are named at their field."""
    return to_pascal(field)
