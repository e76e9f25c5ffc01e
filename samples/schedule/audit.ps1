# Audits the tenant against a partner file and keeps the evidence. The exit code is that of bulksync, which Task
# Scheduler shows as Last Run Result; what has to be looked at is also written to the Application event log.
#
# Register it once, in an administrator's PowerShell. The account is a group managed service account, so that nobody
# keeps its password; the AZURE_* variables of its sign-in are set for that account or for the machine.
#
#   $run  = '-NoProfile -NonInteractive -ExecutionPolicy RemoteSigned -File C:\bulksync\audit.ps1 C:\bulksync\partners.csv C:\bulksync\audit'
#   $what = New-ScheduledTaskAction -Execute powershell.exe -Argument $run
#   $when = New-ScheduledTaskTrigger -Weekly -DaysOfWeek Monday -At 06:00
#   $who  = New-ScheduledTaskPrincipal -UserId 'CONTOSO\svc-bulksync$' -LogonType Password
#   Register-ScheduledTask -TaskName 'bulksync audit' -Action $what -Trigger $when -Principal $who
#   New-EventLog -LogName Application -Source bulksync
param(
    [Parameter(Mandatory)] [string] $File,
    [Parameter(Mandatory)] [string] $Evidence
)

New-Item -ItemType Directory -Force -Path $Evidence | Out-Null
$out = Join-Path $Evidence ([DateTime]::UtcNow.ToString("yyyy-MM-dd'T'HHmmss'Z'"))
$summary = & bulksync audit $File --out-dir $out --quiet --format text
$code = $LASTEXITCODE

switch ($code) {
    0 { exit 0 }
    2 { $type = 'Warning'; $text = "The tenant differs from $File. The report is in $out." }
    5 { $type = 'Error'; $text = 'The tenant could not be read completely: nothing is proven, run it again.' }
    default { $type = 'Error'; $text = "The audit did not run (exit code $code)." }
}
Write-EventLog -LogName Application -Source bulksync -EventId (100 + $code) -EntryType $type -Message $text
Write-Output $text $summary
exit $code
