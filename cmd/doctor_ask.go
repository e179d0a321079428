package cmd

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// reply is what a provider says to a request that nobody stands behind. One of accepted, about and unknown is set.
type reply struct {
	accepted string // how the provider shows that it has nothing against the request
	about    topic  // which setting it refuses the request for
	unknown  string // why neither is known

	words    string // of the refusal
	pushed   bool   // the refusal came from the endpoint for pushed requests
	atClient bool   // the answer came to the redirect URI
	broken   error  // what a sign-in would fail with: an answer that came there, or a request that cannot be made
	tokens   bool   // tokens came
}

// said returns why nothing more is known.
func (r reply) said() string { return cmp.Or(r.unknown, r.words) }

// replies are what doctor has found out about a client by asking.
type replies struct {
	authorize   reply    // the request as a sign-in sends it, but with prompt=none
	scopes      []string // those that were refused, where authorize was refused for them
	unprotected reply    // the request without a code challenge
	redeem      reply    // a made-up code at the token endpoint
	refresh     reply    // a made-up refresh token, where one is wanted
}

// maxScopes is how many scopes are asked for one by one.
const maxScopes = 12

// ask asks the provider about the client. With prompt=none nobody is signed in (OpenID Connect Core 1.0 §3.1.2.1), the
// redirect URI is not requested, and code and refresh token are made up, so nothing that exists is used up.
func (d *doctor) ask(ctx context.Context, client *flow.Client, m *flow.Metadata) replies {
	var r replies
	r.authorize = d.authorize(ctx, client)
	if r.authorize.about == aboutScopes {
		r.scopes = d.refusedScopes(ctx)
	}
	if r.authorize.accepted != "" && !d.config.PAR && !m.RequirePAR {
		r.unprotected = d.authorize(ctx, client, "code_challenge", "code_challenge_method")
	}
	r.redeem = d.redeem(ctx, client)
	if r.redeem.accepted != "" && slices.Contains(d.config.Scopes, "offline_access") {
		r.refresh = d.refresh(ctx, client)
	}
	return r
}

// askingConfig is the configuration of a sign-in that shows no page.
func (d *doctor) askingConfig() flow.Config {
	cfg := d.config
	cfg.Prompt = "none"
	cfg.MaxAge = nil // which Okta refuses together with prompt=none where it is 0
	return cfg
}

// authorize sends an authorization request without the parameters in drop.
func (d *doctor) authorize(ctx context.Context, client *flow.Client, drop ...string) reply {
	a, err := client.Authorize(ctx)
	if err != nil { // of a pushed request
		r := replyOf(err)
		r.pushed = true
		return r
	}
	query := a.URL.Query()
	for _, name := range drop {
		query.Del(name)
	}
	a.URL.RawQuery = query.Encode()
	callback, page, err := signin.Peek(ctx, signin.Config{Transport: d.config.Transport},
		flow.Request{URL: a.URL, RedirectURI: a.RedirectURI, ResponseMode: a.ResponseMode})
	switch {
	case err != nil:
		return reply{unknown: err.Error()}
	case callback == nil:
		return replyOfPage(page)
	}
	if _, err = client.Code(ctx, a, callback); err == nil {
		return reply{accepted: "a code came without a sign-in, and is left unused"}
	}
	r := replyOf(err)
	r.atClient = true
	if r.unknown != "" {
		r.broken = err
	}
	return r
}

// refusedScopes asks for the scopes one by one, and returns those that are refused.
func (d *doctor) refusedScopes(ctx context.Context) []string {
	var refused []string
	for _, scope := range d.config.Scopes[:min(len(d.config.Scopes), maxScopes)] {
		if scope == "openid" {
			continue
		}
		cfg := d.askingConfig()
		cfg.Scopes = []string{scope}
		if slices.Contains(d.config.Scopes, "openid") {
			cfg.Scopes = []string{"openid", scope}
		}
		client, err := flow.New(cfg)
		if err == nil && d.authorize(ctx, client).about == aboutScopes {
			refused = append(refused, scope)
		}
	}
	return refused
}

