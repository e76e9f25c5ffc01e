package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bulksync/graph/graphsim"
)

// sdkScript signs in with the app's secret and lists the partners with
// Microsoft's client library for JavaScript, page by page.
const sdkScript = `
const {Client, PageIterator} = require('@microsoft/microsoft-graph-client');
const env = process.env;
(async () => {
  const answer = await fetch(env.URL + '/' + env.TENANT + '/oauth2/v2.0/token', {method: 'POST', body: new URLSearchParams({
    grant_type: 'client_credentials', client_id: env.APP, client_secret: env.SECRET, scope: 'https://graph.microsoft.com/.default'})});
  const {access_token} = await answer.json();
  const client = Client.init({baseUrl: env.URL, defaultVersion: 'v1.0', customHosts: new Set(['127.0.0.1']), authProvider: done => done(null, access_token)});
  const partners = '/policies/crossTenantAccessPolicy/partners';
  const ids = [];
  const pages = new PageIterator(client, await client.api(partners).get(), p => ids.push(p.tenantId) > 0);
  await pages.iterate();
  await client.api(partners + '/' + env.PARTNER).patch({inboundTrust: {isMfaAccepted: true, isCompliantDeviceAccepted: false, isHybridAzureADJoinedDeviceAccepted: false}});
  const one = await client.api(partners + '/' + env.PARTNER).get();
  let refused = 0;
  try { await client.api(partners + '/nobody').get(); } catch (e) { refused = e.statusCode; }
  console.log(ids.length, new Set(ids).size, one.inboundTrust.isMfaAccepted, refused);
})().catch(e => { console.error(e); process.exit(1); });
`

// Microsoft's own client library talks to the built-in Graph: it refuses plain
// http, follows the links between pages, and understands refusals. The test
// needs node and the package @microsoft/microsoft-graph-client, in NODE_PATH.
func TestTheOfficialSDKTalksToTheRehearsal(t *testing.T) {
	if err := exec.CommandContext(t.Context(), "node", "-e", "require.resolve('@microsoft/microsoft-graph-client')").Run(); err != nil {
		t.Skip("no @microsoft/microsoft-graph-client here:", err)
	}
	h := newHome(t, graphsim.Config{})
	farm := graphsim.NewFarm([]graphsim.Config{{Partners: 25, PageSize: 10}})
	sim := farm.Sims()[0]
	o := newSimulateOptions()
	o.tls = filepath.Join(t.TempDir(), "tls")
	r, stop, err := h.env.rehearse(t.Context(), farm, o)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	partner := ""
	for _, p := range sim.Partners() {
		if p.TenantID != graphsim.SupportTenant {
			partner = p.TenantID
		}
	}
	cmd := exec.CommandContext(t.Context(), "node", "-e", sdkScript)
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+r.file(authorityName), "URL="+r.url, "TENANT="+sim.HomeTenant(), "APP="+graphsim.DefaultAppID,
		"SECRET="+r.secret, "PARTNER="+partner, "HTTPS_PROXY=", "HTTP_PROXY=")
	out, err := cmd.CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || got != "25 25 true 400" {
		t.Errorf("%v\n%s", err, got)
	}
}
