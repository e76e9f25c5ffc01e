package journal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/internal/seal"
	"bulksync/plan"
)

// small is a journal with an entry of every kind.
func small(t testing.TB) []byte {
	return written(t,
		session(begun), intent(3), outcome(done(3)), intent(4),
		outcome(journal.Outcome{Seq: 4, Status: journal.Failed, Attempts: 2, HTTPStatus: 400, Kind: graph.Invalid, Message: "no <\u2028>"}),
		end(journal.End{Requests: journal.Requests{Reads: 1, Writes: 3}}), session(begun), intent(4), outcome(done(4)), intent(5),
		end(journal.End{Stopped: "somebody asked", Interrupted: true}),
	)
}

// done is a write that Graph accepted.
func done(seq int) journal.Outcome {
	return journal.Outcome{Seq: seq, Status: journal.Succeeded, Attempts: 1, HTTPStatus: 204, ElapsedMs: 30}
}

// resealed gives each line of a journal the sum that it would have as written,
// so that the sums do not catch an edit.
func resealed(text []byte) []byte {
	var b bytes.Buffer
	var c seal.Chain
	for line := range bytes.Lines(text) {
		var e journal.Entry
		if !bytes.HasSuffix(line, []byte("\n")) || json.Unmarshal(line, &e) != nil {
			b.Write(line)
			continue
		}
		c.Append(&b, func(b *bytes.Buffer) { b.WriteString(journal.EncodeEntry(e)) })
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func TestEachAlteredByteIsNoticed(t *testing.T) {
	p, text := planned(), small(t)
	for at := range len(text) - 1 { // without the last newline the last line is a torn one
		altered := bytes.Clone(text)
		altered[at] ^= 1 << (at % 8)
		if _, err := journal.Replay(p, bytes.NewReader(altered)); err == nil {
			t.Fatalf("byte %d (%q) was altered unnoticed", at, text[at])
		} else if !strings.Contains(err.Error(), "journal line ") {
			t.Fatalf("byte %d: %v", at, err)
		}
	}
}

func TestAMissingMovedOrDoubledLineIsNoticed(t *testing.T) {
	p, text := planned(), small(t)
	lines := bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	join := func(ls ...[]byte) []byte { return append(bytes.Join(ls, nil), '\n') }
	for i := range len(lines) - 1 {
		without := join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...)...)
		doubled := join(append(append([][]byte{}, lines[:i+1]...), lines[i:]...)...)
		for name, text := range map[string][]byte{"missing": without, "doubled": doubled} {
			if _, err := journal.Replay(p, bytes.NewReader(text)); err == nil {
				t.Errorf("line %d is %s unnoticed", i+1, name)
			}
		}
	}
}

func TestATornLastLineIsLeftOut(t *testing.T) {
	p, text := planned(), small(t)
	first := bytes.IndexByte(text, '\n') + 1
	for size := range len(text) {
		l, err := journal.Replay(p, bytes.NewReader(text[:size]))
		if size < first {
			if err == nil {
				t.Fatalf("a run without its first line was accepted")
			}
			continue
		}
		if err != nil {
			t.Fatalf("cut at byte %d: %v", size, err)
		}
		if want := int64(bytes.LastIndexByte(text[:size], '\n') + 1); l.Size != want {
			t.Fatalf("cut at byte %d: %d bytes are whole, want %d", size, l.Size, want)
		}
		if sum := l.Result().Totals.Sum(); sum != 5 {
			t.Fatalf("cut at byte %d: totals add up to %d", size, sum)
		}
	}
}

func TestReplayRefusesOtherJournals(t *testing.T) {
	p, text := planned(), small(t)
	other := planned()
	other.Fingerprint = "sha256:another"
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

// FuzzReplay feeds the reader arbitrary input: it must not panic, what it
// accepts must add up, and replaying that again must give the same result.
func FuzzReplay(f *testing.F) {
	p, text := planned(), small(f)
	f.Add(text)
	f.Add(text[:len(text)/2])
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, text := range [][]byte{text, resealed(text)} {
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

// A journal is read in blocks, to its end.
func TestReplayReadsALongJournal(t *testing.T) {
	entries := []journal.Entry{session(begun)}
	for range 4500 {
		entries = append(entries, intent(3), outcome(done(3)))
	}
	last := done(4)
	last.Message = "the last"
	r := replayed(t, written(t, append(entries, outcome(last), end(journal.End{}))...)).Result()
	if r.Outcomes[3].Message != "the last" || r.Totals.Of(journal.Succeeded) != 2 || r.Stopped != "" {
		t.Errorf("%s, stopped %q", r.Totals, r.Stopped)
	}
}

// Entries that this program would not have written are refused, whatever their
// sums say.
func TestReplayRefusesEntries(t *testing.T) {
	for name, c := range map[string]struct {
		entry journal.Entry
		want  string
	}{
		"an unknown status": {outcome(journal.Outcome{Seq: 3, Status: "lost"}), `journal line 2: no such status: "lost"`},
		"no change 0":       {intent(0), "journal line 2: change 0 is not in the plan"},
		"no change 6":       {outcome(done(6)), "journal line 2: change 6 is not in the plan"},
		"an empty entry":    {journal.Entry{}, "journal line 2: an entry of no known kind"},
		"a later session":   {session(journal.Run{FormatVersion: 2, PlanFingerprint: "sha256:ours"}), "journal line 2: the journal has another format version: it has 2"},
		"of another plan":   {session(journal.Run{FormatVersion: 1, PlanFingerprint: "sha256:theirs"}), "to sha256:theirs, not to sha256:ours"},
	} {
		_, err := journal.Replay(planned(), bytes.NewReader(written(t, session(begun), c.entry)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := journal.Replay(planned(), bytes.NewReader(written(t, session(begun), intent(5), outcome(done(5))))); err != nil {
		t.Errorf("the last change: %v", err)
	}
}

// An intent in a form that is not the writer's own is read all the same.
func TestReplayReadsOtherForms(t *testing.T) {
	var b bytes.Buffer
	var c seal.Chain
	first := session(begun)
	first.At = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, members := range []string{
		journal.EncodeEntry(first),
		`"intent": {"path": "/p", "seq": 3, "clientRequestId": "theirs"}, "at": "2026-01-02T03:04:05Z"`,
		`"at":"2026-01-02T03:04:05Z","intent":{"seq":4,"found":"x\u0041","clientRequestId":"mine"}`,
	} {
		c.Append(&b, func(b *bytes.Buffer) { b.WriteString(members) })
		b.WriteByte('\n')
	}
	r := replayed(t, b.Bytes()).Result()
	for seq, id := range map[int]string{3: "theirs", 4: "mine"} {
		if o := r.Outcomes[seq-1]; o.Status != journal.Indeterminate || o.ClientRequestID != id {
			t.Errorf("change %d: %+v", seq, o)
		}
	}
	if got := string(r.Outcomes[3].Found); got != `"x\u0041"` {
		t.Errorf("found %s", got)
	}
}
