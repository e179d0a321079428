package mockidp

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// voice says a recording's answers in the words of whoever asks.
type voice struct {
	own         []string          // the origins that are served
	hosts       *strings.Replacer // from recorded origins to those
	classic     bool              // the engine behind Okta's page is Classic
	heard       map[string]string // labels and values of the recording, by what the client sent in their place
	redirectURI string            // of the client
}

func newVoice(list []*recorded, origins map[string]string) *voice {
	v := &voice{heard: map[string]string{}}
	recordedOrigins := names(origins)
	// One may be the beginning of another: http://a and http://a:8080.
	slices.SortStableFunc(recordedOrigins, func(a, b string) int { return len(b) - len(a) })
	var hosts []string
	for _, from := range recordedOrigins {
		to := origins[from]
		v.own = append(v.own, to)
		for _, spelled := range []func(string) string{
			func(s string) string { return s }, url.QueryEscape, html.EscapeString, scriptSpelled,
			func(s string) string { return strings.ReplaceAll(s, "/", `\/`) },
			func(s string) string { return strings.ReplaceAll(s, "/", `\u002F`) },
		} {
			hosts = append(hosts, spelled(from), spelled(to))
		}
	}
	v.hosts = strings.NewReplacer(hosts...)
	asked := func(part string) bool {
		return slices.ContainsFunc(list, func(q *recorded) bool { return strings.Contains(q.path, part) })
	}
	v.classic = asked("/api/v1/authn") && !asked("/idp/idx/")
	return v
}

// scriptSpelled spells s as Okta's page does in its script: all but letters, digits and a few signs as \xHH.
func scriptSpelled(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(alphanumeric+"._,", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\x%02X`, c)
		}
	}
	return b.String()
}

// label is what stands in place of a secret: its kind, and a name.
var label = regexp.MustCompile(`«([0-9A-Za-z_-]{1,64}) ([0-9a-f]{4})»`)

// plain is a value that means the same in a URL, in HTML and in JSON: only such are taken from a request.
var plain = regexp.MustCompile(`^[0-9A-Za-z._~:/+-]{1,512}$`)

// hear takes from a request what the answers have to repeat: its state, its nonce, where it wants to be sent back to.
func (v *voice) hear(was, asked *recorded) {
	for _, p := range []struct{ was, now url.Values }{{was.query, asked.query}, {was.form, asked.form}} {
		for name := range p.was {
			before, now := p.was.Get(name), p.now.Get(name)
			if !plain.MatchString(now) || before == now {
				continue
			}
			switch {
			case name == "redirect_uri", label.MatchString(before) && label.FindString(before) == before && name == "state":
				v.heard[before] = now
			case (name == "nonce" || name == "code_challenge") && len(before) >= 16:
				v.heard[before] = now
			}
		}
	}
	if uri := asked.query.Get("redirect_uri"); plain.MatchString(uri) {
		v.redirectURI = uri
	}
}

// text says a recorded text.
func (v *voice) text(s string) string {
	for _, before := range names(v.heard) {
		now := v.heard[before]
		s = strings.ReplaceAll(s, before, now)
		s = strings.ReplaceAll(s, url.QueryEscape(before), url.QueryEscape(now))
	}
	return label.ReplaceAllStringFunc(v.hosts.Replace(s), v.made)
}

// path is what a client asks for where that was recorded.
func (v *voice) path(p string) string { return label.ReplaceAllStringFunc(p, v.made) }

// made makes up a value of a label's kind, always the same.
func (v *voice) made(l string) string {
	m := label.FindStringSubmatch(l)
	value := "replayed-" + strings.ReplaceAll(m[1], "_", "-") + "-" + m[2]
	switch {
	case m[1] == "stateToken" && v.classic:
		return "00" + value
	case m[1] == "stateToken" || m[1] == "stateHandle":
		return "02.id." + value // by which Okta's page tells its engines apart
	}
	return value
}

// repeated are the headers of a recording that its answers have.
var repeated = []string{"Cache-Control", "Content-Type", "Date", "Retry-After", "Www-Authenticate", "X-Okta-Request-Id",
	"X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset", "X-Request-Id"}

// say returns the answer that was recorded.
func (v *voice) say(q *recorded) *said {
	a := &said{status: q.status, header: http.Header{}}
	for _, name := range repeated {
		for _, value := range q.header.Values(name) {
			a.header.Add(name, v.text(value))
		}
	}
	a.header.Set("Content-Security-Policy", v.policy())
	a.header.Set("Referrer-Policy", "no-referrer")
	a.header.Set("X-Content-Type-Options", "nosniff")
	a.header.Set("X-Dns-Prefetch-Control", "off")
	for _, c := range q.header.Values("Set-Cookie") {
		if name, value, ok := strings.Cut(v.text(strings.Split(c, ";")[0]), "="); ok {
			a.header.Add("Set-Cookie", name+"="+value+"; Path=/; HttpOnly")
		}
	}
	a.body = v.quiet(v.text(q.body))
	if location := v.text(q.header.Get("Location")); location != "" {
		if v.away(location) {
			a.status, a.body = http.StatusBadGateway, "the recording goes on elsewhere, at a host that is not part of it"
			a.header.Set("Content-Type", "text/plain")
			return a
		}
		a.header.Set("Location", location)
	}
	return a
}

// policy lets a page be drawn and send its forms to the hosts of the recording, and nothing more: no script runs.
func (v *voice) policy() string {
	own := strings.Join(v.own, " ")
	to := own
	if u, err := url.Parse(v.redirectURI); err == nil && u.Scheme != "" {
		to += " " + u.Scheme + ":"
		if u.Host != "" {
			to = own + " " + u.Scheme + "://" + u.Host
		}
	}
	return "default-src 'none'; style-src 'unsafe-inline' " + own + "; img-src data:; base-uri " + own + "; form-action " + to + "; frame-ancestors 'none'"
}

// meta is what may send a page on without a script; equiv is what makes it one.
var (
	meta  = regexp.MustCompile(`(?is)<meta\b[^>]*http-equiv[^>]*>`)
	equiv = regexp.MustCompile(`(?i)http-equiv`)
)

// quiet returns a body without what would send a browser out of the recording.
func (v *voice) quiet(body string) string {
	var b strings.Builder
	end := 0
	for _, at := range meta.FindAllStringIndex(body, -1) {
		tag := body[at[0]:at[1]]
		b.WriteString(equiv.ReplaceAllString(body[end:at[0]], "data-equiv"))
		if !v.stays(tag) {
			tag = equiv.ReplaceAllString(tag, "data-equiv")
		}
		b.WriteString(tag)
		end = at[1]
	}
	b.WriteString(equiv.ReplaceAllString(body[end:], "data-equiv"))
	return b.String()
}

// stays reports whether nothing in a tag is a URL of another host, however it is spelled.
func (v *voice) stays(tag string) bool {
	text := strings.Join(strings.Fields(html.UnescapeString(tag)), "") // browsers skip white space in URLs
	for _, own := range v.own {
		text = strings.ReplaceAll(text, own+"/", "/")
	}
	return !strings.ContainsAny(text, `:\`) && !strings.Contains(text, "//")
}
