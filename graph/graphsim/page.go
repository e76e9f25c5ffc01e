package graphsim

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"net/http"
	"net/url"
	"time"
)

// cursor is the position of a listing. A listing visits the slots that existed when it began, in an
// order that looks random, so that no partner comes twice or is left out while others come and go.
type cursor struct {
	listing uint64 // which listing of this simulator
	slots   uint64 // how many slots it visits
	pos     uint64 // how many it has visited
	lap     uint64 // how often it started over, in an endless list
	until   int64  // when the token expires, Unix time
	empty   bool   // the empty page was served
}

// pageLifetime is how long a $skiptoken works. Graph's is not documented.
const pageLifetime = time.Hour

// listPartners serves one page. Its cost does not depend on the number of partners.
func (s *Sim) listPartners(c *call) answer {
	v, bad := s.partnerView(c, "$skiptoken")
	if bad != nil {
		return refuse(bad)
	}
	q, _ := url.ParseQuery(c.rawQuery)
	s.mu.Lock()
	cur, valid := s.cursor(c, q)
	if !valid {
		s.mu.Unlock()
		return refuse(expiredPage())
	}
	page := s.partnerPage(c, &cur)
	v.broken = s.broken
	s.mu.Unlock()

	b := make([]byte, 0, 512+len(page)*partnerSize)
	b = appendString(append(b, `{"@odata.context":`...), c.context(listContext(q)))
	if cur.pos < cur.slots || s.cfg.EndlessList {
		b = appendString(append(b, `,"@odata.nextLink":`...), c.link(s.nextQuery(q, cur)))
	}
	b = append(b, `,"value":[`...)
	for i, p := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendPartner(b, c.shown(p), v)
	}
	return ok(append(b, "]}"...))
}

// partnerSize is about the size of a partner in an answer.
const partnerSize = 768

// partnerPage moves the cursor over one page and returns its partners.
func (s *Sim) partnerPage(c *call, cur *cursor) []*Partner {
	if s.cfg.EmptyPage && !cur.empty && cur.pos > 0 {
		cur.empty = true
		return nil
	}
	page := make([]*Partner, 0, min(uint64(s.cfg.PageSize), cur.slots-cur.pos)+1)
	order, began := s.order(*cur), cur.pos
	for ; cur.pos < cur.slots && len(page) < s.cfg.PageSize; cur.pos++ {
		if p := s.partners.slots[order.slot(cur.pos)].at(c.now); p != nil {
			page = append(page, p)
		}
	}
	if c.suffers(FaultMoved) {
		page = s.moved(c, page, order, began)
	}
	if s.cfg.EndlessList && cur.pos == cur.slots {
		cur.pos, cur.lap, cur.empty = 0, cur.lap+1, false
	}
	return page
}

// moved adds a partner that an earlier page showed, with other content, as if it was changed while
// the list is read.
func (s *Sim) moved(c *call, page []*Partner, order order, pos uint64) []*Partner {
	for i := range pos {
		p := s.partners.slots[order.slot(i)].at(c.now)
		if p == nil {
			continue
		}
		p = p.clone()
		consent := &p.AutomaticUserConsentSettings
		consent.InboundAllowed = opposite(consent.InboundAllowed)
		if y := p.IdentitySynchronization; y != nil {
			p.IdentitySynchronization = SyncAllowed("Moved", y.UserSyncInbound == nil || !isTrue(y.UserSyncInbound.IsSyncAllowed))
		}
		return append(page, p)
	}
	return page
}

func isTrue(v *bool) bool { return v != nil && *v }

func opposite(v *bool) *bool { return new(!isTrue(v)) }

// cursor begins a listing, or continues the one that the token names.
func (s *Sim) cursor(c *call, q url.Values) (cursor, bool) {
	if !q.Has("$skiptoken") {
		s.listings++
		return cursor{listing: s.listings, slots: uint64(len(s.partners.slots)), until: c.now.Add(pageLifetime).Unix()}, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(q.Get("$skiptoken"))
	if err != nil || len(raw) != 49 {
		return cursor{}, false
	}
	cur := cursor{
		listing: binary.BigEndian.Uint64(raw), slots: binary.BigEndian.Uint64(raw[8:]), pos: binary.BigEndian.Uint64(raw[16:]),
		until: int64(binary.BigEndian.Uint64(raw[24:])), lap: binary.BigEndian.Uint64(raw[32:]), empty: raw[40] == 1,
	}
	intact := q.Get("$skiptoken") == s.skipToken(q, cur)
	return cur, intact && c.now.Unix() < cur.until && cur.slots <= uint64(len(s.partners.slots))
}

// nextQuery is the query of the next page: this one's, further on.
func (s *Sim) nextQuery(q url.Values, cur cursor) string {
	next := ""
	for _, name := range []string{"$select", "$expand"} {
		if q.Has(name) {
			next += name + "=" + url.QueryEscape(q.Get(name)) + "&"
		}
	}
	return next + "$skiptoken=" + s.skipToken(q, cur)
}

// link is the address of the next page, or what a fault turns it into.
func (c *call) link(query string) string {
	base := c.base
	switch {
	case c.suffers(FaultSameLink):
		query = c.rawQuery
	case c.suffers(FaultForeignLink):
		base = "https://graph.example"
	case c.suffers(FaultRelativeLink):
		base = ""
	}
	return base + c.path + "?" + query
}

// skipToken seals a cursor, so that a token of another simulator, of another query or with a
// flipped bit is noticed.
func (s *Sim) skipToken(q url.Values, cur cursor) string {
	raw := binary.BigEndian.AppendUint64(nil, cur.listing)
	raw = binary.BigEndian.AppendUint64(raw, cur.slots)
	raw = binary.BigEndian.AppendUint64(raw, cur.pos)
	raw = binary.BigEndian.AppendUint64(raw, uint64(cur.until))
	raw = append(binary.BigEndian.AppendUint64(raw, cur.lap), 0)
	if cur.empty {
		raw[40] = 1
	}
	h := fnv.New64a()
	h.Write(raw)
	h.Write([]byte(s.cfg.HomeTenant + "\n" + q.Get("$select") + "\n" + q.Get("$expand")))
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(raw, h.Sum64()^uint64(s.cfg.Seed)))
}

// order is a permutation of the slots that needs no memory: position i stands for
// slot (i*step + start) mod n, where step and n have no common divisor.
type order struct{ n, step, start uint64 }

func (s *Sim) order(cur cursor) order {
	n := max(cur.slots, 1)
	mixed := (uint64(s.cfg.Seed) + cur.listing) * 0x9e3779b97f4a7c15
	step := mixed>>32%n | 1
	for gcd(step, n) != 1 {
		step++
	}
	return order{n: n, step: step % n, start: mixed % n}
}

func (o order) slot(i uint64) uint64 { return (i*o.step + o.start) % o.n }

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func listContext(q url.Values) string {
	switch {
	case q.Has("$select") && q.Has("$expand"):
		return "partners(" + q.Get("$select") + ",identitySynchronization())"
	case q.Has("$select"):
		return "partners(" + q.Get("$select") + ")"
	case q.Has("$expand"):
		return "partners(identitySynchronization())"
	}
	return "partners"
}

func expiredPage() *odataError {
	return &odataError{status: http.StatusBadRequest, code: codeExpiredPage, message: "The specified page token value has expired and can no longer be included in your request."}
}
