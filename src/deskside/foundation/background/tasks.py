"""Tasks of the Task Scheduler of Windows. Pure.

A task cannot be given variables: it inherits the person's own.
"""

from __future__ import annotations

import subprocess
from xml.sax.saxutils import escape

from deskside.foundation.background.model import Definition, Job, Person

TOOL = "schtasks"

_TASK = """\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Deskside: {about}</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
      <UserId>{person}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{person}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>5</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{program}</Command>
      <Arguments>{arguments}</Arguments>
    </Exec>
  </Actions>
</Task>
"""


def task(job: Job, person: Person) -> Definition:
    """The task of a job: it starts when the person logs in, and again if it fails."""
    name = f"Deskside\\{job.service.name}"
    file = person.data / "services" / f"deskside-{job.service.name}.xml"
    program, *arguments = job.words
    content = _TASK.format(
        about=escape(job.service.about),
        person=escape(person.name),
        program=escape(program),
        arguments=escape(subprocess.list2cmdline(arguments)),
    )
    named = ("/TN", name)
    return Definition(
        file=file,
        content=content.replace("\n", "\r\n").encode("utf-16"),
        tool=TOOL,
        activate=(
            (TOOL, "/Create", *named, "/XML", str(file), "/F"),
            (TOOL, "/Run", *named),
        ),
        deactivate=((TOOL, "/End", *named), (TOOL, "/Delete", *named, "/F")),
        query=(TOOL, "/Query", *named),
    )
