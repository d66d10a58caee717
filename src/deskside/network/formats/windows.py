"""Windows: a PowerShell script that resolves the names where it runs and makes the rules."""

from __future__ import annotations

from deskside.network.formats.shared import ends, head
from deskside.network.model import Catalogue

_FUNCTION = """\
#Requires -RunAsAdministrator
# Windows Firewall keeps addresses: names are resolved when this runs. Run it again when they move.
$ErrorActionPreference = 'Stop'
$group = 'Deskside hosts'
Get-NetFirewallRule -Group $group -ErrorAction SilentlyContinue | Remove-NetFirewallRule

function Add-DesksideHost([string] $Id, [string] $Name, [int[]] $Ports) {
    $literal = $null
    if ([System.Net.IPAddress]::TryParse($Name, [ref] $literal)) {
        $addresses = @($Name)
    } else {
        $addresses = @(Resolve-DnsName -Name $Name -Type A_AAAA -ErrorAction SilentlyContinue |
            Where-Object { $_.IPAddress } | ForEach-Object { $_.IPAddress })
    }
    if ($addresses.Count -eq 0) {
        Write-Warning "$Name did not resolve; no rule was made for it."
        return
    }
    New-NetFirewallRule -DisplayName "Deskside: $Name" -Group $group -Description $Id `
        -Direction Outbound -Action Allow -Protocol TCP `
        -RemotePort $Ports -RemoteAddress $addresses | Out-Null
}
"""


def write(catalogue: Catalogue) -> str:
    """The script."""
    calls = [
        f"Add-DesksideHost -Id '{row.id}' -Name '{host}' -Ports {','.join(map(str, ports))}"
        for host, ports, row in ends(catalogue)
    ]
    return "\n".join([*head(catalogue, "#"), _FUNCTION, *calls])
