package cmd

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// claimNotes says what a claim is, in the order in which people look for them (OpenID Connect Core 1.0 §2 and §5.1,
// RFC 7519 §4.1, RFC 9068 §2.2; ver, uid, cid, scp and idp are Okta's).
var claimNotes = []struct{ name, note string }{
	{"sub", "who: the user's identifier at the issuer"},
	{"preferred_username", "the name the user goes by; not unique for ever"},
	{"name", ""},
	{"email", ""},
	{"email_verified", ""},
	{"groups", ""},
	{"iss", "who issued it"},
	{"aud", "who it is for"},
	{"azp", "the client it was issued to"},
	{"client_id", "the client that asked for it"},
	{"cid", "the client that asked for it"},
	{"uid", "the user's identifier"},
	{"scope", "what was granted"},
	{"scp", "what was granted"},
	{"iat", "issued"},
	{"nbf", "not valid before"},
	{"exp", "expires"},
	{"auth_time", "when the user signed in"},
	{"nonce", "ties the token to this sign-in"},
	{"at_hash", "ties the access token to this one"},
	{"c_hash", "ties the code to this one"},
	{"acr", "how strong the sign-in was"},
	{"amr", "what the user signed in with"},
	{"sid", "the session at the provider"},
	{"jti", "the token's own identifier"},
	{"alg", "signature algorithm"},
	{"kid", "the key that signed it"},
	{"typ", "what kind of token it is"},
}

// timeClaims are seconds since 1970 (RFC 7519 §2, NumericDate).
var timeClaims = map[string]bool{"iat": true, "nbf": true, "exp": true, "auth_time": true, "updated_at": true}

// verifiedNotes says in a sentence what a name in Result.Verified stands for.
var verifiedNotes = map[string]string{
	"state":     "the answer belongs to this sign-in",
	"signature": "signed by a key of the issuer",
	"iss":       "issued by the issuer that was asked",
	"aud":       "issued for this client",
	"azp":       "issued to this client",
	"exp":       "not expired",
	"iat":       "not issued in the future",
	"nbf":       "already valid",
	"nonce":     "made for this sign-in",
	"at_hash":   "the access token is the one it came with",
	"c_hash":    "the code is the one it came with",
	"auth_time": "the user signed in recently enough",
	"acr":       "as strong as was asked",
	"sub":       "the same user everywhere",
}

// claimRows returns claims as rows of a table, the well-known ones first.
func claimRows(claims map[string]any, now time.Time) []pair {
	var rows []pair
	seen := map[string]bool{}
	for _, c := range claimNotes {
		if v, ok := claims[c.name]; ok {
			rows = append(rows, claimRow(c.name, c.note, v, now))
			seen[c.name] = true
		}
	}
	var rest []string
	for name := range claims {
		if !seen[name] {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	for _, name := range rest {
		rows = append(rows, claimRow(name, "", claims[name], now))
	}
	return rows
}

func claimRow(name, note string, value any, now time.Time) pair {
	row := pair{Name: name, Value: claimText(value), Note: note}
	if seconds, ok := number(value); ok && timeClaims[name] {
		when := timeText(time.Unix(seconds, 0), now)
		row.Note = strings.TrimPrefix(note+": "+when, ": ")
	}
	return row
}

// claimText returns a string as it is and everything else as JSON, on one line where that reads well.
func claimText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // html/template escapes what needs it
	if nested(v) {
		e.SetIndent("", "  ")
	}
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v) // not JSON, so not from a token; shown all the same
	}
	return strings.TrimSpace(b.String())
}

// nested reports whether v is an object, or a list of more than plain values.
func nested(v any) bool {
	list, ok := v.([]any)
	if !ok {
		_, ok = v.(map[string]any)
		return ok
	}
	return slices.ContainsFunc(list, func(v any) bool {
		switch v.(type) {
		case map[string]any, []any:
			return true
		}
		return false
	})
}

func number(v any) (int64, bool) {
	switch n := v.(type) {
	case float64:
		return int64(n), n > -1e11 && n < 1e11 // the years -1200 to 5100; more is no time
	case int64:
		return n, true
	case json.Number:
		i, err := n.Int64()
		return i, err == nil
	}
	return 0, false
}

// timeText returns t, and how far it is from now.
func timeText(t, now time.Time) string {
	d := t.Sub(now).Round(time.Second)
	text := t.UTC().Format("2006-01-02 15:04:05 UTC")
	switch {
	case d == 0:
		return text + ", now"
	case d > 0:
		return text + ", in " + spanText(d)
	default:
		return text + ", " + spanText(-d) + " ago"
	}
}

// spanText returns d in its largest unit and the next: "59 min 3 s".
func spanText(d time.Duration) string {
	units := []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	for i, u := range units {
		if d < u.size {
			continue
		}
		text := fmt.Sprintf("%d %s", d/u.size, u.name)
		if i+1 < len(units) {
			if rest := d % u.size / units[i+1].size; rest > 0 {
				text += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return text
	}
	return "0 s"
}

// decodeJWT returns the header and the claims of a token that is a JWS in compact form (RFC 7515 §7.1), unverified;
// ok is false for any other token, such as an opaque one.
func decodeJWT(token string) (header, claims map[string]any, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, nil, false
	}
	ok = decodeSegment(parts[0], &header) && decodeSegment(parts[1], &claims)
	return header, claims, ok
}

func decodeSegment(segment string, into *map[string]any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(into) == nil
}
