package mockidp

// authnRefusal is an error of /api/v1/authn in Okta's words (developer.okta.com/docs/reference/error-codes).
type authnRefusal struct {
	status  int
	code    string
	summary string
	cause   string
}

func (r authnRefusal) because(cause string) *authnRefusal {
	r.cause = cause
	return &r
}

// The errors of the Classic engine.
var (
	missingUsername   = &authnRefusal{400, "E0000001", "Api validation failed: authRequest", "The 'username' and 'password' attributes are required in this context."}
	incompleteConsent = &authnRefusal{400, "E0000001", "Api validation failed: consent", "The consent has to be to all scopes."}
	otherFactor       = &authnRefusal{400, "E0000001", "Api validation failed: factorEnrollRequest", "There is no such factor to enroll."}
	malformedAuthn    = &authnRefusal{400, "E0000003", "The request body was not well-formed.", ""}
	authnFailed       = &authnRefusal{401, "E0000004", "Authentication failed", ""}
	recoveryRefused   = &authnRefusal{403, "E0000006", "You do not have permission to perform the requested action", ""}
	noSuchFactor      = &authnRefusal{404, "E0000007", "Not found: Resource not found (UserFactor)", ""}
	invalidStateToken = &authnRefusal{401, "E0000011", "Invalid token provided", ""}
	wrongOldPassword  = &authnRefusal{403, "E0000014", "Update of credentials failed", "oldPassword: The credentials provided were incorrect."}
	unfitPassword     = &authnRefusal{403, "E0000014", "The password does meet the complexity requirements of the current password policy.", passwordRule}
	wrongMediaType    = &authnRefusal{415, "E0000021", "Bad request.  Accept and/or Content-Type headers likely do not match supported values.", ""}
	authnLimited      = &authnRefusal{429, "E0000047", "API call exceeded rate limit due to too many requests.", ""}
	wrongPassCode     = &authnRefusal{403, "E0000068", "Invalid Passcode/Answer", "Your passcode doesn't match our records. Please try again."}
	userIsLocked      = &authnRefusal{403, "E0000069", "User Locked", ""}
	wrongState        = &authnRefusal{403, "E0000079", "This operation is not allowed in the current authentication state.", ""}
	authnDenied       = &authnRefusal{403, "E0000085", "You do not have permission to access your account at this time.", ""}
	smsSentJustNow    = &authnRefusal{429, "E0000109", "An SMS message was recently sent. Please wait 30 seconds before trying again.", ""}
	emailSentJustNow  = &authnRefusal{429, "E0000118", "An email was recently sent. Please wait 5 seconds before trying again.", ""}
)

const passwordRule = "Passwords must have at least 8 characters, no parts of your username"

func (c *call) refuseAuthn(r *authnRefusal) error {
	c.entry.Error, c.entry.Reason = r.code, r.summary
	causes := []object{}
	if r.cause != "" {
		causes = append(causes, object{"errorSummary": r.cause})
	}
	return c.json(r.status, object{
		"errorCode": r.code, "errorSummary": r.summary, "errorLink": r.code, "errorId": c.s.random.id("oae"), "errorCauses": causes,
	})
}
