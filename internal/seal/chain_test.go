package seal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"bulksync/internal/seal"
)

// chained are lines with the given members, and the chain after them.
func chained(members ...string) (lines [][]byte, end seal.Chain) {
	var c seal.Chain
	for _, m := range members {
		var b bytes.Buffer
		c.Append(&b, func(b *bytes.Buffer) { b.WriteString(m) })
		lines = append(lines, b.Bytes())
	}
	return lines, c
}

// A line is a JSON object that anybody can prove with a SHA-256 tool.
func TestChainedLine(t *testing.T) {
	lines, end := chained(`"a":1`, `"b":{"c":"\"}"}`)
	var got struct {
		Prev, Sum string
		B         any
	}
	if err := json.Unmarshal(lines[1], &got); err != nil {
		t.Fatal(err)
	}
	first := sha256.Sum256([]byte(`{"prev":"","a":1,"sum":"`))
	second := sha256.Sum256(fmt.Appendf(nil, `{"prev":"%x","b":{"c":"\"}"},"sum":"`, first))
	if got.Prev != hex.EncodeToString(first[:]) || got.Sum != hex.EncodeToString(second[:]) || end.Sum != got.Sum {
		t.Errorf("%s\nends with %s", lines[1], end.Sum)
	}
}

// An appended line is proved, and its members come back.
func TestProve(t *testing.T) {
	members := []string{`"a":1`, `"b":[{}]`, `"c":"sum\":\""`}
	lines, end := chained(members...)
	var c seal.Chain
	for i, line := range lines {
		got, err := c.Prove(line)
		if err != nil || string(got) != members[i] {
			t.Errorf("line %d: %q, %v", i+1, got, err)
		}
	}
	if c != end {
		t.Errorf("proved to %q, appended to %q", c.Sum, end.Sum)
	}
}

// A line with any bit altered, or one that was cut, moved or doubled, is not
// proved, and leaves the chain where it was.
func TestProveRefuses(t *testing.T) {
	lines, _ := chained(`"a":1`, `"b":2`, `"c":3`)
	var after seal.Chain
	if _, err := after.Prove(lines[0]); err != nil {
		t.Fatal(err)
	}
	refused := map[string][]byte{
		"empty": {}, "first again": lines[0], "too early": lines[2], "no chain": []byte(`{"b":2}`),
		"a byte behind": append(bytes.Clone(lines[1]), ' '), "a byte before": append([]byte(" "), lines[1]...),
		"no members": []byte(`{"prev":"` + after.Sum + `","sum":"`),
	}
	for i := range lines[1] {
		refused[fmt.Sprint("cut at ", i)] = lines[1][:i]
		for bit := range 8 {
			altered := bytes.Clone(lines[1])
			altered[i] ^= 1 << bit
			refused[fmt.Sprint("bit ", i, " ", bit)] = altered
		}
	}
	for name, line := range refused {
		c := after
		if _, err := c.Prove(line); !errors.Is(err, seal.ErrChain) || c != after {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := after.Prove(lines[1]); err != nil {
		t.Errorf("the line itself: %v", err)
	}
}
