package flow

import (
	"errors"
	"net/http"
)

// requestIDs are the headers in which providers say how their logs name a request, those of one provider first.
var requestIDs = []string{
	"X-Okta-Request-Id",
	"X-Ms-Request-Id",   // Microsoft Entra
	"X-Auth0-Requestid", // Auth0
	"X-Amzn-Requestid",  // Amazon Cognito
	"X-Request-Id",      // many a proxy, and what stands behind it
	"X-Correlation-Id",  // PingFederate, IdentityServer
	"Request-Id",        // .NET
	"X-Amzn-Trace-Id",   // Amazon's load balancers
	"X-Cloud-Trace-Context",
}

// RequestID returns by which name the provider's logs know the request that was answered with h, fit for a message; ""
// where it does not say. Who asks the provider for help is asked for it.
func RequestID(h http.Header) string {
	for _, name := range requestIDs {
		if id := h.Get(name); id != "" {
			return clip(id)
		}
	}
	return ""
}

// named returns err, which is about a, with the name of a's request.
func (a *answer) named(err error) error {
	var e *Error
	if errors.As(err, &e) && e.RequestID == "" {
		e.RequestID = a.clean(RequestID(a.header))
	}
	return err
}

// errorf returns an error of a's step about a. code is what follows the step's name in its code.
func (a *answer) errorf(code, format string, args ...any) *Error {
	e := a.call.errorf(code, format, args...)
	e.RequestID = a.clean(RequestID(a.header))
	return e
}
