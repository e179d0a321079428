package flow

import (
	"fmt"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Error is what every method of a [Client] and every driver returns: the step it happened in, a code that does not
// change from one release to the next, and what the reader can do.
type Error struct {
	Step trace.Step
	Code string // "signin.invalid_credentials"; the part before the dot is the step, or usage, config, env
	Err  error
	Hint string // one sentence, or ""

	RequestID string // by which the provider's logs know the request; "" where no answer said it
}

// Error returns the step, the cause and the request: `callback: state: want "a", got "b" (request x)`.
func (e *Error) Error() string {
	text := e.Code
	if e.Err != nil {
		text = e.Err.Error()
	}
	if e.Err != nil && e.Step != "" {
		text = string(e.Step) + ": " + text
	}
	if e.RequestID != "" {
		text += " (request " + e.RequestID + ")"
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrorCode returns the code; package trace records it with the end of the step.
func (e *Error) ErrorCode() string { return e.Code }

// ProviderError is an error in the provider's own words: an error response of RFC 6749 §4.1.2.1 or §5.2, or Okta's
// envelope of errorCode and errorSummary.
type ProviderError struct {
	Code        string
	Description string
	URI         string
	Status      int // of the HTTP response; 0 when it came to the redirect URI
}

// Error returns the code and the description.
func (e *ProviderError) Error() string {
	s := fmt.Sprintf("the provider says %q", e.Code)
	if e.Description != "" {
		s += ": " + e.Description
	}
	return s
}
