"""The YAML of accounts and environments that many tests begin with."""

NUMBERS = {"staging-eu": "012345670123", "test-eu": "210987654321", "prod-eu": "099999990123"}
"""Name of an account -> its number."""

EMPTY_MAP = """apiVersion: envctl/v1
kind: DeploymentMap
metadata: {name: web}
spec: {roles: []}
"""
WEB_MAP = """apiVersion: envctl/v1
kind: DeploymentMap
metadata: {name: web}
spec:
  roles:
    - {serverRoleName: Web, owningCluster: Tango, ami: web-1.4.2, contactEmailTag: a@b.example,
       autoScalingSettings: {minCapacity: 1, desiredCapacity: 3, maxCapacity: 6}}
"""
MAP_AND_SCHEDULE = (
    WEB_MAP
    + """---
apiVersion: envctl/v1
kind: Schedule
metadata: {name: office-hours}
spec: {timezone: Europe/London, periods: [{days: mon-fri, from: 08:00, to: 19:00}]}
"""
)


def account(
    name: str = "staging-eu", *, environment_type: str = "", of_type: str = "", **spec: str
) -> str:
    """Return an account and an environment type that lives in it, which is called as the account unless it is named.

    ``of_type`` are further fields of the type's spec: ``, name: value``.
    """
    fields = "".join(f", {key}: {value}" for key, value in spec.items())
    return f"""apiVersion: envctl/v1
kind: Account
metadata: {{name: {name}}}
spec: {{accountNumber: "{NUMBERS[name]}"{fields}}}
---
apiVersion: envctl/v1
kind: EnvironmentType
metadata: {{name: {environment_type or name}}}
spec: {{account: {name}, vpcId: vpc-1, subnets: {{PrivateApp: {{availabilityZoneA: subnet-1, availabilityZoneB: subnet-2}}}}{of_type}}}
"""


def environment(name: str, owner: str = "Tango", kind: str = "staging-eu", more: str = "") -> str:
    """Return an environment. ``kind`` is its environment type, ``more`` further fields: ``, name: value``."""
    return f"""apiVersion: envctl/v1
kind: Environment
metadata: {{name: {name}}}
spec: {{environmentType: {kind}, owningCluster: {owner}, deploymentMap: web{more}}}
"""


def one_file(*documents: str) -> str:
    """Return one file of several documents."""
    return "---\n".join(documents)
