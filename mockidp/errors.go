package mockidp

import (
	"errors"
	"fmt"
)

// problem is an answer that refuses. Reason is Okta's internalErrorCode, which names the row; Status and Code are what
// goes over the wire, and the description is in words of our own.
type problem struct {
	Status      int
	Code        string
	Reason      string
	Description string
	Envelope    bool // in Okta's API shape (errorCode, errorSummary) instead of RFC 6749's
}

func (p *problem) Error() string { return p.Reason + ": " + p.Description }

// with is p with a description that says more.
func (p *problem) with(format string, args ...any) *problem {
	q := *p
	q.Description = fmt.Sprintf(format, args...)
	return &q
}

// problemOf is what err says to a client: itself, or that the server failed.
func problemOf(err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	return serverError.with("%v", err)
}

// Of every endpoint.
var (
	serverError         = &problem{500, "server_error", "server_error", "The server met a condition it did not expect.", false}
	methodNotAllowed    = &problem{405, "invalid_request", "method_not_allowed", "The endpoint does not take this method.", false}
	malformedRequest    = &problem{400, "invalid_request", "malformed_request", "The parameters could not be read.", false}
	bodyTooLarge        = &problem{413, "invalid_request", "body_too_large", "The body is larger than 1 MiB.", false}
	wrongContentType    = &problem{400, "invalid_request", "invalid_content_type", "The body has to be application/x-www-form-urlencoded.", false}
	duplicateParameters = &problem{400, "invalid_request", "duplicate_oauth_params", "A parameter was sent more than once.", false}
	notFound            = &problem{404, "E0000007", "not_found", "Not found: there is nothing at this path.", true}
)

// Of the authorization endpoint.
var (
	unknownClientPage     = &problem{400, "invalid_request", "invalid_client_id", "The 'client_id' parameter is not that of a registered client.", false}
	redirectURIPage       = &problem{400, "invalid_request", "illegal_redirect_uri", "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings.", false}
	loginRequired         = &problem{302, "login_required", "login_required", "Nobody is signed in, and the client asked not to prompt.", false}
	reauthRequired        = &problem{302, "login_required", "app_sign_on_required", "The sign-in is too old or too weak, and the client asked not to prompt.", false}
	hintMismatch          = &problem{302, "login_required", "id_token_hint_mismatch", "The user who is signed in is not the one of 'id_token_hint'.", false}
	requestExpired        = &problem{400, "login_required", "request_expired", "The sign-in took too long. Please start over.", false}
	consentRequired       = &problem{302, "consent_required", "consent_required", "The user has to consent to the scopes.", false}
	accessDenied          = &problem{302, "access_denied", "access_denied", "The resource owner or authorization server denied the request.", false}
	userCanceled          = &problem{302, "access_denied", "user_canceled", "The user canceled the sign-in.", false}
	userLocked            = &problem{302, "access_denied", "user_locked", "The user's account is locked.", false}
	openIDScopeRequired   = &problem{302, "access_denied", "openid_scope_required_access_token", "Scopes of OpenID Connect need the scope 'openid' beside them.", false}
	noMatchingScope       = &problem{302, "invalid_scope", "no_matching_scope", "One or more scopes are not configured for the authorization server.", false}
	missingScopes         = &problem{302, "invalid_scope", "missing_scopes", "No scopes were requested.", false}
	invalidState          = &problem{302, "invalid_request", "invalid_state", "The 'state' parameter is missing or not valid.", false}
	invalidPrompt         = &problem{302, "invalid_request", "invalid_prompt", "Invalid value for 'prompt'. Supported: none, login, consent, login consent.", false}
	invalidMaxAge         = &problem{302, "invalid_request", "invalid_max_age", "Invalid value for 'max_age': it is a number of seconds from 0 to 2147483647.", false}
	promptForZeroMaxAge   = &problem{302, "invalid_request", "invalid_prompt_for_zero_max_age", "'prompt' cannot be 'none' with a 'max_age' of zero.", false}
	invalidClaims         = &problem{302, "invalid_request", "invalid_claims", "The 'claims' parameter is not a claims request.", false}
	invalidHint           = &problem{302, "invalid_request", "invalid_id_token_hint", "The 'id_token_hint' is not an ID token of this server.", false}
	missingChallenge      = &problem{302, "invalid_request", "pkce_missing_challenge", "PKCE code challenge is required by the application.", false}
	invalidChallenge      = &problem{302, "invalid_request", "pkce_invalid_challenge", "The PKCE code challenge is not 43 base64url characters.", false}
	challengeMethod       = &problem{302, "invalid_request", "pkce_unsupported_code_challenge_method", "The PKCE code challenge method is not supported. Valid: S256.", false}
	unsupportedType       = &problem{302, "unsupported_response_type", "unsupported_response_type", "The response type is not supported. Configured: code.", false}
	missingType           = &problem{302, "invalid_request", "missing_response_type", "The 'response_type' parameter is missing.", false}
	unsupportedMode       = &problem{302, "unsupported_response_mode", "unsupported_response_mode", "The response mode is not supported. Valid: query, fragment, form_post.", false}
	unmetRequirements     = &problem{302, "unmet_authentication_requirements", "unmet_authentication_requirements", "The sign-in cannot be as strong as 'acr_values' asks.", false}
	requestNotSupported   = &problem{302, "request_not_supported", "request_not_supported", "The 'request' parameter is not supported.", false}
	requestURIUnsupported = &problem{302, "request_uri_not_supported", "request_uri_not_supported", "The 'request_uri' parameter is supported for pushed requests only.", false}
	invalidRequestURI     = &problem{302, "invalid_request_uri", "invalid_request_uri", "The 'request_uri' is unknown, expired, used or another client's.", false}
	parRequired           = &problem{302, "invalid_request", "pushed_authorization_request_required", "The client has to push its authorization requests.", false}
	pushedRequestURI      = &problem{400, "invalid_request", "pushed_authorization_request_uri_present", "The 'request_uri' parameter must not be in a pushed request.", false}
)

