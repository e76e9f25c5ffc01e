package plan_test

import (
	"encoding/json"
	"testing"

	"bulksync/graph"
	"bulksync/plan"
)

func TestBeside(t *testing.T) {
	const words = "also changed by somebody since the plan, and left as it is: "
	for _, c := range []struct{ name, before, now, want string }{
		{"nothing", `{"displayName":"A","x":1}`, `{"displayName":"A","x":1}`, ""},
		{"the property itself", `{"displayName":"A"}`, `{"displayName":"B"}`, ""},
		{"the property in other letter case", `{"DisplayName":"A"}`, `{"DISPLAYNAME":"B"}`, ""},
		{"order and what the protocol adds", `{"x":1,"displayName":"A"}`, `{"@odata.context":"u","displayName":"A","x":1}`, ""},
		{"null and missing", `{"displayName":"A","x":null}`, `{"displayName":"A"}`, ""},
		{"an object of nulls", `{"displayName":"A","u":{"a":null}}`, `{"displayName":"A","u":null}`, ""},
		{"another one", `{"displayName":"A","userSyncInbound":{"isSyncAllowed":true}}`, `{"displayName":"A","userSyncInbound":{"isSyncAllowed":false}}`,
			words + "userSyncInbound.isSyncAllowed is now false, was true"},
		{"one that was not there", `{"displayName":"A"}`, `{"displayName":"A","g":{"b":["x"]}}`, words + `g.b is now ["x"], was null`},
		{"many", `{"a":1,"b":1,"c":1,"d":1,"e":1}`, `{"a":2,"b":2,"c":2,"d":2,"e":2}`,
			words + "a is now 2, was 1; b is now 2, was 1; c is now 2, was 1; and more"},
		{"no object any more", `{"x":1}`, ``, ""},
		{"there was none", ``, `{"x":1}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ch := plan.Change{
				Object: plan.IdentitySynchronization, Action: plan.Update, Before: json.RawMessage(c.before),
				Fields: []plan.Field{{Path: "displayName", Before: "A", After: "C"}},
			}
			live := plan.Live{Partner: &graph.Partner{}}
			if c.now != "" {
				live.Partner.Sync = &graph.IdentitySynchronization{Raw: json.RawMessage(c.now)}
			}
			if got := ch.Beside(live); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
