package signin

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/stretchr/testify/require"
)

// fixed is a factor that answers one kind with one value.
type fixed struct {
	kind  ChallengeKind
	value string
	mu    sync.Mutex // tests share a factor
	asked []Challenge
}

func (f *fixed) Answer(_ context.Context, c Challenge) (trace.Secret, error) {
	if c.Kind != f.kind {
		return trace.Secret{}, ErrNotMine
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, c)
	return trace.NewSecret("code", f.value), nil
}

func testDialog(factors ...Factor) *Dialog {
	return NewDialog(Config{User: User{Name: "alice", Password: trace.NewSecret("password", "hunter2"), Factors: factors}}, "https://sso.example.com/authorize")
}

// moved returns what a move does, in short.
func moved(m *Move) string {
	var parts []string
	for _, f := range m.Fill {
		parts = append(parts, f.What+"="+f.Field.Name+":"+f.Value.Reveal())
	}
	if m.Press != nil {
		parts = append(parts, "press "+m.Press.says())
	}
	return strings.Join(parts, ", ")
}

func TestWhatIsDoneOnRecordedPages(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"login.keycloak":             "identifier=username:alice, password=password:hunter2, press Sign In",
		"login.adfs":                 "identifier=UserName:alice, password=Password:hunter2, press Sign in",
		"login.django":               "identifier=username:alice, password=password:hunter2, press Log in",
		"login.rails-devise":         "identifier=user[email]:alice, password=user[password]:hunter2, press Log in",
		"login.identityserver":       "identifier=Input.Username:alice, password=Input.Password:hunter2, press Login",
		"login.unmarked":             "identifier=feld1:alice, password=feld2:hunter2, press Los",
		"login.text-password":        "identifier=userid:alice, password=passwd:hunter2, press Sign on",
		"login.node-oidc-provider":   "identifier=login:alice, password=password:hunter2, press Sign-in",
		"identifier.entra":           "identifier=loginfmt:alice, press Next",
		"identifier.auth0":           "identifier=username:alice, press Continue",
		"identifier.mock":            "identifier=identifier:alice, press Next",
		"password.okta":              "password=credentials.passcode:hunter2, press Verify",
		"password.okta-classic":      "password=password:hunter2, press Sign In",
		"password.mock":              "password=password:hunter2, press Verify",
		"totp.okta":                  "code=credentials.passcode:123456, press Verify",
		"totp.okta-classic":          "code=answer:123456, press Verify",
		"totp.rails-devise":          "code=user[otp_attempt]:123456, press Verify",
		"totp.six-boxes":             "code=otp0:1, code=otp1:2, code=otp2:3, code=otp3:4, code=otp4:5, code=otp5:6, press Continue",
		"sent-code.auth0":            "code=code:654321, press Continue",
		"question.plain":             "answer=securityAnswer:Paris, press Continue",
		"consent.keycloak":           "press Yes",
		"consent.node-oidc-provider": "press Continue",
		"consent.identityserver":     "press Yes, Allow",
		"consent.django":             "press Authorize",
		"stay-signed-in.entra":       "press No",
		"stay-signed-in.okta":        "press Don't stay signed in",
		"skip.okta-expiring":         "press Remind me later",
		"choose-method.okta":         "press Select Google Authenticator.",
		"choose-method.radio":        "choice=method:, press Continue",
		"choose-method.entra":        "press Use a verification code",
		"login-code.freeipa":         "identifier=username:alice, password=password:hunter2, code=otp:123456, press Log in",
		"wait.okta":                  "",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			d := testDialog(&fixed{kind: ChallengeTOTP, value: "123456"}, &fixed{kind: ChallengeCode, value: "654321"}, &fixed{kind: ChallengeQuestion, value: "Paris"})
			m, err := d.Next(t.Context(), readPage(t, file+".html"))
			if strings.HasSuffix(file, ".entra") && err != nil { // its form is for another host, which is checked too
				require.ErrorContains(t, err, "login.example.com")
				d.hosts.listed = []string{"login.example.com"}
				m, err = d.Next(t.Context(), readPage(t, file+".html"))
			}
			require.NoError(t, err)
			require.Equal(t, want, moved(m))
			require.Equal(t, want == "", m.Wait)
		})
	}
}

