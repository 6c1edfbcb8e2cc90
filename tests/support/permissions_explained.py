"""What each action in an account is for, what happens without it, and why doctor does not try it: the texts of permissions.md."""

from typing import Final, NamedTuple

NOT_SWITCHED: Final = "Groups are neither parked nor woken"
UNSEEN: Final = "nothing of the scope is looked at, planned or done; other scopes go on"
BLIND: Final = "the target `groups` of the scope is unknown: nothing of it is planned or done, the others go on"
FAILS: Final = "the change fails, the others go on"
CHANGES: Final = (
    "AWS has no dry run of it, and whatever is asked of a group that is there changes it"
)
OF_OURS: Final = (
    "a dry run would need a launch template that carries the mark, and there may be none yet"
)
BESIDE: Final = "AWS asks for it beside another call, and no call of envctl's is about it"


class Explained(NamedTuple):
    """Actions that are for one thing."""

    actions: tuple[str, ...]
    purpose: str
    without: str
    untried: str = ""
    """Why ``envctl doctor`` does not try them; empty where it does."""


PERMISSIONS: Final = (
    Explained(
        ("autoscaling:DescribeAutoScalingGroups", "ec2:DescribeInstances"),
        "the look at groups and instances that every target begins with",
        UNSEEN,
    ),
    Explained(
        ("autoscaling:DescribeScalingActivities",),
        "AWS's reason where a group launches or ends nothing that it was asked to",
        "such a group is told of all the same, but without the reason",
    ),
    Explained(
        ("autoscaling:DescribeInstanceRefreshes",),
        "how far a rollout is",
        "while one is under way: " + BLIND,
    ),
    Explained(
        ("ec2:DescribeLaunchTemplates",),
        "whether a group's launch template is there, before it is made",
        FAILS,
    ),
    Explained(
        (
            "autoscaling:DescribeLaunchConfigurations",
            "autoscaling:DescribeLifecycleHooks",
            "autoscaling:DescribeNotificationConfigurations",
            "ec2:DescribeLaunchTemplateVersions",
        ),
        "the closer look at what belongs to a group: what it launches from, its draining hook, its notifications; and once more before that is changed",
        "in runs that look closer: " + BLIND,
    ),
    Explained(
        (
            "ec2:DescribeImages",
            "ec2:DescribeKeyPairs",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "iam:GetInstanceProfile",
        ),
        "ids of what a role names whose group is to be made or changed; names of security groups that a closer look finds. An image that another"
        " account shares has its tags only there, so `ec2:DescribeImages` is asked of that account's role too",
        "in such runs: "
        + BLIND
        + ". Of an account that owns a shared image: no version of it is known to be stable",
    ),
    Explained(
        ("sns:GetTopicAttributes",),
        "whether a topic that a role names is there. A topic of another account cannot be asked for",
        "whether it is there cannot be told: roles that name the topic wait, with a note; the others go on",
    ),
    Explained(
        ("cloudtrail:LookupEvents",),
        "who changed a group last, with the setting `live.cloudTrail: read`",
        "nobody is named, and why not is said in the name's place",
        "nor listed by doctor, as nothing fails without it",
    ),
    Explained(
        (
            "ec2:GetEbsDefaultKmsKeyId",
            "ec2:GetEbsEncryptionByDefault",
            "iam:GetRole",
            "kms:ListGrants",
        ),
        "`envctl doctor` alone: whether Auto Scaling has its own role, and a grant on the key that encrypts volumes by default",
        "doctor says that it cannot be told; nothing else asks",
    ),
    Explained(
        ("autoscaling:DescribeScheduledActions",),
        "what groups do at times",
        "the target `scaling-schedules` of the scope is unknown: nothing of it is planned or done, the others go on",
    ),
    Explained(
        ("ec2:CreateLaunchTemplate",),
        "the launch template of a group that is new or taken over, with the mark `envctl:id`",
        FAILS,
    ),
    Explained(
        ("ec2:CreateLaunchTemplateVersion", "ec2:DeleteLaunchTemplate"),
        "a version for each change of a role, and the template's end with its group's. Only of templates that carry the mark",
        FAILS,
        OF_OURS,
    ),
    Explained(
        ("ec2:RunInstances",),
        "the use of a launch template by a group: Auto Scaling asks for it when the group is made or changed. Only by templates that carry the mark",
        FAILS,
        BESIDE,
    ),
    Explained(
        ("ec2:CreateTags",),
        "the tags of a launch template that is made, and of what it launches: no others",
        FAILS,
        f"{BESIDE}; that of templates shows in the dry run of `ec2:CreateLaunchTemplate`",
    ),
    Explained(
        ("iam:PassRole",),
        "the role in the instance profile of a launch template, one of those listed (`InstanceRoleArns`), and to EC2 alone",
        FAILS,
        BESIDE,
    ),
    Explained(
        ("autoscaling:CreateAutoScalingGroup",),
        "a group that is new, with the mark `envctl:id`, of a name that fits `GroupNames`",
        FAILS,
        "AWS has no dry run of it",
    ),
    Explained(
        ("autoscaling:DeleteAutoScalingGroup",),
        "the end of a group that no document names any more. Only of groups that carry the mark",
        FAILS,
        CHANGES,
    ),
    Explained(
        ("autoscaling:UpdateAutoScalingGroup",),
        "attributes and sizes of a group, also those that parking lowers and waking puts back",
        f"{FAILS}. {NOT_SWITCHED}",
        CHANGES,
    ),
    Explained(
        ("autoscaling:CreateOrUpdateTags", "autoscaling:DeleteTags"),
        "a group's tags, and among them what envctl remembers of it: its mark, its sizes while it is off, its rollout",
        f"{FAILS}. {NOT_SWITCHED}, as their sizes are written down before",
        CHANGES,
    ),
    Explained(
        (
            "autoscaling:DeleteLifecycleHook",
            "autoscaling:DeleteNotificationConfiguration",
            "autoscaling:PutLifecycleHook",
            "autoscaling:PutNotificationConfiguration",
        ),
        "a group's draining hook (`terminationDelay`) and its notifications",
        FAILS,
        CHANGES,
    ),
    Explained(
        ("autoscaling:StartInstanceRefresh",),
        "the rollout of a changed launch template to instances that run (`instanceRefresh`)",
        f"{FAILS}. Instances stay as they were launched",
        CHANGES,
    ),
    Explained(
        (
            "autoscaling:BatchDeleteScheduledAction",
            "autoscaling:BatchPutScheduledUpdateGroupAction",
        ),
        "a role's `scalingSchedules`",
        f"{FAILS}. What groups do at times stays as it was",
        CHANGES,
    ),
    Explained(
        (
            "autoscaling:EnterStandby",
            "autoscaling:ExitStandby",
            "autoscaling:ResumeProcesses",
            "autoscaling:SuspendProcesses",
        ),
        "parking and waking a group: its members leave service before they are stopped, and it replaces none of them meanwhile",
        f"{FAILS}. {NOT_SWITCHED}",
        CHANGES,
    ),
    Explained(
        ("autoscaling:TerminateInstanceInAutoScalingGroup",),
        "instances that take too long to start or stop, of roles with `whenStuck: replace`: their group replaces them",
        f"{FAILS}. The instance stays as it is",
        CHANGES,
    ),
    Explained(
        ("ec2:StartInstances", "ec2:StopInstances"),
        "switching instances that carry the tag `Environment`",
        f"{FAILS}. Instances stay on, or off",
    ),
    Explained(
        ("kms:CreateGrant",),
        "the use of a key of your own (`KmsKeys`) by EC2 for the volumes of an instance that is started, and for nothing else",
        "AWS takes the start, and the instance stops again at once: the change fails with AWS's reason, and is tried three times a run",
        "AWS asks for it when it attaches the volumes, which a dry run never comes to",
    ),
    Explained(
        ("dynamodb:BatchGetItem", "dynamodb:Scan"),
        "the look at copies of tables that the account keeps (`CopiesOfTables`)",
        "the target `replicas` of the scope is unknown: nothing of it is planned or done, the others go on",
    ),
    Explained(
        ("dynamodb:DeleteItem", "dynamodb:PutItem"),
        "items of these copies",
        FAILS,
        "DynamoDB has no dry run",
    ),
)