// Of client authentication.
var (
	unknownClient       = &problem{401, "invalid_client", "invalid_client_id", "Invalid value for 'client_id' parameter.", true}
	missingCredentials  = &problem{401, "invalid_client", "missing_client_credentials", "No client credentials found.", false}
	wrongSecret         = &problem{401, "invalid_client", "invalid_client_secret", "The client secret is not right.", false}
	wrongAuthMethod     = &problem{401, "invalid_client", "invalid_token_endpoint_auth_method", "The client has to authenticate in another way.", false}
	badBasicCredentials = &problem{401, "invalid_client", "invalid_basic_auth_creds", "The Authorization header does not hold client credentials.", false}
	manyCredentials     = &problem{401, "invalid_request", "multiple_client_credentials", "Client credentials came in more than one way.", false}
	credentialsInQuery  = &problem{400, "invalid_request", "client_credentials_in_query", "Client credentials cannot be in the query.", false}
	differentClient     = &problem{400, "invalid_request", "mismatched_client_id", "The 'client_id' is not that of the credentials.", false}
	assertionType       = &problem{400, "invalid_request", "invalid_client_assertion_type", "The 'client_assertion_type' is not urn:ietf:params:oauth:client-assertion-type:jwt-bearer.", false}
	assertionSignature  = &problem{401, "invalid_client", "client_assertion_invalid_signature", "The signature of the client_assertion is not right.", false}
	assertionClaims     = &problem{401, "invalid_client", "client_assertion_invalid_claims", "The client_assertion needs iss and sub that are the client_id, exp and jti.", false}
	assertionAudience   = &problem{401, "invalid_client", "client_assertion_invalid_audience", "The audience of the client_assertion is not the endpoint that was called.", false}
	assertionExpired    = &problem{401, "invalid_client", "client_assertion_expired_token", "The client_assertion is expired.", false}
	assertionTooFar     = &problem{401, "invalid_client", "client_assertion_expires_too_far_in_future", "The client_assertion expires more than an hour ahead.", false}
	assertionUsed       = &problem{401, "invalid_client", "client_assertion_already_used", "The client_assertion was used before.", false}
	privateKeyRequired  = &problem{401, "invalid_client", "unsupported_auth_method_client_creds", "Client credentials at the org server need private_key_jwt.", false}
)

