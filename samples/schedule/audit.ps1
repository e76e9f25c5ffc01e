# Audits the tenant against a partner file and keeps the evidence. Register it once, as an administrator:
#
#   schtasks /Create /TN "bulksync audit" /SC WEEKLY /D MON /ST 06:00 /RU CONTOSO\svc-bulksync$ /RP "" ^
#     /TR "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy RemoteSigned -File C:\bulksync\audit.ps1 C:\bulksync\partners.csv C:\bulksync\audit"
#
# The account above is a group managed service account: nobody has to keep its password. The task's Last Run
# Result is the code of bulksync, and what has to be looked at is written to the Application event log.
param(
    [Parameter(Mandatory)] [string] $File,
    [Parameter(Mandatory)] [string] $Evidence
)

$out = Join-Path $Evidence ([DateTime]::UtcNow.ToString("yyyy-MM-dd'T'HHmmss'Z'"))
$summary = & bulksync audit $File --out-dir $out --quiet --format text
$code = $LASTEXITCODE

switch ($code) {
    0 { exit 0 }
    2 { $level = 'WARNING'; $text = "The tenant differs from $File. The report is in $out." }
    5 { $level = 'ERROR'; $text = 'The tenant could not be read completely: nothing is proven, run it again.' }
    default { $level = 'ERROR'; $text = "The audit did not run (exit code $code)." }
}
eventcreate /L APPLICATION /SO bulksync /ID ($code + 1) /T $level /D $text | Out-Null
Write-Output $text $summary
exit $code
