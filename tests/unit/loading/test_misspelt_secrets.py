"""A secret under a misspelt name, in another form or place than its own, is covered in whatever is said of its document."""

import pytest

from tests.support.yaml_fleet import problems

CANARY = "CANARY-a1b2c3d4"
TYPE = "apiVersion: envctl/v1\nkind: EnvironmentType\nmetadata: {name: Staging}\nspec:"
KEYS = f"{TYPE}\n  account: staging-eu\n  licenseKeys: "
ACCOUNT = "apiVersion: envctl/v1\nkind: Account\nmetadata: {name: tools}\nspec:"
NAMES = (
    *("newRelicKeys", "new_relic_key", "NewRelicKey", "newrelic_key", "nrKey", "new-relic-key"),
    *('"new\\x52elicKey"', '"new\\u0052elicKeys"', "newRelicKey ", "'newRelicKey'", "licenceKey"),
    *("newRelic.key", "newRelicLicenseKey", "token", "password"),
)
FORMS = (
    *("{NAME: VALUE}", "\n    NAME: VALUE", "{NAME: VALUE, bogus: 1}", "{bogus: 1, NAME: VALUE}"),
    *("{NAME: VALUE, : }: [", "{NAME: VALUE, NAME: VALUE}", "{NAME: [VALUE, 1]}"),
    *("{NAME: {value: VALUE}}", "\n    NAME:\n    - VALUE\n    bogus: [1", "{NAME: x, NAME: VALUE}"),
    "\n    NAME:\n      deep: VALUE\n      deep: VALUE",
    *("\n    NAME: |\n      VALUE\n    x: 'a", "{? NAME : VALUE, bogus: 1}", "\n    ? NAME\n    : VALUE"),
    *("\n    ? NAME\n    : VALUE\n    ? NAME\n    : VALUE", "\n    NAME:\tVALUE"),
    *("VALUE", "[VALUE]", "\n  - VALUE", "[{value: VALUE}]"),
)  # fmt: skip
EXTERNAL = ("externalId", "externalID", "external_id", "extId")
VALUES = (
    *("VALUE", "env://VALUE", "s3://b/VALUE", "secretsmanager://VALUE/x y", "[VALUE]"),
    *("{value: VALUE}", "&a VALUE", "!!str VALUE", "'VALUE'"),
)
ELSEWHERE = (
    f"{TYPE}\n  labels: {{a: &k VALUE}}\n  licenseKeys: {{newRelicKey: *k}}\n  bogus: 1\n",
    f"{TYPE}\n  bogus: &k VALUE\n  licenseKeys: {{newRelicKey: *k}}\n",
    f"{TYPE}\n  account: &k VALUE\n  account: *k\n  licenseKeys: {{newRelicKey: *k}}\n",
    f"{TYPE}\n  account: &k [VALUE]\n  licenseKeys: {{newRelicKey: *k}}\n",
    f"{TYPE}\n  keys: &k\n    newKey: VALUE\n    newKey: 3\n  licenseKeys: *k\n",
    *(f"{TYPE}{place}\n" for place in (" [VALUE]", " VALUE", "\n- VALUE", "\n- newRelicKeyz: VALUE")),
    f"{KEYS}{{newRelicKey: 12345678901234}}\n",
    TYPE.replace("Staging", "Staging, newRelicKey: VALUE") + "\n  account: a\n",
    TYPE.replace("Staging", "Staging, newRelicKeys: VALUE") + "\n  account: a\n",
    TYPE.replace("Staging", "Staging, labels: {newRelicKey: [VALUE]}") + "\n  account: a\n",
    TYPE.replace("metadata", "newRelicKeys: VALUE\nmetadata") + " {}\n",
    *("newRelicKeys VALUE\n", "VALUE\n"),
    KEYS.replace("EnvironmentType", "EnvironmentTyp") + "{newRelicKey: VALUE}\n",
    TYPE.replace("EnvironmentType", "Defaults")
    + " {EnvironmentType: {licenseKeys: {newRelicKey: [VALUE]}, newRelicKeyy: VALUE}}\n",
)  # fmt: skip
WRONG = (
    *(f"{KEYS}{form}\n".replace("NAME", name) for name in NAMES for form in FORMS),
    *(f"{TYPE}\n  {name}: VALUE\n" for name in NAMES),
    *(f"{ACCOUNT}\n  accountNumber: 5\n  {name}: {value}\n" for name in EXTERNAL for value in VALUES),
    *(f"{ACCOUNT} {{accountNumber: 5, {name}: {value}, b: [1]}}\n" for name in EXTERNAL for value in VALUES),
    *ELSEWHERE,
)  # fmt: skip


@pytest.mark.parametrize("text", dict.fromkeys(WRONG))
def test_what_is_wrong_is_told_without_the_value(text: str) -> None:
    found = problems({"a.yaml": text.replace("VALUE", CANARY)})
    told = "\n".join(map(str, found))
    assert found
    assert "CANARY" not in told
    assert "12345678901234" not in told
