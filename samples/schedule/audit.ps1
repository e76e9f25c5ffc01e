# Audits the tenant against a partner file, keeps the evidence in a store, and proves the store. The exit code, which Task
# Scheduler shows as Last Run Result, is that of bulksync audit, but 4 if the store was altered. What has to be looked at,
# and the hashes that bulksync verify prints, are also written to the Application event log: forward it to another
# machine, since the hashes show later that nobody wrote the store anew. Never try again after a 2: the finding would not
# be new any more, and a second audit would say 0.
#
# It is for Windows PowerShell 5.1, which every Windows has: version 7 cannot write events. bulksync has to be on the PATH
# of the machine. If this file was downloaded, Unblock-File audit.ps1 lets the execution policy RemoteSigned run it.
#
# Register it once, in an administrator's PowerShell. The account is a group managed service account, so that nobody
# keeps its password; BULKSYNC_AUTH and the AZURE_* variables of its sign-in are set for the machine, or in a profile that
# only it may read. In a folder made below C:\ every user could change this script, and the store would be refused: the third
# line leaves the folder to the account, the system and the administrators.
#
#   New-Item -ItemType Directory C:\bulksync
#   Set-Location C:\bulksync
#   icacls . /inheritance:r /grant:r '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F' 'CONTOSO\svc-bulksync$:(OI)(CI)M'
#   New-EventLog -LogName Application -Source bulksync
#   Register-ScheduledTask -TaskName 'bulksync audit' -Xml (Get-Content -Raw bulksync-audit.xml)
#Requires -Version 5.1 -PSEdition Desktop
param(
    [Parameter(Mandatory)] [string] $File,
    [Parameter(Mandatory)] [string] $Store,
    # More flags of bulksync audit, such as --waivers waivers.csv; they win over those below.
    [Parameter(ValueFromRemainingArguments)] [string[]] $More = @()
)

# bulksync writes UTF-8, which the console of a task does not expect.
try { [Console]::OutputEncoding = New-Object Text.UTF8Encoding $false } catch { }

# Runs bulksync, and returns all that it says; what went wrong is on standard error. Without the program there is no exit
# code, and exit would make a success of that.
function Invoke-Bulksync {
    $global:LASTEXITCODE = 1
    try { & bulksync @args 2>&1 | ForEach-Object { "$_" } } catch { "$_" }
}

# An event holds about 31,000 characters.
function Write-Result([string] $Type, [int] $Id, [string[]] $Lines) {
    $text = $Lines -join [Environment]::NewLine
    if ($text.Length -gt 30000) { $text = $text.Substring(0, 30000) }
    Write-EventLog -LogName Application -Source bulksync -EventId $Id -EntryType $Type -Message $text
    Write-Output $text
}

$report = @(Invoke-Bulksync audit $File --evidence $Store --fail-on new --require-readonly --quiet --format text @More)
$code = $LASTEXITCODE
switch ($code) {
    0 { }
    2 { Write-Result Warning 102 (@("The tenant is not as $File says: read the report below; the evidence is in $Store.") + $report) }
    4 { Write-Result Error 104 (@('The audit was refused, so nothing is known.') + $report) }
    5 { Write-Result Error 105 (@('The tenant could not be read completely, so nothing is known: run the audit again.') + $report) }
    { $_ -in 130, 143 } { Write-Result Error 130 (@('The audit was interrupted, so nothing is known: run it again.') + $report) }
    default { Write-Result Error 101 (@("The audit did not run (exit code $code).") + $report) }
}

if (-not (Test-Path -PathType Container $Store)) { exit $code } # the first audit kept nothing
$proof = @(Invoke-Bulksync verify $Store)
$verified = $LASTEXITCODE
switch ($verified) {
    0 { Write-Result Information 200 $proof }
    4 { Write-Result Error 204 (@("The evidence in $Store is altered or not proved: leave it as it is, and find out who could write to it.") + $proof) }
    default { Write-Result Error 201 (@("The evidence in $Store could not be verified (exit code $verified).") + $proof) }
}
if ($verified -eq 4 -or $code -eq 0) { $code = $verified }
exit $code
