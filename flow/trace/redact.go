package trace

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"
)

// Redactor replaces secrets by labels: those it was told of, wherever and however encoded they turn up, and those that
// stand under a name known to be a secret's, which it learns as it meets them. A label such as «access_token 3f9a» is
// the kind and the start of a keyed hash, so that two places can be compared; the key is new for each Redactor. It may
// be used by several goroutines at once.
type Redactor struct {
	key []byte

	mu     sync.RWMutex
	index  index
	known  map[string]*entry
	labels map[string]bool // those in use; they are left alone when met again
	count  int             // of the values learned by name
	size   int             // and their length together
}

// Bounds on what is learned by name, as a provider could otherwise fill the memory. A value beyond them is still
// replaced where its name stands. Secrets given to Learn are not bounded.
const (
	maxLearned     = 4096
	maxLearnedSize = 1 << 20
	maxLearnedOne  = 8 << 10
)

// NewRedactor returns a Redactor that knows names but no values.
func NewRedactor() *Redactor {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return &Redactor{key: key, known: map[string]*entry{}, labels: map[string]bool{}}
}

// Learn makes r replace the values of secrets from here on. Values under four bytes are not looked for.
func (r *Redactor) Learn(secrets ...Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range secrets {
		r.learn(s.Kind(), s.Reveal(), false)
	}
}

// learn adds a value; the caller holds r.mu. bounded is for what a provider sent.
func (r *Redactor) learn(kind, value string, bounded bool) {
	if len(value) < shortest {
		return
	}
	e := r.known[value]
	if e != nil && (bounded || !e.partial) {
		return
	}
	if bounded && !r.hasRoom(value) {
		return
	}
	if e == nil {
		e = &entry{value: value, kind: kind, label: r.newLabel(kind, value)}
		r.known[value] = e
	}
	e.partial = false
	for _, v := range append([]string{value}, jwtParts(value)...) {
		if len(v) < shortest { // the encrypted key of a JWE with alg "dir" is empty (RFC 7518 §4.5)
			continue
		}
		for _, n := range needles(&entry{value: v, kind: kind, label: e.label}) {
			added := r.index.add(n, bounded)
			e.partial = e.partial || !added
		}
	}
}

// hasRoom reports whether value may be learned by its name, and counts it.
func (r *Redactor) hasRoom(value string) bool {
	if r.count >= maxLearned || len(value) > maxLearnedOne || r.size+len(value) > maxLearnedSize || repetitive(value) {
		return false
	}
	r.count++
	r.size += len(value)
	return true
}

// jwtParts returns the parts of value, and its signature's bytes, if it is a JWS or JWE in compact serialization.
func jwtParts(value string) []string {
	parts := strings.Split(value, ".")
	if !strings.HasPrefix(value, "eyJ") || len(parts) != 3 && len(parts) != 5 {
		return nil
	}
	if sig, err := base64.RawURLEncoding.DecodeString(parts[len(parts)-1]); err == nil {
		parts = append(parts, string(sig))
	}
	return parts
}

// repetitive reports whether v begins with a pattern that comes again and again. No token does, and comparing a text of
// the same pattern with it would take the product of their lengths.
func repetitive(v string) bool {
	const least = 64
	borders := make([]int, len(v)) // of each prefix; Knuth, Morris and Pratt
	for i, k := 1, 0; i < len(v); i++ {
		for k > 0 && v[i] != v[k] {
			k = borders[k-1]
		}
		if v[i] == v[k] {
			k++
		}
		borders[i] = k
		if length := i + 1; length >= least && length-k <= length/4 {
			return true
		}
	}
	return false
}

// newLabel returns the label of value; the caller holds r.mu.
func (r *Redactor) newLabel(kind, value string) string {
	if kind == "" {
		kind = "secret"
	}
	kind = strings.Map(func(c rune) rune {
		if c < utf8.RuneSelf && (alphanumeric(byte(c)) || c == '_' || c == '-') {
			return c
		}
		return '_'
	}, kind)
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(value))
	label := "«" + kind + " " + hex.EncodeToString(mac.Sum(nil)[:2]) + "»"
	if len(r.labels) < 4*maxLearned {
		r.labels[label] = true
	}
	return label
}

// String returns s with labels in place of secrets.
func (r *Redactor) String(s string) string {
	d := r.read(s, false, false)
	return r.write(d)
}

