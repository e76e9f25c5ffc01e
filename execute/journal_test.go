package execute_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
	"bulksync/plan"
)

// smallRun is a run with an entry of every kind, and its journal.
func smallRun(t testing.TB, sim *rig) (*plan.Plan, []byte) {
	sim.with(3, nil)
	p := sim.plan(rows(3, "Ä <Fabrikam>,yes,,,"), "")
	sim.Inject(graphsim.Fault{Kind: "400", Method: "PUT", Nth: 2})
	f := newTape()
	sim.mustRun(session{plan: p, tape: f, settings: journal.Settings{Concurrency: 1, NoReadBack: true}})
	sim.ClearFaults()
	sim.mustRun(session{plan: p, tape: f, settings: journal.Settings{Concurrency: 1, NoReadBack: true}})
	return p, f.data
}

func TestEachAlteredByteIsNoticed(t *testing.T) {
	p, text := smallRun(t, newRig(t, graphsim.Config{}))
	for at := range len(text) - 1 { // without the last newline the last line is a torn one
		altered := bytes.Clone(text)
		altered[at] ^= 1 << (at % 8)
		if _, err := journal.Replay(p, bytes.NewReader(altered)); err == nil {
			t.Fatalf("byte %d (%q) was altered and nobody noticed", at, text[at])
		} else if !strings.Contains(err.Error(), "journal line ") {
			t.Fatalf("byte %d: %v", at, err)
		}
	}
}

func TestALineThatIsMissingMovedOrDoubledIsNoticed(t *testing.T) {
	p, text := smallRun(t, newRig(t, graphsim.Config{}))
	lines := bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	join := func(ls ...[]byte) []byte { return append(bytes.Join(ls, nil), '\n') }
	for i := range len(lines) - 1 {
		without := join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...)...)
		doubled := join(append(append([][]byte{}, lines[:i+1]...), lines[i:]...)...)
		for name, text := range map[string][]byte{"missing": without, "doubled": doubled} {
			if _, err := journal.Replay(p, bytes.NewReader(text)); err == nil {
				t.Errorf("line %d is %s and nobody noticed", i+1, name)
			}
		}
	}
}

func TestATornLastLineIsLeftOut(t *testing.T) {
	p, text := smallRun(t, newRig(t, graphsim.Config{}))
	first := bytes.IndexByte(text, '\n') + 1
	for size := range len(text) {
		l, err := journal.Replay(p, bytes.NewReader(text[:size]))
		if size < first {
			if err == nil {
				t.Fatalf("a run without its first line is a run")
			}
			continue
		}
		if err != nil {
			t.Fatalf("cut at byte %d: %v", size, err)
		}
		if want := int64(bytes.LastIndexByte(text[:size], '\n') + 1); l.Size != want {
			t.Fatalf("cut at byte %d: %d bytes are whole, want %d", size, l.Size, want)
		}
		if sum := l.Result().Totals.Sum(); sum != 3 {
			t.Fatalf("cut at byte %d: totals add up to %d", size, sum)
		}
	}
}

func TestReplayRefusesWhatIsNotTheJournalOfThisPlan(t *testing.T) {
	sim := newRig(t, graphsim.Config{})
	p, text := smallRun(t, sim)
	sim.RemovePartner(tenant(1))
	other := sim.plan(rows(1, wanted), "")
	newer := bytes.Replace(text, []byte(`"formatVersion":1`), []byte(`"formatVersion":2`), 1)
	for _, c := range []struct {
		name string
		plan *plan.Plan
		text string
		want string
	}{
		{"of another plan", other, string(text), "journal line 1: the journal belongs to another plan: to sha256:"},
		{"of a newer version", p, string(newer), "the journal has another format version: it has 2, this program reads 1"},
		{"empty", p, "", "the journal has no first entry"},
		{"something else", p, "tenantId,displayName\n", "journal line 1: the journal does not begin with a run"},
		{"without its beginning", p, string(text[bytes.IndexByte(text, '\n')+1:]), "journal line 1: the journal does not begin with a run"},
		{"with something behind it", p, string(text) + "{}\n", "it was altered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := journal.Replay(c.plan, strings.NewReader(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
			if newer := c.name == "of a newer version"; newer != errors.Is(err, journal.ErrFormat) {
				t.Errorf("ErrFormat: %v", !newer)
			}
		})
	}
}

// FuzzReplay feeds the reader whatever comes: it must not panic, what it takes
// must add up, and taking it again must tell the same.
func FuzzReplay(f *testing.F) {
	p, text := smallRun(f, newRig(f, graphsim.Config{}))
	f.Add(text)
	f.Add(text[:len(text)/2])
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, text := range [][]byte{text, execute.Reseal(text)} {
			l, err := journal.Replay(p, bytes.NewReader(text))
			if err != nil {
				continue
			}
			r := l.Result()
			if r.Totals.Sum() != len(p.Changes) || len(r.Outcomes) != len(p.Changes) {
				t.Errorf("totals %+v for %d changes", r.Totals, len(p.Changes))
			}
			again, err := journal.Replay(p, bytes.NewReader(text[:l.Size]))
			if err != nil || !cmp.Equal(r, again.Result()) || again.LastSum() != l.LastSum() {
				t.Errorf("the whole part tells another run: %v\n%s", err, cmp.Diff(r, again.Result()))
			}
		}
	})
}

func TestARunIsToldTheSameFromItsJournalWhateverGraphSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(1, func(p *graphsim.Partner) {
			p.IdentitySynchronization = graphsim.SyncAllowed("a <b> & \u2028 \"c\"", false)
		})
		p := r.plan(rows(1, "New,yes,,,"), "")
		r.Edit(tenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization.DisplayName = ptr("<i>\u2029 \\ \x7f ☃") })
		f := newTape()
		res := r.mustRun(session{plan: p, tape: f})
		if res.Outcomes[0].Status != journal.Held {
			t.Fatalf("%+v", res.Outcomes[0])
		}
		if diff := cmp.Diff(res, r.replay(p, f)); diff != "" {
			t.Errorf("(-run +text):\n%s", diff)
		}
	})
}

// A journal is read in blocks, and to its end.
func TestALongJournalIsReadToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{NoHistory: true, PageSize: 1000})
		r.with(1500, nil)
		p, f := r.plan(rows(1500, "Fabrikam,yes,,,"), ""), newTape()
		res := r.mustRun(session{plan: p, tape: f, settings: journal.Settings{MaxAge: time.Hour}})
		if n := bytes.Count(f.data, []byte("\n")); n <= 4096 || res.Totals.Of(journal.Verified) != 1500 {
			t.Fatalf("%d lines, %+v", n, res.Totals)
		}
		if told := r.replay(p, f); told.Totals != res.Totals || told.Stopped != "" {
			t.Errorf("%+v, stopped %q", told.Totals, told.Stopped)
		}
	})
}
