package mockidp

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func startClassic(t *testing.T, cfg Config, policy ...string) *rp {
	t.Helper()
	cfg.Org.Engine = "classic"
	return startOkta(t, cfg, policy...)
}

// authnWalker is a client of the Classic engine: it follows the links of a state by their names.
type authnWalker struct {
	*walker
	from string // fromUri of the page
}

// walkClassic opens the page, and asks what its state token is good for if there is one.
func walkClassic(t *testing.T, p *rp, change ...string) *authnWalker {
	t.Helper()
	return onClassicPage(t, p, p.authorize(change...))
}

func onClassicPage(t *testing.T, p *rp, a answer) *authnWalker {
	t.Helper()
	require.Equal(t, 200, a.status, a.body)
	w := &authnWalker{walker: &walker{rp: p}}
	w.from = pageNext(t, a.body)
	if token := stateToken(t, a.body); token != "" {
		w.post(p.s.URL+"/api/v1/authn/introspect", object{"stateToken": token})
	}
	return w
}

var pageFrom = regexp.MustCompile(`(?:var fromUri = |"redirectUri": )'([^']*)'`)

// pageNext reads off the page, in any of its styles, where a session token leads.
func pageNext(t *testing.T, page string) string {
	t.Helper()
	if m := pageFrom.FindStringSubmatch(page); m != nil {
		return unescape(m[1])
	}
	m := pageBag.FindStringSubmatch(page)
	require.NotNil(t, m, page)
	var bag struct{ FromURI string }
	require.NoError(t, json.Unmarshal([]byte(unescape(m[1])), &bag))
	return bag.FromURI
}

func (w *authnWalker) signIn(login, password string) *authnWalker {
	w.t.Helper()
	w.post(w.s.URL+"/api/v1/authn", object{"username": login, "password": password, "options": object{"warnBeforePasswordExpired": true}})
	return w
}

// at is the status of the state.
func (w *authnWalker) at() string {
	s, _ := w.state["status"].(string)
	return s
}

// member is a value of the state, at a path with dots.
func (w *authnWalker) member(path string) any {
	var v any = w.state
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func (w *authnWalker) token() any { return w.state["stateToken"] }

// follow posts to a link of the state, by name; next is the one of that name too.
func (w *authnWalker) follow(name string, fill object) *authnWalker {
	w.t.Helper()
	links, _ := w.state["_links"].(map[string]any)
	link, ok := links[name].(map[string]any)
	if next, isNext := links["next"].(map[string]any); !ok && isNext && next["name"] == name {
		link, ok = next, true
	}
	if list, isList := links[name].([]any); !ok && isList {
		link, ok = list[0].(map[string]any), true
	}
	require.True(w.t, ok, "no link %s in %v", name, w.state)
	return w.to(link["href"].(string), fill)
}

func (w *authnWalker) to(href string, fill object) *authnWalker {
	w.t.Helper()
	body := object{"stateToken": w.token()}
	for k, v := range fill {
		body[k] = v
	}
	w.post(href, body)
	return w
}

// factor finds one of those that may be chosen.
func (w *authnWalker) factor(kind, provider string) map[string]any {
	w.t.Helper()
	factors, _ := w.member("_embedded.factors").([]any)
	for _, f := range factors {
		if f := f.(map[string]any); f["factorType"] == kind && f["provider"] == provider {
			return f
		}
	}
	require.Fail(w.t, "no such factor", "%s of %s in %v", kind, provider, w.state)
	return nil
}

// verify posts to a factor's link.
func (w *authnWalker) verify(kind, provider string, fill object) *authnWalker {
	w.t.Helper()
	return w.to(w.factor(kind, provider)["_links"].(map[string]any)["verify"].(map[string]any)["href"].(string), fill)
}

// end goes the way of the browser from a session token to the client.
func (w *authnWalker) end() answer {
	w.t.Helper()
	require.Equal(w.t, "SUCCESS", w.at(), w.state)
	if w.state["type"] == "SESSION_STEP_UP" {
		return w.request("GET", w.member("_links.next.href").(string), nil)
	}
	a := w.request("GET", w.s.URL+sessionPath+"?"+url.Values{
		"checkAccountSetupComplete": {"true"}, "token": {w.state["sessionToken"].(string)}, "redirectUrl": {w.from},
	}.Encode(), nil)
	require.Equal(w.t, http.StatusFound, a.status, a.body)
	return w.request("GET", a.header.Get("Location"), nil)
}

func (w *authnWalker) amr() []any {
	w.t.Helper()
	v := w.callback(w.end())
	require.NotEmpty(w.t, v.Get("code"), v)
	a := w.exchange(v.Get("code"))
	require.Equal(w.t, 200, a.status, a.body)
	claims := w.claims(a.json(w.t)["id_token"])
	require.Equal(w.t, oktaUser().ID(), claims["sub"])
	return claims["amr"].([]any)
}

// cause is what the error says to the user.
func (w *authnWalker) cause() string {
	raw, err := json.Marshal(w.state["errorCauses"])
	require.NoError(w.t, err)
	var causes []struct{ ErrorSummary string }
	require.NoError(w.t, json.Unmarshal(raw, &causes))
	if len(causes) == 0 {
		return ""
	}
	return causes[0].ErrorSummary
}
