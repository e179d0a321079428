package scenario

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// Member is a member of result, and of run.NAME.
type Member struct {
	Name string
	Type cty.Type
	Doc  string

	of func(*made) cty.Value
}

// Results is the table of what an exchange yields.
var Results = []Member{
	{"issuer", cty.String, "the provider's issuer", func(m *made) cty.Value { return textOf(m.Issuer) }},
	{"client_id", cty.String, "the client that asked", func(m *made) cty.Value { return textOf(m.ClientID) }},
	{"id_token", anything, "the claims of the ID token", func(m *made) cty.Value { return claimsOf(m.Tokens.IDToken) }},
	{"id_token_header", anything, "the header of the ID token", func(m *made) cty.Value { return headerOf(m.Tokens.IDToken) }},
	{"access_token", anything, "the claims of the access token; null where it is no JWT", func(m *made) cty.Value { return claimsOf(m.Tokens.AccessToken) }},
	{"access_token_header", anything, "the header of the access token", func(m *made) cty.Value { return headerOf(m.Tokens.AccessToken) }},
	{"tokens", tokensType, "the token response; the tokens themselves are secrets", (*made).tokens},
	{"sent", sentType, "what the exchange was made with; code and code_verifier are secrets", (*made).sent},
	{"verified", texts, "the names of what was verified", func(m *made) cty.Value { return textsOf(m.Verified) }},
	{"userinfo", anything, "what the userinfo endpoint says; asked for where it is read", func(m *made) cty.Value { return objectOf(m.userinfo) }},
	{"introspection", anything, "what the introspection endpoint says of the access token; asked for where it is read",
		func(m *made) cty.Value { return objectOf(m.introspection) }},
	{"checks", textMap, "the statuses of checks by name: pass, warn, fail, skip, error", (*made).checks},
	{"timing", cty.Map(cty.Number), "the seconds that steps took, by their names, and total", (*made).timings},
	{"response", anything, "the responses to request blocks, by their labels", func(m *made) cty.Value { return cty.ObjectVal(m.responses) }},
	{"error", errorType, "the error that the exchange ended with, where one was expected", (*made).failure},
}

var (
	tokensType = cty.Object(map[string]cty.Type{"access_token": cty.String, "refresh_token": cty.String, "id_token": cty.String,
		"token_type": cty.String, "expires_at": cty.String, "expires_in": cty.Number, "scopes": texts, "extra": anything})
	sentType     = cty.Object(map[string]cty.Type{"code": cty.String, "code_verifier": cty.String, "state": cty.String, "nonce": cty.String, "redirect_uri": cty.String})
	errorType    = cty.Object(map[string]cty.Type{"step": cty.String, "code": cty.String, "message": cty.String, "hint": cty.String})
	responseType = cty.Object(map[string]cty.Type{"status": cty.Number, "headers": textMap, "body": cty.String, "json": anything, "time": cty.Number})

	dryResponse = unknownObject(responseType)
)

// secrets are the members of tokens and sent that are.
var secrets = map[string]bool{"access_token": true, "refresh_token": true, "id_token": true, "code": true, "code_verifier": true}

// unknownObject has the members of ty, and no value for them.
func unknownObject(ty cty.Type) cty.Value {
	all := map[string]cty.Value{}
	for name, member := range ty.AttributeTypes() {
		all[name] = cty.UnknownVal(member)
		if secrets[name] {
			all[name] = all[name].Mark(sensitive{})
		}
	}
	return cty.ObjectVal(all)
}

// dryResult is what r will yield, by its types.
func dryResult(r *Run) cty.Value {
	all := map[string]cty.Value{}
	for _, m := range Results {
		switch {
		case m.Name == "response":
			responses := map[string]cty.Value{}
			for _, request := range r.all("request") {
				responses[request.label] = dryResponse
			}
			all[m.Name] = cty.ObjectVal(responses)
		case m.Type.IsObjectType():
			all[m.Name] = unknownObject(m.Type)
		default:
			all[m.Name] = cty.UnknownVal(m.Type)
		}
	}
	return cty.ObjectVal(all)
}