func TestPagesThatEndTheSignIn(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"captcha.recaptcha":                 codeCaptcha,
		"captcha.turnstile":                 codeCaptcha,
		"locked.mock":                       codeLockedOut,
		"password-expired.keycloak":         codePasswordExpired,
		"enrolment.keycloak":                codeEnrolment,
		"unanswerable.okta-push":            codeMFAUnavailable,
		"not-assigned.entra":                codeNotAssigned,
		"denied.okta":                       codeDenied,
		"risk.google":                       codeRisk,
		"session-expired.keycloak":          codeSessionExpired,
		"user-unknown.plain":                codeUserUnknown,
		"refused.plain":                     codeInvalidCredentials,
		"rate-limited.okta":                 codeRateLimited,
		"server-error.plain":                codeServerError,
		"provider-error.okta":               "authorize.invalid_request",
		"provider-error.keycloak":           codeErrorPage,
		"provider-error.node-oidc-provider": "authorize.invalid_redirect_uri",
	} {
		d := testDialog()
		_, err := d.Next(t.Context(), readPage(t, file+".html"))
		var coded *flow.Error
		require.ErrorAs(t, err, &coded, file)
		require.Equal(t, want, coded.Code, file)
		require.False(t, d.Sent(), file)
	}
}

func TestQuestionsAreReadFromThePage(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"question.okta":  "What is the food you least liked as a child?",
		"question.plain": "In which city were you born?",
	} {
		factor := &fixed{kind: ChallengeQuestion, value: "x"}
		_, err := testDialog(factor).Next(t.Context(), readPage(t, file+".html"))
		require.NoError(t, err)
		require.Equal(t, []Challenge{{Kind: ChallengeQuestion, Text: want, Attempt: 1}}, factor.asked)
	}
}

func TestConsentIsDeniedByTheButtonForIt(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{"consent.keycloak": "press No", "consent.mock": "press Deny", "consent.dex": "press Cancel", "consent.okta": "press Don't Allow",
		"consent.django": "press Cancel", "consent.node-oidc-provider": "press [ Cancel ]", "consent.identityserver": "press No, Do Not Allow"} {
		d := testDialog()
		d.cfg.Consent = Deny
		m, err := d.Next(t.Context(), readPage(t, file+".html"))
		require.NoError(t, err, file)
		require.Equal(t, want, moved(m), file)
	}
}

func TestEachKindOfChallengeHasItsHint(t *testing.T) {
	t.Parallel()
	for file, hint := range map[string]string{"totp.mock": "--totp-file", "question.okta": "--answers-file", "sent-code.okta": "--code-command"} {
		_, err := testDialog().Next(t.Context(), readPage(t, file+".html"))
		var coded *flow.Error
		require.ErrorAs(t, err, &coded)
		require.Equal(t, codeMFAUnavailable, coded.Code)
		require.Contains(t, coded.Hint, hint)
	}
}

func TestAQuestionIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	d := testDialog(&fixed{kind: ChallengeQuestion, value: "Paris"})
	_, err := d.Next(t.Context(), readPage(t, "question.plain.html"))
	require.NoError(t, err)
	_, err = d.Next(t.Context(), readPage(t, "question.plain.html"))
	var coded *flow.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, codeInvalidCredentials, coded.Code)
	require.NotContains(t, err.Error(), "Paris")
}

