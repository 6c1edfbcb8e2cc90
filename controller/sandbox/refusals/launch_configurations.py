"""Launch configurations are closed to new accounts.

"Starting on October 1, 2024, new accounts can't create new launch configurations with any method, including the
console, API, CLI, and CloudFormation." (Amazon EC2 Auto Scaling User Guide, Launch configurations)
"""

from controller.sandbox.call import Call, Refused
from controller.sandbox.rules import before
from controller.sandbox.state import STATE


@before("autoscaling", "CreateLaunchConfiguration")
def no_new_ones(_call: Call) -> None:
    """Refuse them unless the sandbox was told to be an old account."""
    if not STATE.settings.launch_configurations:
        raise Refused(
            "UnsupportedOperation",
            "The Launch Configuration creation operation is not available in your account. Use launch templates to "
            "create configuration templates for your Auto Scaling groups.",
        )
