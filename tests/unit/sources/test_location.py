import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import WrongUsage
from controller.sources.location import GitLocation, parse_git_location

URL = "https://git.example/org/repo.git"


@pytest.mark.parametrize(
    ("text", "url", "ref", "path"),
    [
        ("git+https://git.example/org/repo.git", URL, "HEAD", ""),
        ("git+https://git.example/org/repo.git@main", URL, "main", ""),
        ("git+https://git.example/org/repo.git#fleet", URL, "HEAD", "fleet"),
        (
            "git+https://git.example/org/repo.git@feature/x#./fleet//prod/",
            URL,
            "feature/x",
            "fleet/prod",
        ),
        (
            "git+ssh://git@git.example:2222/org/repo@v1.2#a%20b",
            "ssh://git@git.example:2222/org/repo",
            "v1.2",
            "a b",
        ),
        ("git+file:///srv/fleet.git@refs/tags/v1", "file:///srv/fleet.git", "refs/tags/v1", ""),
        ("git+file:///home/me%40work/r@main", "file:///home/me%40work/r", "main", ""),
        ("git+file:///home/me@work/r@main", "file:///home/me@work/r", "main", ""),
    ],
)
def test_a_source_text_names_url_ref_and_folder(text: str, url: str, ref: str, path: str) -> None:
    location = parse_git_location(text)

    assert (location.url, location.ref, location.path) == (url, ref, path)
    assert parse_git_location(str(location)).ref == ref
    assert str(parse_git_location(str(location))) == str(location)


@pytest.mark.parametrize(
    ("url", "because"),
    [
        ("", "nothing"),
        ("-uhttps://git.example/x", "an option"),
        ("--upload-pack=touch /tmp/x", "an option that runs a program"),
        ("ext::sh -c whoami", "a transport that runs a program"),
        ("ext::whoami", "the same without a space"),
        ("fd::17", "a transport from a file descriptor"),
        ("http://git.example/org/repo", "not encrypted"),
        ("git://git.example/org/repo", "neither encrypted nor signed"),
        ("ftp://git.example/org/repo", "not allowed"),
        ("https::https://git.example/x", "a remote helper named outright"),
        ("HTTPS://git.example/org/repo", "git would look for another helper"),
        ("/srv/repo", "a path is no URL"),
        ("../repo", "nor is a relative one"),
        ("file://host/repo", "a host in a file URL"),
        ("https:///org/repo", "no host"),
        ("https://git.example", "no repository"),
        ("https://git.example/", "no repository"),
        ("https://git.example/-repo", "begins with a dash"),
        ("https://-host/repo", "a host that is an option"),
        ("https://git.example/a b", "white space"),
        ("https://git.example/a\nb", "a line end"),
        ("https://[::1/repo", "an unclosed bracket"),
        ("https://git.example:port/repo", "a port that is no number"),
        ("ssh://-oProxyCommand=whoami/repo", "ssh would take the host for an option"),
        ("ssh://git@-oProxyCommand=whoami/repo", "also after a user"),
        ("ssh://-user@git.example/repo", "or the user"),
        ("git@git.example:-repo", "the short form with a dash"),
        ("-git@git.example:repo", "the short form as an option"),
        ("git@-host:repo", "the short form with an option as its host"),
        ("git@git.example::repo", "the short form of a remote helper"),
    ],
)
def test_a_url_git_could_misunderstand_is_refused(url: str, because: str) -> None:
    with pytest.raises(WrongUsage, match="fix: "):
        GitLocation(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://ada:s3cr3t@git.example/org/repo",
        "https://s3cr3t@git.example/org/repo",
        "https://:s3cr3t@git.example/org/repo",
        "ssh://git:s3cr3t@git.example/org/repo",
        "https://git.example/org/repo?access_token=s3cr3t",
        "http://ada:s3cr3t@git.example/org/repo",
        "ftp://ada:s3cr3t@git.example/org/repo",
        "https://ada:s3cr3t@[::1/repo",
        "https://ada:s3cr3t@-host/repo",
    ],
)
def test_a_password_in_a_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(WrongUsage) as direct:
        GitLocation(url)
    with pytest.raises(WrongUsage) as parsed:
        parse_git_location(f"git+{url}@main#fleet")

    assert "s3cr3t" not in str(direct.value)
    assert "s3cr3t" not in str(parsed.value)
    assert "fix: " in str(direct.value)


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "-x",
        "--upload-pack=x",
        "a b",
        "a..b",
        "a~1",
        "a^",
        "a:b",
        "+main:refs/heads/x"[:6] + "*",
        "a?",
        "a[0]",
        "a\\b",
        "@",
        "a@{1}",
        "/a",
        "a/",
        "a//b",
        "a/.b",
        ".a",
        "a.",
        "a.lock",
        "a.lock/b",
        "a\x00b",
        "a\nb",
        "^a",
    ],
)
def test_a_ref_that_is_none_is_refused(ref: str) -> None:
    with pytest.raises(WrongUsage, match="git ref"):
        GitLocation(URL, ref)


@pytest.mark.parametrize(
    "path", ["-x", "--output=x", "/etc", "..", "a/../../b", "a/..", "a\x00b", "a\nb"]
)
def test_a_path_out_of_the_repository_is_refused(path: str) -> None:
    with pytest.raises(WrongUsage, match="git path"):
        GitLocation(URL, "main", path)


@pytest.mark.parametrize(
    "text",
    [
        "git+https:git.example/x",
        "git+https://git.example",
        "git+file://relative",
        "git+https://git.example/org/repo@",
        "git+https://git.example/org/repo@-x",
        "git+https://git.example/org/repo#../x",
    ],
)
def test_an_incomplete_text_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage, match="fix: "):
        parse_git_location(text)


def test_the_short_ssh_form_is_kept_as_it_is() -> None:
    location = GitLocation("git@git.example:org/repo.git", "main", "fleet")

    assert str(location) == "git@git.example:org/repo.git@main#fleet"


@pytest.mark.parametrize(
    ("ref", "fixed"), [("a" * 40, True), ("a" * 39, False), ("A" * 40, False), ("main", False)]
)
def test_only_a_whole_commit_id_never_moves(ref: str, fixed: bool) -> None:
    assert GitLocation(URL, ref).is_fixed is fixed


@given(st.text(max_size=40))
def test_any_text_is_a_location_or_wrong_usage(text: str) -> None:
    for candidate in (text, f"git+https://{text}", f"git+ssh://h/{text}", f"git+file:///{text}"):
        try:
            location = parse_git_location(candidate)
        except WrongUsage:
            continue
        assert not any(part.startswith("-") for part in (location.url, location.ref, location.path))
        assert parse_git_location(str(location)) == parse_git_location(
            str(parse_git_location(str(location)))
        )
