// Reads queries from standard input, separated by empty lines, and says what
// Microsoft's parser finds wrong with each: one JSON object a query. The columns
// are those of the tables' reference pages.
require("@kusto/language-service-next/bridge.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.js");

const { KustoCode, GlobalState, Symbols } = Kusto.Language;
const tables = {
  MicrosoftGraphActivityLogs:
    "(AadTenantId: string, ApiVersion: string, AppId: string, ClientAuthMethod: int, ClientRequestId: string, DurationMs: int, IPAddress: string, " +
    "Location: string, OperationId: string, RequestId: string, RequestMethod: string, RequestUri: string, ResponseSizeBytes: int, " +
    "ResponseStatusCode: int, Roles: string, Scopes: string, ServicePrincipalId: string, SignInActivityId: string, TimeGenerated: datetime, " +
    "TokenIssuedAt: datetime, UserAgent: string, UserId: string, Wids: string)",
  AuditLogs:
    "(AADOperationType: string, AADTenantId: string, ActivityDateTime: datetime, ActivityDisplayName: string, AdditionalDetails: dynamic, " +
    "Category: string, CorrelationId: string, Id: string, Identity: string, InitiatedBy: dynamic, LoggedByService: string, OperationName: string, " +
    "Result: string, ResultDescription: string, ResultReason: string, TargetResources: dynamic, TimeGenerated: datetime)",
};
const symbols = Object.entries(tables).map(([name, columns]) => Symbols.TableSymbol.From(columns).WithName(name));
const database = new Symbols.DatabaseSymbol.ctor("logs", symbols);
const globals = GlobalState.Default.WithDatabase(database);

const text = require("fs").readFileSync(0, "utf8");
for (const query of text.split(/\n[ \t]*\n/)) {
  const code = KustoCode.ParseAndAnalyze(query, globals);
  const found = code.GetDiagnostics();
  const problems = [];
  for (let i = 0; i < found.Count; i++) {
    const d = found.getItem(i);
    problems.push(`${d.Message} at: ${query.slice(d.Start, d.Start + 60)}`);
  }
  const columns = code.ResultType && code.ResultType.Columns ? code.ResultType.Columns.Count : 0;
  const strings = [];
  Kusto.Language.Syntax.SyntaxElement.WalkNodes(code.Syntax, (node) => {
    if (node.Kind === Kusto.Language.Syntax.SyntaxKind.StringLiteralExpression) strings.push(node.LiteralValue);
  });
  console.log(JSON.stringify({ problems, columns, strings }));
}
