"""The documents of the made-up fleet, one function per kind. Numbers become names; references lead to what exists."""

import random
from itertools import product
from string import ascii_lowercase
from typing import Protocol

MAX_CLUSTERS = 26 * 26
"""Short names are two letters."""

FIRST_PORT, PORTS = 40_000, 1_000
HEAD = "apiVersion: envctl/v1\nkind: "
HOST_LABELS = (
    "www",
    "api",
    "admin",
    "shop",
    "img",
    "static",
    "auth",
    "search",
    "status",
    "partner",
)
ROLES = ("Web", "Api", "Worker", "Cache", "Report", "Db")
ZONES = ("Europe/London", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC")
SHORT_NAMES = ["".join(pair) for pair in product(ascii_lowercase, repeat=2)]


class Sizes(Protocol):
    """How many there are of what others refer to."""

    @property
    def accounts(self) -> int: ...
    @property
    def clusters(self) -> int: ...
    @property
    def maps(self) -> int: ...
    @property
    def schedules(self) -> int: ...
    @property
    def calendars(self) -> int: ...
    @property
    def permissions(self) -> int: ...
    @property
    def templates(self) -> int: ...
    @property
    def services(self) -> int: ...
    @property
    def environments(self) -> int: ...
    @property
    def upstreams(self) -> int: ...
    @property
    def virtual_hosts(self) -> int: ...


def joined(documents: list[str]) -> str:
    """Return the text of a file."""
    return "---\n".join(documents)


def type_name(number: int) -> str:
    return f"Staging{number}"


def shared_documents(sizes: Sizes, chance: random.Random) -> dict[str, list[str]]:
    """Return folder -> documents of all that is not part of one environment."""
    return {
        "accounts": [account(n) for n in range(sizes.accounts)],
        "types": [environment_type(n, sizes) for n in range(sizes.accounts)],
        "teams": [
            text for n in range(sizes.clusters) for text in (cluster(n), notification_settings(n))
        ],
        "calendars": [calendar(n) for n in range(sizes.calendars)],
        "schedules": [schedule(n, sizes, chance) for n in range(sizes.schedules)],
        "services": [service(n, sizes, chance) for n in range(sizes.services)],
        "maps": [deployment_map(n, sizes, chance) for n in range(sizes.maps)],
        "permissions": [permission(n, sizes) for n in range(sizes.permissions)],
        "templates": [template(n) for n in range(sizes.templates)],
    }


def account(number: int) -> str:
    return f"""{HEAD}Account
metadata: {{name: staging{number}}}
spec:
  accountNumber: "{12345670000 + number:012d}"
  includeAmis: {"true" if number == 0 else "false"}
  externalId: secretsmanager://envctl/external-ids#staging{number}
"""


def environment_type(number: int, sizes: Sizes) -> str:
    subnets = "".join(
        f"    {name}: {{availabilityZoneA: subnet-{number:04x}{index}a, availabilityZoneB: subnet-{number:04x}{index}b{more}}}\n"
        for index, (name, more) in enumerate(
            (("PrivateApp", ""), ("PrivateSecure", ", secure: true"), ("PublicLB", ""))
        )
    )
    return f"""{HEAD}EnvironmentType
metadata: {{name: {type_name(number)}}}
spec:
  account: staging{number}
  region: eu-west-1
  namingPattern: "^c[0-9]{{5}}$"
  vpcId: vpc-{number:08x}
  subnets:
{subnets}  deploymentBucket: acme-staging{number}-packages
  loadBalancers: [lb1.staging{number}.acme.example, lb2.staging{number}.acme.example]
  consul:
    dataCenter: staging{number}
    port: 8500
    servers: [10.{number}.0.10, 10.{number}.0.11, 10.{number}.0.12]
    securityTokenPath: {{bucket: acme-staging{number}-secrets, key: consul.json}}
  freeze: [closed{number % sizes.calendars}]
"""


def defaults(number: int) -> str:
    return f"""{HEAD}Defaults
metadata: {{name: {type_name(number).lower()}}}
spec:
  Environment:
    environmentType: {type_name(number)}
    alertSettings: EnvironmentOwner
  Upstream:
    liveSlice: external
"""


def cluster(number: int) -> str:
    return f"""{HEAD}Cluster
metadata: {{name: Team{number}}}
spec:
  shortName: {SHORT_NAMES[number]}
  keyPair: team{number}
  groupEmailAddress: team{number}@acme.example
  notificationSettingsId: team-{number}
"""


def notification_settings(number: int) -> str:
    return f"""{HEAD}NotificationSettings
metadata: {{name: team-{number}}}
spec:
  notificationEmail: [team{number}@acme.example, operations@acme.example]
  chatChannel: ["#team-{number}"]
  ticketing: TEAM{number}
"""


def calendar(number: int) -> str:
    return f"""{HEAD}Calendar
metadata: {{name: closed{number}}}
spec:
  dates:
    - {{date: 2027-03-26, name: Good Friday}}
    - {{date: 2027-03-29, name: Easter Monday}}
    - {{from: 2027-12-{18 + number % 5}, to: 2028-01-03, name: Year end}}
"""


def schedule(number: int, sizes: Sizes, chance: random.Random) -> str:
    return f"""{HEAD}Schedule
metadata: {{name: hours{number}}}
spec:
  timezone: {chance.choice(ZONES)}
  periods:
    - {{days: mon-fri, from: {chance.choice(("07:00", "07:30", "08:00"))}, to: {chance.choice(("18:00", "19:00", "20:30"))}}}
    - {{days: sat, from: 09:00, to: 13:00}}
  except: [closed{number % sizes.calendars}]
"""


def ported(sizes: Sizes) -> int:
    """Return how many services have ports: the first ones, as many as there are pairs of ports."""
    return min(sizes.services, PORTS // 2)


def service_name(number: int) -> str:
    return f"Service{number}"


def service(number: int, sizes: Sizes, chance: random.Random) -> str:
    port = FIRST_PORT + 2 * number
    ports = f"  bluePort: {port}\n  greenPort: {port + 1}\n" if number < ported(sizes) else ""
    return f"""{HEAD}Service
metadata: {{name: {service_name(number)}, labels: {{tier: {chance.choice(("gold", "silver"))}}}}}
spec:
  owningCluster: Team{number % sizes.clusters}
{ports}  description: Answers what the shop asks it, number {number}
  primaryContact: team{number % sizes.clusters}
  dependencies: [{{name: {service_name(chance.randrange(sizes.services))}}}]
  tags: [{{key: language, value: {chance.choice(("java", "python", "dotnet"))}}}]
  documentationUrl: https://docs.acme.example/{service_name(number).lower()}
"""


def deployment_map(number: int, sizes: Sizes, chance: random.Random) -> str:
    roles = "".join(_role(name, sizes, chance) for name in ROLES)
    return f"""{HEAD}DeploymentMap
metadata: {{name: map{number}}}
spec:
  roleDefaults:
    owningCluster: Team{number % sizes.clusters}
    instanceType: m6i.large
    securityZone: Other
    subnetTypeName: PrivateApp
    volumes: [{{name: OS, size: 50, type: SSD}}, {{name: Data, size: 10, type: Disk}}]
    whenOff: standby
    userData: linux{number % sizes.templates}
  roles:
{roles}"""


def _role(name: str, sizes: Sizes, chance: random.Random) -> str:
    desired = chance.randrange(1, 6)
    secure = (
        "      securityZone: Secure\n      subnetTypeName: PrivateSecure\n" if name == "Db" else ""
    )
    services = ", ".join(service_name(n) for n in chance.sample(range(sizes.services), 3))
    return f"""    - serverRoleName: {name}
      ami: {name.lower()}-1.{chance.randrange(9)}.{chance.randrange(20)}
{secure}      autoScalingSettings: {{minCapacity: 1, desiredCapacity: {desired}, maxCapacity: {desired + 2}}}
      terminationDelay: 3
      services: [{services}]
"""


def permission(number: int, sizes: Sizes) -> str:
    return f"""{HEAD}Permission
metadata: {{name: group{number}}}
spec:
  permissions:
    - {{resource: /config/services/*, access: PUT}}
    - {{cluster: Team{number % sizes.clusters}}}
    - {{environmentType: {type_name(number % sizes.accounts)}}}
"""


def template(number: int) -> str:
    return f"""{HEAD}Template
metadata: {{name: linux{number}}}
spec:
  text: |
    #!/bin/bash
    echo "{{{{ environment }}}} {{{{ runtimeRole }}}}" > /etc/role
"""


def environment_name(number: int) -> str:
    return f"c{number:05d}"


def environment(number: int, type_number: int, sizes: Sizes, chance: random.Random) -> str:
    desired = chance.randrange(2, 8)
    return f"""{HEAD}Environment
metadata: {{name: {environment_name(number)}, labels: {{purpose: {chance.choice(("performance", "feature", "release"))}}}}}
spec:
  environmentType: {type_name(type_number)}
  owningCluster: Team{chance.randrange(sizes.clusters)}
  deploymentMap: map{chance.randrange(sizes.maps)}
  description: Tests of release {chance.randrange(1000)}; stays up on Saturdays
  schedule: {{mode: automatic, use: hours{chance.randrange(sizes.schedules)}}}
  roles:
    Web:
      autoScalingSettings: {{minCapacity: 2, desiredCapacity: {desired}, maxCapacity: 8}}
    Db: {{schedule: noschedule}}
"""


def routing(number: int, sizes: Sizes, chance: random.Random) -> list[str]:
    """Return the upstreams of an environment, and virtual hosts that lead to them."""
    upstreams = _share(sizes.upstreams, number, sizes.environments)
    services = chance.sample(range(ported(sizes)), min(upstreams, ported(sizes)))
    found = [upstream(number, service_number, chance) for service_number in services]
    hosts = _share(sizes.virtual_hosts, number, sizes.environments)
    return found + [virtual_host(number, index, services, chance) for index in range(hosts)]


def upstream(number: int, service_number: int, chance: random.Random) -> str:
    environment, service = environment_name(number), service_name(service_number)
    hosts = ""
    if chance.random() < 0.3:
        ports = (
            ("blue", FIRST_PORT + 2 * service_number, "up"),
            ("green", FIRST_PORT + 2 * service_number + 1, "down"),
        )
        hosts = "  liveSlice: blue\n  hosts:\n" + "".join(
            f"    - {{dnsName: {environment}-{service}-{colour}, port: {port}, state: {state}, weight: 1}}\n"
            for colour, port, state in ports
        )
    return f"""{HEAD}Upstream
metadata: {{name: {environment}-{service}}}
spec:
  environmentName: {environment}
  serviceName: {service}
{hosts}  slowStart: {chance.choice(("10s", "30s"))}
"""


def virtual_host(number: int, index: int, services: list[int], chance: random.Random) -> str:
    environment = environment_name(number)
    label = HOST_LABELS[index % len(HOST_LABELS)] + (
        str(index // len(HOST_LABELS)) if index >= len(HOST_LABELS) else ""
    )
    name = f"{label}.{environment}.acme.example"
    service = service_name(services[index % len(services)]) if services else ""
    target = f"http://{environment}-{service}" if services else "https://www.acme.example"
    return f"""{HEAD}LoadBalancerSetting
metadata: {{name: {name}}}
spec:
  environmentName: {environment}
  listen: [443]
  serverName: [{name}]
  frontEnd: {chance.choice(("true", "false"))}
  locations:
    - path: /{label}
      priority: {index + 1}
      proxyPass: {target}
      healthCheck: {{interval: 5s, fails: 3, passes: 2, uri: /health}}
      addHeaders: ["X-Frame-Options DENY"]
  restrictTo: [10.0.0.0/8]
"""


def _share(total: int, number: int, of: int) -> int:
    """Return how many of ``total`` fall to one of ``of`` equal owners, so that all together get them all."""
    return total * (number + 1) // of - total * number // of
