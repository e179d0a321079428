package scenario

import (
	"net/url"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// sends are the values that a send block can replace. What the engine compares with is a plain value too: a state or a
// nonce that is replaced makes the answer another one's.
var sends = []struct {
	name, doc string
	replace   func(x *exchange, value string)
}{
	{"code", "the code that is redeemed, as in run.first.sent.code", func(x *exchange, v string) { x.callback.Params.Set("code", v) }},
	{"code_verifier", "the PKCE verifier that goes with the code", func(x *exchange, v string) { x.auth.Verifier = v }},
	{"redirect_uri", "the redirect URI that goes with the code", func(x *exchange, v string) { x.auth.RedirectURI = v }},
	{"client_id", "the client that redeems the code or the refresh token", func(x *exchange, v string) { x.other().ClientID = v }},
	{"client_secret", "the secret it does so with", func(x *exchange, v string) { x.other().ClientSecret = trace.NewSecret("client_secret", v) }},
	{"state", "the state that the response must have", func(x *exchange, v string) { x.auth.State = v }},
	{"nonce", "the nonce that the ID token must have", func(x *exchange, v string) { x.auth.Nonce = v }},
	{"refresh_token", "the refresh token that is redeemed", func(x *exchange, v string) { x.refreshToken = v }},
}

// sendAuthorize replaces parameters of the authorization request.
const sendAuthorize = "authorize"

func sendAttributes() []Attribute {
	all := []Attribute{{Name: sendAuthorize, Type: textMap, When: BeforeRun,
		Doc: "parameters of the authorization request, by name; null leaves one out"}}
	for _, s := range sends {
		all = append(all, Attribute{Name: s.name, Type: cty.String, When: BeforeRun, Doc: s.doc})
	}
	return all
}

// other is the configuration of the client that redeems what was got, where that is another than the one that asked.
func (x *exchange) other() *flow.Config {
	if x.redeemer == nil {
		c := x.config
		x.redeemer = &c
	}
	return x.redeemer
}

// replaceRequest changes the authorization request as the send block says.
func (x *exchange) replaceRequest(u *url.URL, ctx *hcl.EvalContext) hcl.Diagnostics {
	if x.send == nil {
		return nil
	}
	params, diags := x.send.value(sendAuthorize, ctx)
	params, _ = params.UnmarkDeep()
	if diags.HasErrors() || params.IsNull() {
		return diags
	}
	query := u.Query()
	for name, value := range params.AsValueMap() {
		query.Del(name)
		if !value.IsNull() {
			query.Set(name, value.AsString())
		}
	}
	u.RawQuery = query.Encode()
	return nil
}

// replace changes what the send block says of the values after the sign-in.
func (x *exchange) replace(ctx *hcl.EvalContext) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, s := range sends {
		if !x.send.has(s.name) || x.auth == nil && s.name != "refresh_token" && s.name != "client_id" && s.name != "client_secret" {
			continue
		}
		value, wrong := x.send.text(s.name, ctx)
		if diags = append(diags, wrong...); !wrong.HasErrors() {
			s.replace(x, value)
		}
	}
	return diags
}