// redeem sends a code that nobody issued. A provider looks at the client first, then at the grant, then at the code:
// invalid_grant means that only the last was wrong (RFC 6749 §5.2).
func (d *doctor) redeem(ctx context.Context, client *flow.Client) reply {
	_, err := client.Exchange(ctx, &flow.Authorization{
		ClientID: d.config.ClientID, RedirectURI: d.config.WithDefaults().RedirectURI,
		Verifier: rand.Text() + rand.Text(), // RFC 7636 §4.1: 43 characters or more
	}, madeUp())
	return replyOfToken(err)
}

// refresh sends a refresh token that nobody issued.
func (d *doctor) refresh(ctx context.Context, client *flow.Client) reply {
	_, err := client.Refresh(ctx, &flow.Result{Tokens: flow.Tokens{RefreshToken: trace.NewSecret("refresh_token", madeUp())}})
	return replyOfToken(err)
}

// madeUp returns what the provider's log shows to be doctor's.
func madeUp() string { return "oidcflow-doctor-" + rand.Text() }

func replyOfToken(err error) reply {
	var p *flow.ProviderError
	switch {
	case err == nil:
		return reply{accepted: "tokens came", tokens: true}
	case errors.As(err, &p) && p.Code == "invalid_grant":
		return reply{accepted: p.Code}
	}
	r := replyOf(err)
	var coded *flow.Error
	if errors.As(err, &coded) && strings.HasPrefix(coded.Code, "usage.") {
		r.broken = err
	}
	return r
}

// silent are the refusals that are about nobody being signed in (OpenID Connect Core 1.0 §3.1.2.6): they come after the
// request was found valid.
var silent = []string{"login_required", "interaction_required", "account_selection_required", "consent_required"}

func replyOf(err error) reply {
	var p *flow.ProviderError
	switch {
	case !errors.As(err, &p), p.Status == http.StatusTooManyRequests, p.Status >= http.StatusInternalServerError:
		return reply{unknown: err.Error()}
	case slices.Contains(silent, p.Code):
		return reply{accepted: p.Code + " came to the redirect URI, as nobody is signed in"}
	}
	return reply{about: topicOf(p.Code, p.Description), words: p.Error()}
}

// replyOfPage reads a page that stays. Whether a page refuses is known by what it names alone: a status may be that of
// a gateway, and a page to sign in on is no refusal.
func replyOfPage(v *signin.View) reply {
	if p := jsonError(v.Text); p != nil {
		p.Status = v.Status
		return replyOf(p)
	}
	text := strings.Join([]string{v.Title, strings.Join(v.Headings, " "), strings.Join(v.Messages, " "), v.Text}, " ")
	about := topicOf("", text)
	if len(v.Fields) == 0 && about != aboutNothing && v.Status < http.StatusInternalServerError && v.Status != http.StatusTooManyRequests {
		return reply{about: about, words: fmt.Sprintf("the provider's page says %q", excerpt(cmp.Or(v.Text, v.Title)))}
	}
	if len(v.Fields) > 0 && v.Status < http.StatusBadRequest {
		return reply{unknown: "the provider shows a page to sign in on, though prompt=none asks for none"}
	}
	return reply{unknown: fmt.Sprintf("the provider answers with status %d and a page titled %q, which names no setting", v.Status, excerpt(v.Title))}
}

// jsonError returns the error of a provider that answers a browser in JSON, or nil.
func jsonError(text string) *flow.ProviderError {
	var o struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Code        string `json:"errorCode"` // Okta's envelope
		Summary     string `json:"errorSummary"`
	}
	if err := json.Unmarshal([]byte(text), &o); err != nil || cmp.Or(o.Error, o.Code) == "" {
		return nil
	}
	return &flow.ProviderError{Code: excerpt(cmp.Or(o.Error, o.Code)), Description: excerpt(cmp.Or(o.Description, o.Summary))}
}

// excerpt returns the beginning of a provider's text, for a line.
func excerpt(text string) string {
	const enough = 200
	if len(text) <= enough {
		return text
	}
	cut := enough
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
