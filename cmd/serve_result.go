package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
)

// showResult shows the tokens and what is in them.
func (app *webApp) showResult(w http.ResponseWriter, r *http.Request, result *flow.Result) error {
	if wantsJSON(r) {
		return sendJSON(w, http.StatusOK, (&answer{Result: result, now: app.now()}).json())
	}
	now := app.now()
	shown := resultPage{
		page: app.page("Signed in"), Who: who(result), Valid: validFor(result, now),
		Claims: claimRows(result.IDTokenClaims, now),
	}
	for _, name := range result.Verified {
		shown.Verified = append(shown.Verified, pair{Name: name, Note: verifiedNotes[name]})
	}
	t := result.Tokens
	for _, token := range []struct{ name, note, value string }{
		{"ID token", "tells this client who signed in", t.IDToken.Reveal()},
		{"Access token", "opens APIs", t.AccessToken.Reveal()},
		{"Refresh token", "gets new tokens without a sign-in", t.RefreshToken.Reveal()},
	} {
		if token.value != "" {
			shown.Tokens = append(shown.Tokens, viewToken(token.name, token.note, token.value, now))
		}
	}
	if !t.IDToken.IsZero() {
		shown.Tokens[0].Claims = nil // they have a table of their own, verified
	}
	shown.Settings = []pair{
		{Name: "Issuer", Value: result.Issuer, Code: true},
		{Name: "Client ID", Value: result.ClientID, Code: true},
		{Name: "Token type", Value: t.TokenType, Code: true},
		{Name: "Scope", Value: strings.Join(t.Scopes, " "), Code: true},
	}
	if !t.Expiry.IsZero() {
		shown.Settings = append(shown.Settings, pair{Name: "Expires", Value: timeText(t.Expiry, now)})
	}
	return writePage(w, http.StatusOK, "result", shown)
}

func viewToken(name, note, value string, now time.Time) tokenView {
	view := tokenView{Name: name, Note: note, Value: value}
	if header, claims, ok := decodeJWT(value); ok {
		view.Header, view.Claims = claimRows(header, now), claimRows(claims, now)
	}
	return view
}

// who returns the name by which a person will know themselves.
func who(r *flow.Result) string {
	for _, claim := range []string{"name", "preferred_username", "email", "sub"} {
		if s, ok := r.IDTokenClaims[claim].(string); ok && s != "" {
			return s
		}
	}
	return "The provider gave an access token"
}

// validFor says how long the access token is valid.
func validFor(r *flow.Result, now time.Time) string {
	if r.Tokens.Expiry.IsZero() {
		return "The provider did not say how long the access token is valid."
	}
	return "The access token is valid for " + spanText(r.Tokens.Expiry.Sub(now).Round(time.Second)) + "."
}

// webError is a request that the web app itself refuses, with a status of its own.
type webError struct {
	status int
	err    *flow.Error
}

func (e *webError) Error() string { return e.err.Error() }
func (e *webError) Unwrap() error { return e.err }

func refused(status int, code, hint, format string, args ...any) error {
	return &webError{status, &flow.Error{Code: code, Err: fmt.Errorf(format, args...), Hint: hint}}
}

// fail answers with what went wrong, where, and what to do. The address of the request, and so the code in it, is in
// neither page nor log.
func (app *webApp) fail(w http.ResponseWriter, r *http.Request, err error) {
	code := report.ErrorCode(err)
	status := statusOf(code)
	var own *webError
	if errors.As(err, &own) {
		status = own.status
	}
	failed := &flow.Error{Err: err}
	errors.As(err, &failed)
	if wantsJSON(r) {
		err = sendJSON(w, status, json.RawMessage(app.redactor.Bytes(report.ErrorLine(err, ""))))
	} else {
		err = writePage(w, status, "error", errorPage{
			page: app.page(failureTitle(code)), Code: code, Retry: own == nil,
			Message: app.redactor.String(report.Plain(failed.Err.Error())), Hint: app.redactor.String(report.Plain(failed.Hint)),
			Status: fmt.Sprintf("%d %s", status, http.StatusText(status)),
		})
	}
	if err != nil {
		http.Error(w, "this page could not be made: "+err.Error(), http.StatusInternalServerError)
	}
}

// failureStatuses are the HTTP statuses of codes, by what they begin or end with; the first that fits counts.
var failureStatuses = []struct {
	prefix, suffix string
	status         int
}{
	{"", ".timeout", http.StatusGatewayTimeout},
	{"", ".rate_limited", http.StatusServiceUnavailable},
	{"authorize.temporarily_unavailable", "", http.StatusServiceUnavailable},
	{"authorize.access_denied", "", http.StatusForbidden},
	{"callback.other_browser", "", http.StatusForbidden},
	{"callback.replayed", "", http.StatusGone},
	{"callback.too_large", "", http.StatusRequestEntityTooLarge},
	{"callback.", "", http.StatusBadRequest},
	{"usage.", "", http.StatusInternalServerError}, // this program was called wrongly, not this page
	{"config.", "", http.StatusInternalServerError},
	{"env.error", "", http.StatusInternalServerError}, // nobody knows what it was
	{"", "", http.StatusBadGateway},                   // the provider refused or misbehaved, or cannot be reached
}

func statusOf(code string) int {
	for _, f := range failureStatuses {
		if strings.HasPrefix(code, f.prefix) && strings.HasSuffix(code, f.suffix) {
			return f.status
		}
	}
	panic("failureStatuses ends with a row that fits every code")
}

// failureTitles say in plain words what a code means, by what the code begins with; the first that fits counts.
var failureTitles = []struct{ prefix, title string }{
	{"callback.replayed", "This answer was used already"},
	{"callback.other_browser", "This sign-in belongs to another browser"},
	{"callback.state", "No sign-in waits for this answer"},
	{"callback.", "The provider's answer makes no sense"},
	{"authorize.access_denied", "The provider refused access"},
	{"authorize.", "The provider refused the request"},
	{"discover.", "The provider's description cannot be used"},
	{"exchange.", "The code was not exchanged"},
	{"verify.", "The tokens did not pass verification"},
	{"env.", "The provider cannot be reached"},
	{"usage.not_found", "There is nothing here"},
	{"usage.host", "This address is not known here"},
	{"usage.background", "Please start the sign-in yourself"},
	{"usage.method", "This page cannot be used that way"},
	{"usage.", "oidcflow was started with wrong settings"},
	{"config.", "oidcflow was started with wrong settings"},
	{"", "Something went wrong"},
}

func failureTitle(code string) string {
	for _, f := range failureTitles {
		if strings.HasPrefix(code, f.prefix) {
			return f.title
		}
	}
	panic("failureTitles ends with a row that fits every code")
}