// Bytes returns b with labels in place of secrets. What is not UTF-8, such as an image, is returned as it is.
func (r *Redactor) Bytes(b []byte) []byte {
	if len(b) == 0 || !utf8.Valid(b) {
		return b
	}
	return []byte(r.String(string(b)))
}

// A span is a place in a text and what to write there.
type span struct {
	start, end int
	name       int // where what told of it begins
	label      string
}

// A document is a text on its way through r: all texts of an event are read, and what is in them learned, before the
// first is written.
type document struct {
	text  string
	cut   bool // the end is missing
	views []*view
	fixed []span // labels that are there already
	spans []span
}

// read finds the secrets in s that have a name and learns them. typed says that a user's words are among them, as in
// a request's body, so that even a plain word is learned.
func (r *Redactor) read(s string, cut, typed bool) *document {
	d := &document{text: s, cut: cut, views: views(s)}
	d.fixed = r.labelsIn(s)
	for _, v := range d.views {
		scan(v.text, func(f found) {
			start, end := v.span(f.start, f.end)
			if d.isFixed(start, end) {
				return
			}
			name, _ := v.span(f.name, f.name+1)
			label := r.meet(f.kind, f.value, typed || !f.text)
			d.spans = append(d.spans, span{start, end, name, label})
		})
	}
	return d
}

// labelsIn returns the places of r's own labels in s.
func (r *Redactor) labelsIn(s string) []span {
	const open, closing = "«", "»"
	var all []span
	for from := 0; ; {
		n := strings.Index(s[from:], open)
		if n < 0 {
			return all
		}
		start := from + n
		from = start + len(open)
		n = strings.Index(s[from:min(len(s), from+longestName)], closing)
		if n < 0 {
			continue
		}
		end := from + n + len(closing)
		r.mu.RLock()
		ours := r.labels[s[start:end]]
		r.mu.RUnlock()
		if ours {
			all = append(all, span{start: start, end: end, name: start})
			from = end
		}
	}
}

// isFixed reports whether the place has something of a label. What matches there is made of the label: the text has been
// redacted before, and no provider can write a label, as it does not know the key.
func (d *document) isFixed(start, end int) bool {
	i := sort.Search(len(d.fixed), func(i int) bool { return d.fixed[i].end > start })
	return i < len(d.fixed) && d.fixed[i].start < end
}

// meet returns the label of a value that was found by name, and learns it.
func (r *Redactor) meet(kind, value string, learn bool) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if learn {
		r.learn(kind, value, true)
	}
	if e := r.known[value]; e != nil {
		return e.label
	}
	return r.newLabel(kind, value)
}

// write returns the text with all that is known by now replaced.
func (r *Redactor) write(d *document) string {
	spans := r.spans(d)
	if len(spans) == 0 {
		return d.text
	}
	var b strings.Builder
	at := 0
	for _, s := range spans {
		b.WriteString(d.text[at:s.start])
		b.WriteString(s.label)
		at = s.end
	}
	b.WriteString(d.text[at:])
	return b.String()
}

// spans returns the places to be replaced, in order; those that overlap are one.
func (r *Redactor) spans(d *document) []span {
	all := d.spans
	r.mu.RLock()
	for _, v := range d.views {
		r.index.find(v.text, d.cut, func(start, end int, e *entry) {
			start, end = v.span(start, end)
			if !d.isFixed(start, end) {
				all = append(all, span{start, end, start, e.label})
			}
		})
	}
	r.mu.RUnlock()
	sort.SliceStable(all, func(i, j int) bool {
		if all[i].start != all[j].start {
			return all[i].start < all[j].start
		}
		return all[i].end > all[j].end
	})
	merged := all[:0]
	for _, s := range all {
		last := len(merged) - 1
		if last >= 0 && s.start < merged[last].end {
			merged[last].end = max(merged[last].end, s.end)
			merged[last].name = min(merged[last].name, s.name)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// Recorder returns the door to sinks: it learns, redacts, and passes on. Nothing behind it sees a secret.
func (r *Redactor) Recorder(sinks ...Recorder) Recorder { return &door{r, sinks} }

type door struct {
	*Redactor
	sinks []Recorder
}

// Record implements [Recorder].
func (d *door) Record(e Event) {
	e = d.Event(e)
	for _, s := range d.sinks {
		s.Record(e)
	}
}