func TestHosts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		url      string
		listed   []string
		insecure bool
		ok       bool
	}{
		{name: "the provider's own host", url: "https://sso.example.com/login", ok: true},
		{name: "its default port, written out", url: "https://SSO.example.com:443/login", ok: true},
		{name: "another port is another origin", url: "https://sso.example.com:8443/login"},
		{name: "another port that is listed", url: "https://sso.example.com:8443/login", listed: []string{"sso.example.com:8443"}, ok: true},
		{name: "a host that is listed, on any port", url: "https://login.example.com:8443/", listed: []string{"Login.Example.com"}, ok: true},
		{name: "a host below a listed one", url: "https://evil.login.example.com/", listed: []string{"login.example.com"}},
		{name: "a host that begins like it", url: "https://sso.example.com.evil.example/"},
		{name: "a user that looks like it", url: "https://sso.example.com@evil.example/"},
		{name: "plain http", url: "http://sso.example.com:443/login"},
		{name: "plain http that is accepted", url: "http://login.example.com/", listed: []string{"login.example.com"}, insecure: true, ok: true},
		{name: "plain http on this machine", url: "http://127.0.0.1:8080/", listed: []string{"127.0.0.1"}, ok: true},
		{name: "a script", url: "javascript:alert(1)"},
		{name: "a page of data", url: "data:text/html,x"},
		{name: "no page", url: "about:blank"},
		{name: "a file", url: "file:///etc/passwd"},
		{name: "nothing", url: ""},
	}
	for _, test := range tests {
		d := NewDialog(Config{Hosts: test.listed, InsecureHTTP: test.insecure}, "https://sso.example.com/authorize")
		err := d.Allowed(test.url)
		require.Equal(t, test.ok, err == nil, "%s: %v", test.name, err)
	}
}

func TestErrorsAreOneCleanLine(t *testing.T) {
	t.Parallel()
	d := testDialog()
	err := d.Stuck(&View{URL: "https://u:p@sso.example.com/a?state=secret#frag", Title: "T\x1b[31m\nitle\u202e", Messages: []string{strings.Repeat("hunter2 no\r\n", 1000)}})
	text := err.Error()
	require.NotContains(t, text, "hunter2")
	for _, bad := range []string{"\x1b", "\n", "\r", "\u202e", "secret", "frag", "u:p"} {
		require.NotContains(t, text, bad)
	}
	require.Less(t, len(text), 1000)
	require.Contains(t, text, "https://sso.example.com/a?…")
}

func TestTimeoutNamesThePage(t *testing.T) {
	t.Parallel()
	d := testDialog()
	require.ErrorIs(t, d.Timeout(nil), context.DeadlineExceeded)
	require.ErrorContains(t, d.Timeout(readPage(t, "wait.okta.html")), "Example - Signing in")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.Next(ctx, readPage(t, "login.dex.html"))
	require.ErrorIs(t, err, context.Canceled)
}

func TestAFactorsErrorIsKept(t *testing.T) {
	t.Parallel()
	broken := factorFunc(func() (trace.Secret, error) { return trace.Secret{}, errors.New("the vault is closed") })
	_, err := testDialog(broken).Next(t.Context(), readPage(t, "totp.mock.html"))
	require.ErrorContains(t, err, "the vault is closed")
	empty := factorFunc(func() (trace.Secret, error) { return trace.Secret{}, nil })
	_, err = testDialog(empty).Next(t.Context(), readPage(t, "totp.mock.html"))
	require.ErrorContains(t, err, "empty")
}

type factorFunc func() (trace.Secret, error)

func (f factorFunc) Answer(context.Context, Challenge) (trace.Secret, error) { return f() }

// FuzzForms feeds anything as a page to everything that looks at pages: nothing may panic, hang, or hand a credential to
// a page elsewhere.
func FuzzForms(f *testing.F) {
	for _, file := range recordedPages(f) {
		f.Add(readFile(f, file))
	}
	at, err := url.Parse("https://sso.example.com/page?x=y")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > maxPage {
			return
		}
		d, err := parseHTML(bytes.NewReader(content), at, 200)
		if err != nil {
			return
		}
		if next, err := d.forward("", func(string) bool { return false }); err == nil && next != nil {
			_ = next.header()
		}
		dialog := testDialog(&fixed{kind: ChallengeTOTP, value: "123456"})
		for range 3 {
			m, err := dialog.Next(t.Context(), d.view)
			if err != nil {
				require.NotContains(t, err.Error(), "\n")
				require.NotContains(t, err.Error(), "hunter2")
				break
			}
			next, err := d.follow(m)
			if err != nil || m.Wait {
				break
			}
			if strings.Contains(next.body, "hunter2") {
				require.Equal(t, "sso.example.com", next.url.Host)
			}
			require.NotContains(t, next.url.RawQuery, "hunter2")
		}
	})
}
