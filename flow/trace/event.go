package trace

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Event returns e with labels in place of secrets. What e points to is not changed. Data that is not UTF-8 stays as it
// is.
func (r *Redactor) Event(e Event) Event {
	b := batch{redactor: r}
	for _, s := range []*string{&e.Name, &e.Message, &e.Code, &e.URL, &e.Title} {
		b.add(s, false, false)
	}
	for _, list := range []*[]string{&e.Fields, &e.Keys} {
		*list = slices.Clone(*list)
		for i := range *list {
			b.add(&(*list)[i], false, false)
		}
	}
	if e.HTTP != nil {
		m := *e.HTTP
		e.HTTP = &m
		for _, s := range []*string{&m.Method, &m.URL, &m.Proto} {
			b.add(s, false, false)
		}
		m.RequestHeader = b.header(m.RequestHeader)
		m.ResponseHeader = b.header(m.ResponseHeader)
		b.add(&m.RequestBody, m.Truncated, true)
		b.add(&m.ResponseBody, m.Truncated, false)
	}
	var data string
	if utf8.Valid(e.Data) {
		data = string(e.Data)
		b.add(&data, false, false)
	}
	b.write()
	if data != "" {
		e.Data = []byte(data)
	}
	if e.HTTP != nil {
		e.HTTP.RequestHeader = r.headerNames(e.HTTP.RequestHeader)
		e.HTTP.ResponseHeader = r.headerNames(e.HTTP.ResponseHeader)
	}
	return e
}

// A batch is the texts of one event: all are read before the first is written, as a value may be known by its name in
// one only.
type batch struct {
	redactor *Redactor
	texts    []*string
	docs     []*document
}

func (b *batch) add(s *string, cut, typed bool) {
	if *s != "" {
		b.texts = append(b.texts, s)
		b.docs = append(b.docs, b.redactor.read(*s, cut, typed))
	}
}

// header adds the values of h and returns the copy that will hold what is written.
func (b *batch) header(h http.Header) http.Header {
	if h == nil {
		return nil
	}
	out := make(http.Header, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		values := make([]string, len(h[name]))
		for i, v := range h[name] {
			values[i] = b.redactor.headerValue(name, v)
			b.add(&values[i], false, false)
		}
		out[name] = values
	}
	return out
}

func (b *batch) write() {
	for i, d := range b.docs {
		*b.texts[i] = b.redactor.write(d)
	}
}

// headerNames returns h with labels in place of secrets in names.
func (r *Redactor) headerNames(h http.Header) http.Header {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if clean := r.String(name); clean != name {
			h[clean] = append(h[clean], h[name]...)
			delete(h, name)
		}
	}
	return h
}

// headerValue returns v without the secret that the header's name tells of, and learns it.
func (r *Redactor) headerValue(name, v string) string {
	known, ok := ruleOf(name)
	if !ok {
		return v
	}
	switch known.kind {
	case "authorization":
		scheme, credentials, ok := strings.Cut(v, " ")
		if !ok {
			return r.whole(known.kind, v)
		}
		if strings.EqualFold(scheme, "basic") {
			r.meetBasic(credentials)
		}
		return scheme + " " + r.whole(known.kind, credentials)
	case "cookie":
		return r.cookies(v, strings.EqualFold(name, "Set-Cookie"))
	}
	return r.whole(known.kind, v)
}

// cookies returns the value of a Cookie or Set-Cookie header without the cookies' values. The latter's attributes stay.
func (r *Redactor) cookies(v string, set bool) string {
	pairs := strings.Split(v, ";")
	for i, pair := range pairs {
		if set && i > 0 {
			break
		}
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			pairs[i] = r.whole("cookie", pair)
			continue
		}
		pairs[i] = name + "=" + r.whole("cookie", strings.Trim(value, `"`))
	}
	return strings.Join(pairs, ";")
}

// whole returns the label of v, unless v is one already.
func (r *Redactor) whole(kind, v string) string {
	if fixed := r.labelsIn(v); v == "" || len(fixed) == 1 && fixed[0].end-fixed[0].start == len(v) {
		return v
	}
	// Cookies such as lang=en are everywhere: only what is long enough to be a session is looked for elsewhere.
	return r.meet(kind, v, len(v) >= 8 && !isText(v))
}

// meetBasic learns the client secret or password in the credentials of HTTP Basic (RFC 7617 §2).
func (r *Redactor) meetBasic(credentials string) {
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials))
	if err != nil {
		return // not Basic's form; the whole is hidden all the same
	}
	_, secret, ok := strings.Cut(string(text), ":")
	if !ok {
		return
	}
	// RFC 6749 §2.3.1 form-encodes it first; not every client does.
	if decoded, err := url.QueryUnescape(secret); err == nil && decoded != secret {
		r.meet("client_secret", decoded, true)
	}
	r.meet("client_secret", secret, true)
}