// Of the token endpoint, and of the others that clients call.
var (
	missingGrantType     = &problem{400, "invalid_request", "token_request_missing_grant_type", "The 'grant_type' is missing. Valid: authorization_code, refresh_token, client_credentials.", false}
	unsupportedGrantType = &problem{400, "unsupported_grant_type", "unsupported_grant_type", "The grant type is not supported. Configured: authorization_code, refresh_token, client_credentials.", false}
	unauthorizedClient   = &problem{400, "unauthorized_client", "unauthorized_client", "The client may not use this grant type.", false}
	invalidCode          = &problem{400, "invalid_grant", "invalid_authorization_code", "The authorization code is invalid or has expired.", false}
	codeReused           = &problem{400, "invalid_grant", "authorization_code_reused", "The authorization code was used before. Its tokens are revoked.", false}
	mismatchedClient     = &problem{400, "invalid_grant", "mismatched_client", "The grant was issued to another client.", false}
	mismatchedRedirect   = &problem{400, "invalid_grant", "mismatched_redirect_uri", "The 'redirect_uri' is not that of the authorization request.", false}
	mismatchedServer     = &problem{400, "invalid_request", "mismatched_authorization_server", "The grant was issued by another authorization server.", false}
	verificationFailed   = &problem{400, "invalid_grant", "pkce_verification_failed", "PKCE verification failed.", false}
	missingVerifier      = &problem{400, "invalid_request", "pkce_missing_verifier", "PKCE code verifier is required by the application.", false}
	verifierUnasked      = &problem{400, "invalid_request", "pkce_missing_challenge_verifier_present", "There is a code verifier, but no challenge was in the authorization request.", false}
	invalidRefreshToken  = &problem{400, "invalid_grant", "invalid_refresh_token", "The refresh token is invalid or expired.", false}
	refreshScopesDenied  = &problem{400, "invalid_scope", "refresh_scopes_denied", "A scope was not granted in the authorization request.", false}
	openIDNotAllowed     = &problem{400, "invalid_scope", "openid_not_allowed_client_creds", "Cannot request 'openid' scopes using client credentials.", false}
	missingToken         = &problem{400, "invalid_request", "missing_token", "The 'token' parameter is required.", false}
	invalidToken         = &problem{401, "invalid_token", "invalid_token", "The access token is invalid", false}
	tokenInQuery         = &problem{400, "invalid_request", "access_token_in_query", "The access token cannot be in the query.", false}
	insufficientScope    = &problem{403, "insufficient_scope", "insufficient_scope", "The access token lacks the scope openid", false}
	rateLimited          = &problem{429, "E0000047", "rate_limited", "API call exceeded rate limit due to too many requests.", true}
	unavailable          = &problem{503, "temporarily_unavailable", "temporarily_unavailable", "The server is busy. Please try again.", false}
)

// Of DPoP (RFC 9449).
var (
	useDPoPNonce  = &problem{400, "use_dpop_nonce", "use_dpop_nonce", "Authorization server requires nonce in DPoP proof.", false}
	invalidProof  = &problem{400, "invalid_dpop_proof", "invalid_dpop_proof", "The DPoP proof is not valid.", false}
	dpopRequired  = &problem{400, "invalid_dpop_proof", "missing_dpop_proof", "The client has to send a DPoP proof.", false}
	dpopScheme    = &problem{401, "invalid_token", "dpop_scheme_required", "A token that is bound to a key needs the DPoP scheme and a proof.", false}
	dpopKeyChange = &problem{400, "invalid_dpop_proof", "dpop_key_mismatch", "The DPoP proof is signed by another key than the one of the grant.", false}
)
