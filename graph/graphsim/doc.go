// Package graphsim is a simulated Microsoft Graph for cross-tenant access: a tenant's
// partners, their sync policies, the templates, the default and the policy, with the
// rules, bodies, headers, paging, throttling, faults and audit log of the real service.
// It is to bulksync what net/http/httptest is to HTTP, and the only fake in the
// project.
//
//	sim := graphsim.New(graphsim.Config{Partners: 250, PageSize: 100})
//	client := &http.Client{Transport: sim.Transport()} // no socket, works under testing/synctest
//	server := httptest.NewServer(sim)                  // or over a real connection
//	token := sim.Token(graphsim.TokenOptions{})
//
// It is strict: it refuses what Graph would refuse, with Graph's code and message. Where
// Microsoft's pages are silent or disagree, Config has a switch, and its default is the harder
// case. It never uses a network, never checks a token's signature and knows nothing about how bulksync
// works, so that a test of bulksync against it proves something.
//
// Farm (farm.go) is many tenants behind one host, each a Sim; the token of a request says which one
// answers.
//
// SignIn (signin.go) is the sign-in host beside a Sim, for the real identity library: it does check what
// an app or a workload signs. SignInFarm is that of a Farm. Authority is who vouches for them over TLS.
//
// The invariant: an answer is decided once, in Sim.serve, and then delivered over a
// connection or in process (deliver.go), so that both show the same service and the
// same failures. Nothing waits while the mutex is held.
//
// A request is routed (call.go), authenticated (token.go) and charged (throttle.go), and then
// reaches the operation on its object (partner.go, sync.go, templates.go, settings.go, tenants.go,
// page.go for the list, auditlist.go for the audit log that audit.go keeps). schema.go decides what a body may hold, members.go what it changes,
// encode.go what an object looks like. fault.go picks the requests that a fault strikes,
// faultkind.go is the table of what each kind does, and faultanswer.go makes the answers. Package
// graph is the neighbour that sends the requests.
package graphsim
