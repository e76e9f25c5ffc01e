package execute_test

import (
	"encoding/json"
	"fmt"
	"time"

	"pgregory.net/rapid"

	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
	"bulksync/plan/approval"
)

// story is one random run, from the plan to the undo.
type story struct {
	cfg      graphsim.Config
	partners []graphsim.Partner
	csv      string
	template string
	faults   []graphsim.Fault
	settings journal.Settings
	pace     time.Duration // between writes; with 0 there is no limit
	drift    []int         // partners that somebody changes after the plan
	owned    []int         // partners that become a service provider's after the plan
	broken   []int         // partners that Graph shows as nonsense for a while
	jumps    []jump        // of the time of day
	meddling []meddling    // what somebody does during the run
	run      []ending
	undo     []ending
	// early: the undo begins where the last ending left the run.
	early bool
}

// meddling is what somebody does to one of the plan's partners, and when after
// the run began.
type meddling struct {
	After time.Duration
	Which int
	How   string
}

var meddlings = []string{"the same", "another policy", "no policy", "no partner", "a partner", "another trust"}

// jump sets the machine's clock, or is a sleep of the machine.
type jump struct{ After, By time.Duration }

// ending is how a process ends early: at a byte of the journal, or after a
// time.
type ending struct {
	How   string
	Bytes int
	After time.Duration
	// Lost is the share of the unsynced bytes that is lost.
	Lost float64
	// Except are the partners that the decisions of this process leave out.
	Except []string
}

var (
	endings    = []string{"killed at a byte", "killed in time", "disk full", "stopped", "stopped at once", "deadline"}
	faultKinds = []graphsim.FaultKind{"concurrency", "504-after", "reset-before", "reset-after", "truncated", "slow", "silent",
		"silent-after", "stale", "400", "401", "403", "429", "500", "502", "503", "504", "408", "423",
		"500-after", "502-after", "503-after", "408-after", "html", "html-after", "portal", "portal-after", "error-200", "error-200-after",
		"empty", "cut", "shape", "other-tenant", "bare-404", "refused", "lost", "unexpanded", "moved"}
	outages  = []graphsim.FaultKind{"503", "500", "refused", "silent", "html", "503-after"}
	nonsense = []string{`{"tenantId":%q,"tenantId":%q}`, `{"tenantId":%q,"isServiceProvider":null,"automaticUserConsentSettings":7,"identitySynchronization":null,"x":%q}`,
		"{\"tenantId\":%q,\"isServiceProvider\":null,\"automaticUserConsentSettings\":null,\"identitySynchronization\":{\"displayName\":\"\xff\",\"tenantId\":%q}}"}
)

