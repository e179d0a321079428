package signin

import (
	"context"
	"errors"
	"testing"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/stretchr/testify/require"
)

const nextPassword = "a new horse, and a better one"

// renewing is a dialog of a user with a new password, and how often that was asked for.
func renewing() (d *Dialog, asked *int) {
	d = testDialog()
	asked = new(int)
	d.cfg.User.NewPassword = func(context.Context) (trace.Secret, error) {
		*asked++
		return trace.NewSecret("new_password", nextPassword), nil
	}
	return d, asked
}

func newPasswordPage(fields ...Field) *View {
	for i := range fields {
		fields[i].Tag, fields[i].Type = "input", "password"
	}
	return &View{URL: "https://sso.example.com/renew", Fields: fields, Actions: []string{"https://sso.example.com/renew"},
		Buttons: []Button{{Tag: "button", Type: "submit", Text: "Change password"}}}
}

func TestAnExpiredPasswordIsReplaced(t *testing.T) {
	t.Parallel()
	const n = nextPassword
	for name, test := range map[string]struct {
		page *View
		want string
	}{
		"twice the new one":           {readPage(t, "password-expired.keycloak.html"), "new-password=password-new:" + n + ", new-password=password-confirm:" + n + ", press Submit"},
		"the old one, the new one":    {readPage(t, "password-expired.adfs.html"), "password=OldPassword:hunter2, new-password=NewPassword:" + n + ", new-password=ConfirmNewPassword:" + n + ", press Submit"},
		"password, and once more":     {newPasswordPage(Field{Name: "password"}, Field{Name: "confirm_password"}), "new-password=password:" + n + ", new-password=confirm_password:" + n + ", press Change password"},
		"the old one, the new one, 2": {newPasswordPage(Field{Name: "password"}, Field{Name: "new_password"}), "password=password:hunter2, new-password=new_password:" + n + ", press Change password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, asked := renewing()
			d.hosts.listed = []string{"sso.example.com"}
			d.sent[kindPassword] = 1 // it was right, and has expired
			m, err := d.Next(t.Context(), test.page)
			require.NoError(t, err)
			require.Equal(t, test.want, moved(m))
			require.Equal(t, 1, *asked)
			for _, f := range m.Fill {
				require.Equal(t, []string{"sso.example.com", "sso.example.com"}, f.Value.Hosts())
			}
		})
	}
}

func TestAnExpiredPasswordEndsTheSignIn(t *testing.T) {
	t.Parallel()
	vault := errors.New("the vault is closed")
	for name, test := range map[string]struct {
		password func(context.Context) (trace.Secret, error)
		page     string
		want     string
	}{
		"there is no new one":         {nil, "keycloak", "--new-password-file"},
		"the page takes none":         {func(context.Context) (trace.Secret, error) { panic("asked") }, "terminal", "--new-password-file"},
		"the new one cannot be had":   {func(context.Context) (trace.Secret, error) { return trace.Secret{}, vault }, "keycloak", "the vault is closed"},
		"the new one is empty":        {func(context.Context) (trace.Secret, error) { return trace.Secret{}, nil }, "keycloak", "is empty"},
		"the new one may not be sent": {func(context.Context) (trace.Secret, error) { panic("asked") }, "foreign", "evil.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := testDialog()
			d.cfg.User.NewPassword = test.password
			page := newPasswordPage(Field{Name: "new_password"})
			page.Actions[0] = "https://evil.example/"
			if test.page != "foreign" {
				page = readPage(t, "password-expired."+test.page+".html")
			}
			_, err := d.Next(t.Context(), page)
			var coded *flow.Error
			require.ErrorAs(t, err, &coded)
			require.Contains(t, err.Error()+coded.Hint, test.want)
			if test.page != "foreign" {
				require.Equal(t, codePasswordExpired, coded.Code)
			}
			require.False(t, d.Sent())
		})
	}
}

func TestARefusedNewPasswordIsNotSentAgain(t *testing.T) {
	t.Parallel()
	d, asked := renewing()
	page := readPage(t, "password-expired.keycloak.html")
	_, err := d.Next(t.Context(), page)
	require.NoError(t, err)
	_, err = d.Next(t.Context(), page)
	var coded *flow.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, codePasswordExpired, coded.Code)
	require.ErrorContains(t, err, "refuses the new password")
	require.NotContains(t, err.Error(), nextPassword)
	require.Equal(t, 1, *asked)
}

// What a page says of a password that was changed is told as soon as it is known, and once.
func TestAChangedPasswordIsToldOnce(t *testing.T) {
	t.Parallel()
	d, _ := renewing()
	told := warnings{}
	ctx := trace.WithRecorder(t.Context(), &told)
	_, err := d.Next(ctx, readPage(t, "password-expired.keycloak.html"))
	require.NoError(t, err)
	require.Empty(t, told)
	_, err = d.Next(ctx, readPage(t, "consent.keycloak.html"))
	require.NoError(t, err)
	require.Equal(t, warnings{"the user's password had expired and was changed: the new one is needed from now on"}, told)
	d.Accepted(ctx)
	require.Len(t, told, 1)
}

type warnings []string

func (w *warnings) Record(e trace.Event) {
	if e.Kind == trace.Warning {
		*w = append(*w, e.Message)
	}
}

func TestMethodsAreChosenInTheUsersOrder(t *testing.T) {
	t.Parallel()
	const email, app = "press Select Email.", "press Select Google Authenticator."
	for name, test := range map[string]struct {
		order []ChallengeKind
		want  string
	}{
		"no order":                               {nil, app},
		"mail before all":                        {[]ChallengeKind{ChallengeCode, ChallengeTOTP}, email},
		"what is not named last":                 {[]ChallengeKind{ChallengeCode}, email},
		"what cannot be answered is passed over": {[]ChallengeKind{ChallengeQuestion, ChallengeTOTP}, app},
	} {
		d := testDialog(&fixed{kind: ChallengeTOTP, value: "123456"}, &fixed{kind: ChallengeCode, value: "654321"})
		d.cfg.Order = test.order
		m, err := d.Next(t.Context(), &View{URL: "https://sso.example.com/page", Title: "Verify it's you with a security method",
			Buttons: []Button{{Tag: "a", Text: "Select Email."}, {Tag: "a", Text: "Select Google Authenticator."}}})
		require.NoError(t, err, name)
		require.Equal(t, test.want, moved(m), name)
	}
}

func TestAPersonIsWaitedForWhereThatIsAllowed(t *testing.T) {
	t.Parallel()
	d := testDialog()
	d.cfg.AllowPush = true
	told := warnings{}
	ctx := trace.WithRecorder(t.Context(), &told)
	for range 2 {
		m, err := d.Next(ctx, readPage(t, "unanswerable.okta-push.html"))
		require.NoError(t, err)
		require.True(t, m.Wait)
	}
	require.Len(t, told, 1)
	require.Contains(t, told[0], "Push notification sent")

	_, err := d.Next(ctx, readPage(t, "unanswerable.passkey.html"))
	require.ErrorContains(t, err, "passkey")
}
