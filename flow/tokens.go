package flow

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// ParseTokenResponse reads the answer of a token endpoint: tokens (RFC 6749 §5.1), or the error that it is. Expiry counts
// from now. Scopes are nil where the provider did not say.
func ParseTokenResponse(contentType string, status int, body []byte) (*Tokens, error) {
	k := &call{step: trace.Exchange, name: "token endpoint"}
	if len(body) > maxBody {
		return nil, k.errorf("too_large", "%s: the answer is larger than %d bytes", k.name, maxBody)
	}
	a := &answer{call: k, status: status, header: http.Header{"Content-Type": {contentType}}, body: body}
	return a.tokens(time.Now())
}

// tokens reads the answer as a token response.
func (a *answer) tokens(now time.Time) (*Tokens, error) {
	if err := a.failure(); err != nil {
		return nil, err
	}
	o, err := a.object()
	if err != nil {
		return nil, err
	}
	t, err := o.tokens(now)
	switch {
	case err != nil:
		return nil, a.errorf("malformed", "token response: %w", err)
	case t.AccessToken.IsZero():
		return nil, a.errorf("missing_access_token", "token response: no access_token")
	case t.TokenType == "":
		return nil, a.errorf("token_type", "token response: no token_type") // RFC 6749 §5.1: REQUIRED
	}
	return t, nil
}

func (o object) tokens(now time.Time) (*Tokens, error) {
	t := &Tokens{Extra: map[string]any{}}
	var kind, scope string
	for _, s := range []struct {
		name string
		to   func(string)
	}{
		{"access_token", func(v string) { t.AccessToken = trace.NewSecret("access_token", v) }},
		{"refresh_token", func(v string) { t.RefreshToken = trace.NewSecret("refresh_token", v) }},
		{"id_token", func(v string) { t.IDToken = trace.NewSecret("id_token", v) }},
		{"token_type", func(v string) { kind = v }},
		{"scope", func(v string) { scope = v }},
	} {
		v, err := o.text(s.name)
		if err != nil {
			return nil, err
		}
		s.to(v)
	}
	expiry, err := o.expiry(now)
	if err != nil {
		return nil, err
	}
	t.Expiry, t.TokenType = expiry, spellTokenType(kind)
	if fields := strings.Fields(scope); len(fields) > 0 {
		t.Scopes = fields
	}
	for name, v := range o {
		switch name {
		case "access_token", "refresh_token", "id_token", "token_type", "scope", "expires_in":
		default:
			t.Extra[name] = v
		}
	}
	return t, nil
}

// spellTokenType returns the type as its specification spells it; it is case insensitive (RFC 6749 §5.1).
func spellTokenType(kind string) string {
	for _, known := range []string{"Bearer", "DPoP"} {
		if strings.EqualFold(kind, known) {
			return known
		}
	}
	return kind
}

// expiry returns when expires_in is over, counted from now; zero where the provider does not say. PayPal and others
// write the number in quotes.
func (o object) expiry(now time.Time) (time.Time, error) {
	var digits string
	switch v := o["expires_in"].(type) {
	case nil:
		return time.Time{}, nil
	case json.Number:
		digits = v.String()
	case string:
		digits = v
	default:
		return time.Time{}, fmt.Errorf("expires_in: want a number, got %s", typeOf(v))
	}
	seconds, err := strconv.ParseFloat(digits, 64)
	if err != nil || math.IsNaN(seconds) || seconds < 0 {
		return time.Time{}, fmt.Errorf("expires_in: want seconds, got %q", clip(digits))
	}
	return now.Add(time.Duration(min(seconds, math.MaxInt32)) * time.Second), nil
}
