"""User units of systemd. Pure.

The unit is confined by what a user's own service manager can enforce without further privileges:
system calls, address families, namespaces, no new privileges. Directives that build a file system
of its own (`ProtectSystem=`, `PrivateTmp=`) are left out on purpose: they need user namespaces,
which many desks switch off, and a unit that does not start protects nobody.
"""

from __future__ import annotations

from deskside.foundation.background.model import Definition, Job, Person

TOOL = "systemctl"

_UNIT = """\
[Unit]
Description=Deskside: {about}
Documentation=man:systemd.service(5)
StartLimitIntervalSec=600
StartLimitBurst=5

[Service]
Type=exec
ExecStart={command}
{environment}Restart=on-failure
RestartSec=30
KillSignal=SIGTERM
TimeoutStopSec=60
Nice=10
IOSchedulingClass=idle
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=default.target
"""


def unit(job: Job, person: Person) -> Definition:
    """The unit of a job, in the person's own folder of units."""
    name = f"deskside-{job.service.name}.service"
    lines = [f"Environment={_word(f'{key}={value}')}\n" for key, value in job.environment.items()]
    content = _UNIT.format(
        about=job.service.about,
        command=" ".join([_word(job.words[0]), *map(_argument, job.words[1:])]),
        environment="".join(lines),
    )
    manage = (TOOL, "--user")
    return Definition(
        file=person.configuration / "systemd" / "user" / name,
        content=content.encode(),
        tool=TOOL,
        activate=((*manage, "daemon-reload"), (*manage, "enable", "--now", name)),
        deactivate=((*manage, "disable", "--now", name),),
        query=(*manage, "is-active", "--quiet", name),
    )


def _argument(text: str) -> str:
    """A word of a command, in which systemd would also fill in variables."""
    return _word(text.replace("$", "$$"))


def _word(text: str) -> str:
    """A word in quotation marks, with all that systemd reads otherwise taken literally."""
    literal = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return '"' + literal.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r") + '"'
