package mockidp

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	oktaTOTP     = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	oktaPassword = "pass word ä"
)

// oktaUser is alice with a policy, and all that a policy may ask for.
func oktaUser(policy ...string) Person {
	p := Person{
		Login: "alice", Password: oktaPassword, TOTP: oktaTOTP, Question: "First pet?", Answer: "Rex", Phone: "+15551234567",
		Passkeys: []Passkey{newSoftKey().passkey}, Policy: policy,
	}
	if strings.Contains(strings.Join(policy, " "), "enrol") {
		p.TOTP = ""
	}
	return p
}

func startOkta(t *testing.T, cfg Config, policy ...string) *rp {
	t.Helper()
	cfg.Login = "okta"
	cfg.Users = append(cfg.Users, oktaUser(policy...))
	return startRP(t, cfg)
}

// walker is a client of the Identity Engine as small as can be: it fills in forms by their names and sends back what is
// fixed in them.
type walker struct {
	*rp
	status int
	header http.Header
	state  map[string]any
}

var (
	pageToken  = regexp.MustCompile(`(?:var stateToken = |"stateToken": )'([^']*)'`)
	pageBag    = regexp.MustCompile(`var modelDataBag = '([^']*)'`)
	pageEscape = regexp.MustCompile(`\\x([0-9A-F]{2})`)
)

func unescape(s string) string {
	return pageEscape.ReplaceAllStringFunc(s, func(e string) string {
		n, err := strconv.ParseUint(e[2:], 16, 8)
		if err != nil {
			return e
		}
		return string(rune(n))
	})
}

// stateToken reads the page in any of its styles.
func stateToken(t *testing.T, page string) string {
	t.Helper()
	if m := pageToken.FindStringSubmatch(page); m != nil {
		return unescape(m[1])
	}
	m := pageBag.FindStringSubmatch(page)
	require.NotNil(t, m, page)
	var bag struct{ StateToken string }
	require.NoError(t, json.Unmarshal([]byte(unescape(m[1])), &bag))
	return bag.StateToken
}

func walk(t *testing.T, p *rp, change ...string) *walker {
	t.Helper()
	a := p.authorize(change...)
	require.Equal(t, 200, a.status, a.body)
	w := &walker{rp: p}
	w.post(p.s.URL+"/idp/idx/introspect", object{"stateToken": stateToken(t, a.body)})
	return w
}

func (w *walker) post(href string, body object) {
	w.t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(w.t, err)
	r, err := http.NewRequestWithContext(w.t.Context(), "POST", href, strings.NewReader(string(raw)))
	require.NoError(w.t, err)
	r.Header.Set("Content-Type", "application/json")
	a := w.do(r)
	w.status, w.header, w.state = a.status, a.header, a.json(w.t)
}

// forms are all that may be sent, by name. The first of a name counts.
func (w *walker) forms() map[string]map[string]any {
	out := map[string]map[string]any{}
	var collect func(any)
	collect = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				collect(e)
			}
		case map[string]any:
			name, _ := v["name"].(string)
			if _, ok := v["href"]; ok && out[name] == nil {
				out[name] = v
			}
			for _, e := range v {
				collect(e)
			}
		}
	}
	collect(w.state)
	return out
}

func fixedValues(form any) map[string]any {
	out := map[string]any{}
	fields, _ := form.([]any)
	for _, f := range fields {
		f := f.(map[string]any)
		if inner, ok := f["form"].(map[string]any); ok {
			out[f["name"].(string)] = fixedValues(inner["value"])
		} else if f["mutable"] == false {
			out[f["name"].(string)] = f["value"]
		}
	}
	return out
}

// send fills in a form; a value below a dot is of an object.
func (w *walker) send(name string, fill object) *walker {
	w.t.Helper()
	form := w.forms()[name]
	require.NotNil(w.t, form, "no form %s in %v", name, w.state)
	body := fixedValues(form["value"])
	if len(body) > 1 { // drop objects that nothing is in: not every client sends them
		maps.DeleteFunc(body, func(_ string, v any) bool { m, ok := v.(map[string]any); return ok && len(m) == 0 })
	}
	for path, v := range fill {
		to := body
		if outer, inner, ok := strings.Cut(path, "."); ok {
			if to[outer] == nil {
				to[outer] = map[string]any{}
			}
			to, path = to[outer].(map[string]any), inner
		}
		to[path] = v
	}
	w.post(form["href"].(string), body)
	return w
}

func (w *walker) identify() *walker {
	w.t.Helper()
	return w.send("identify", object{"identifier": "alice"})
}

func (w *walker) password() *walker {
	w.t.Helper()
	return w.send("challenge-authenticator", object{"credentials.passcode": oktaPassword})
}

// screen is the first remediation.
func (w *walker) screen() string {
	r, ok := w.state["remediation"].(map[string]any)
	if !ok {
		return ""
	}
	return r["value"].([]any)[0].(map[string]any)["name"].(string)
}

// keys are the messages' keys; those at a field have its name before them.
func (w *walker) keys() []string {
	out := []string{}
	var collect func(any, string)
	collect = func(v any, at string) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				collect(e, at)
			}
		case map[string]any:
			if i18n, ok := v["i18n"].(map[string]any); ok {
				out = append(out, at+i18n["key"].(string))
			}
			for k, e := range v {
				if name, ok := v["name"].(string); ok && k == "messages" {
					collect(e, name+": ")
				} else {
					collect(e, at)
				}
			}
		}
	}
	collect(w.state, "")
	return out
}

// finish follows success-redirect.
func (w *walker) finish() url.Values {
	w.t.Helper()
	success, ok := w.state["success"].(map[string]any)
	require.True(w.t, ok, "no success in %v", w.state)
	return w.callback(w.request("GET", success["href"].(string), nil))
}

func (w *walker) amr() []any {
	w.t.Helper()
	v := w.finish()
	require.NotEmpty(w.t, v.Get("code"), v)
	require.Equal(w.t, "state-1", v.Get("state"))
	a := w.exchange(v.Get("code"))
	require.Equal(w.t, 200, a.status, a.body)
	claims := w.claims(a.json(w.t)["id_token"])
	require.Equal(w.t, oktaUser().ID(), claims["sub"])
	return claims["amr"].([]any)
}

// lastCode is the one that was sent last.
func (w *walker) lastCode() string {
	w.t.Helper()
	all := w.s.Messages()
	require.NotEmpty(w.t, all)
	return all[len(all)-1].Code
}