func drawStory(rt *rapid.T) story {
	ms := func(name string, values ...int) time.Duration {
		return time.Duration(rapid.SampledFrom(values).Draw(rt, name)) * time.Millisecond
	}
	s := story{
		cfg: graphsim.Config{
			Seed: int64(rapid.IntRange(0, 1000).Draw(rt, "seed")), PageSize: rapid.IntRange(1, 6).Draw(rt, "page size"),
			Latency: ms("latency", 0, 1, 20, 300), ReadLag: ms("lag", 0, 0, 0, 500, 1500, 20000), DeleteWindow: ms("window", 0, 0, 3000, 15000),
			RemoveLag: ms("remove lag", 0, 0, 1000, 15000), CreateLag: ms("create lag", 0, 0, 0, 1000, 15000), CreateLagStatus: rapid.SampledFrom([]int{400, 403, 404}).Draw(rt, "create lag status"),
		},
		settings: journal.Settings{
			Concurrency: rapid.IntRange(1, 4).Draw(rt, "concurrency"), MaxAge: ms("max age", 1000, 60000),
			Waves: rapid.SliceOfN(rapid.IntRange(1, 3), 0, 2).Draw(rt, "waves"),
		},
	}
	s.csv = "tenantId,displayName,isSyncAllowed,inboundConsent,outboundConsent,mfaTrust,deviceTrust,ensure\n"
	cell := rapid.SampledFrom([]string{"", "yes", "no"})
	for i := range rapid.IntRange(1, 6).Draw(rt, "rows") {
		s.csv += fmt.Sprintf("%s,%s,%s,%s,%s,%s,%s,%s\n", tenant(i), rapid.SampledFrom([]string{"", "Ä <1>", "Two"}).Draw(rt, "name"),
			cell.Draw(rt, "sync"), cell.Draw(rt, "in"), cell.Draw(rt, "out"), cell.Draw(rt, "mfa"), cell.Draw(rt, "device"), rapid.SampledFrom([]string{"", "", "", "absent", "partner-absent"}).Draw(rt, "ensure"))
		if rapid.Bool().Draw(rt, "exists") {
			s.partners = append(s.partners, drawPartner(rt, i))
		}
	}
	for i := range rapid.SampledFrom([]int{0, 0, 10, 40}).Draw(rt, "others") { // in a larger tenant, the plan's partners are read one by one
		s.partners = append(s.partners, graphsim.Partner{TenantID: tenant(100 + i), IdentitySynchronization: graphsim.SyncAllowed("Other", i%2 == 0)})
	}
	s.template = rapid.SampledFrom([]string{"", "", `{"templateApplicationLevel":"newPartners"}`,
		`{"templateApplicationLevel":"newPartners,existingPartners","userSyncInbound":{"isSyncAllowed":true}}`}).Draw(rt, "template")
	for range rapid.IntRange(0, 3).Draw(rt, "faults") {
		s.faults = append(s.faults, graphsim.Fault{
			Kind: rapid.SampledFrom(faultKinds).Draw(rt, "kind"), Method: rapid.SampledFrom([]string{"WRITE", "WRITE", "GET", ""}).Draw(rt, "method"),
			P: rapid.SampledFrom([]float64{0.05, 0.3, 0.6}).Draw(rt, "p"), Delay: ms("delay", 100, 1000),
		})
	}
	for range rapid.SampledFrom([]int{0, 0, 1}).Draw(rt, "outages") {
		s.faults = append(s.faults, graphsim.Fault{
			Kind: rapid.SampledFrom(outages).Draw(rt, "kind"), Method: rapid.SampledFrom([]string{"WRITE", "GET", ""}).Draw(rt, "method"),
			From: ms("from", 0, 500, 3000), For: ms("for", 1000, 15000, 60000),
		})
	}
	few := rapid.SliceOfN(rapid.IntRange(0, 30), 0, 1)
	s.owned, s.broken = few.Draw(rt, "owned"), few.Draw(rt, "broken")
	s.jumps = rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) jump {
		return jump{ms("jump after", 0, 300, 5000), time.Duration(rapid.SampledFrom([]int{-3600, -5, 5, 90, 3600}).Draw(rt, "by")) * time.Second}
	}), 0, 2).Draw(rt, "jumps")
	s.meddling = rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) meddling {
		return meddling{ms("meddling after", 0, 5, 50, 400, 2000, 20000), rapid.IntRange(0, 30).Draw(rt, "which"), rapid.SampledFrom(meddlings).Draw(rt, "how")}
	}), 0, rapid.SampledFrom([]int{0, 0, 2}).Draw(rt, "meddlings")).Draw(rt, "meddling")
	s.pace = ms("pace", 0, 0, 0, 400, 1500)
	s.drift = rapid.SliceOfN(rapid.IntRange(0, 30), 0, 2).Draw(rt, "drift")
	s.run, s.undo = drawEndings(rt, "run"), drawEndings(rt, "undo")
	s.early = rapid.Bool().Draw(rt, "early")
	return s
}

// collaboration is a setting that only the removal of a partner touches, and undo
// brings back.
const collaboration = `{"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]},` +
	`"usersAndGroups":{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"user"}]}}`

func drawPartner(rt *rapid.T, i int) graphsim.Partner {
	flag := rapid.SampledFrom([]*bool{nil, ptr(true), ptr(false)})
	p := graphsim.Partner{TenantID: tenant(i)}
	p.AutomaticUserConsentSettings = graphsim.Consent{InboundAllowed: flag.Draw(rt, "live in"), OutboundAllowed: flag.Draw(rt, "live out")}
	if rapid.Bool().Draw(rt, "has sync") {
		p.IdentitySynchronization = &graphsim.IdentitySynchronization{DisplayName: rapid.SampledFrom([]*string{nil, ptr("One"), ptr("Two")}).Draw(rt, "live name")}
		if f := flag.Draw(rt, "live sync"); f != nil {
			p.IdentitySynchronization.UserSyncInbound = &graphsim.UserSyncInbound{IsSyncAllowed: f}
		}
	}
	if rapid.Bool().Draw(rt, "has trust") {
		p.InboundTrust = &graphsim.InboundTrust{IsMfaAccepted: flag.Draw(rt, "live mfa"), IsHybridAzureADJoinedDeviceAccepted: ptr(true)}
	}
	if rapid.Bool().Draw(rt, "has more") {
		p.Other = graphsim.Members{"protectedContentSharing": json.RawMessage(`{"inboundAllowed":true,"outboundAllowed":null}`)}
	}
	if rapid.Bool().Draw(rt, "has collaboration") {
		if p.Other == nil {
			p.Other = graphsim.Members{}
		}
		p.Other["b2bDirectConnectInbound"] = json.RawMessage(collaboration)
	}
	return p
}

func drawEndings(rt *rapid.T, label string) []ending {
	return rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) ending {
		return ending{
			How: rapid.SampledFrom(endings).Draw(rt, "how"), Bytes: rapid.IntRange(0, 9000).Draw(rt, "bytes"),
			After: time.Duration(rapid.IntRange(0, 2000).Draw(rt, "after")) * time.Millisecond,
			Lost:  rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(rt, "lost"),
			Except: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{approval.TemplateException, tenant(0), tenant(1), tenant(2)}), 0, 2,
				rapid.ID).Draw(rt, "except"),
		}
	}), 0, 2).Draw(rt, label)
}