// made is what came of one run.
type made struct {
	*flow.Result
	auth          *flow.Authorization
	code          string
	userinfo      map[string]any
	introspection map[string]any
	findings      []check.Finding
	took          map[trace.Step]time.Duration
	total         time.Duration
	responses     map[string]cty.Value
	err           error
	now           func() time.Time
}

func (m *made) value() cty.Value {
	all := map[string]cty.Value{}
	for _, member := range Results {
		all[member.Name] = member.of(m)
	}
	return cty.ObjectVal(all)
}

func (m *made) tokens() cty.Value {
	t := m.Tokens
	expiresAt, expiresIn := cty.NullVal(cty.String), cty.NullVal(cty.Number)
	if !t.Expiry.IsZero() {
		expiresAt = cty.StringVal(t.Expiry.UTC().Format(time.RFC3339))
		expiresIn = cty.NumberIntVal(int64(t.Expiry.Sub(m.now()).Round(time.Second) / time.Second))
	}
	return cty.ObjectVal(map[string]cty.Value{
		"access_token":  secretOf(t.AccessToken.Reveal()),
		"refresh_token": secretOf(t.RefreshToken.Reveal()),
		"id_token":      secretOf(t.IDToken.Reveal()),
		"token_type":    textOf(t.TokenType),
		"expires_at":    expiresAt,
		"expires_in":    expiresIn,
		"scopes":        textsOf(t.Scopes),
		"extra":         objectOf(t.Extra),
	})
}

func (m *made) sent() cty.Value {
	a := m.auth
	if a == nil {
		a = &flow.Authorization{}
	}
	return cty.ObjectVal(map[string]cty.Value{
		"code":          secretOf(m.code),
		"code_verifier": secretOf(a.Verifier),
		"state":         textOf(a.State),
		"nonce":         textOf(a.Nonce),
		"redirect_uri":  textOf(a.RedirectURI),
	})
}

func (m *made) checks() cty.Value {
	all := map[string]cty.Value{}
	for _, f := range m.findings {
		all[f.Name] = cty.StringVal(f.Status.String())
	}
	if len(all) == 0 {
		return cty.MapValEmpty(cty.String)
	}
	return cty.MapVal(all)
}

func (m *made) timings() cty.Value {
	all := map[string]cty.Value{"total": cty.NumberFloatVal(m.total.Seconds())}
	for step, d := range m.took {
		all[string(step)] = cty.NumberFloatVal(d.Seconds())
	}
	return cty.MapVal(all)
}

func (m *made) failure() cty.Value {
	if m.err == nil {
		return cty.NullVal(errorType)
	}
	var e *flow.Error
	if !errors.As(m.err, &e) {
		e = &flow.Error{}
	}
	return cty.ObjectVal(map[string]cty.Value{
		"step": textOf(string(e.Step)), "code": textOf(e.Code), "message": cty.StringVal(m.err.Error()), "hint": textOf(e.Hint),
	})
}

// textOf is a text; null where there is none.
func textOf(s string) cty.Value {
	if s == "" {
		return cty.NullVal(cty.String)
	}
	return cty.StringVal(s)
}

func secretOf(s string) cty.Value { return textOf(s).Mark(sensitive{}) }

func textsOf(all []string) cty.Value {
	if len(all) == 0 {
		return cty.ListValEmpty(cty.String)
	}
	var out []cty.Value
	for _, s := range all {
		out = append(out, cty.StringVal(s))
	}
	return cty.ListVal(out)
}

// objectOf is an object of JSON; null where there is none.
func objectOf(o map[string]any) cty.Value {
	if o == nil {
		return cty.NullVal(anything)
	}
	text, err := json.Marshal(o)
	if err != nil {
		return cty.NullVal(anything) // it came as JSON
	}
	v, err := jsonValue(text)
	if err != nil {
		return cty.NullVal(anything)
	}
	return v
}

func claimsOf(token trace.Secret) cty.Value {
	_, claims, err := decodeJWT(token.Reveal())
	if err != nil {
		return cty.NullVal(anything)
	}
	return claims
}

func headerOf(token trace.Secret) cty.Value {
	header, _, err := decodeJWT(token.Reveal())
	if err != nil {
		return cty.NullVal(anything)
	}
	return header
}
