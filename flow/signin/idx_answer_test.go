package signin

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/stretchr/testify/require"
)

func TestParseIDXReadsWhatAnAnswerSays(t *testing.T) {
	t.Parallel()
	got, err := ParseIDX([]byte(idxJSON(allMethods+errorMessage("k", "No.")+`"user":{"value":{"identifier":"alice@corp"}},"captcha":{"value":{"type":"RECAPTCHA_V2"}},
		"currentAuthenticatorEnrollment":{"value":{"key":"okta_email","id":"eae1","displayName":"Email","profile":{"email":"a***e@corp"},"methods":[{"type":"email"}]}},`,
		`{"name":"challenge-authenticator","href":"/a","method":"post","accepts":"application/json","refresh":4000,"value":[
			{"name":"credentials","required":"true","form":{"value":[{"name":"passcode","label":"Code","hint":"h","value":7,"mutable":false,
				"messages":{"value":[{"message":"Try again.","i18n":{"key":"bad"}}]}}]}}]}`,
		choice(option(2), option(3, "push", "totp")))))
	require.NoError(t, err)
	require.Equal(t, "02.id.h", got.StateHandle)
	require.Equal(t, "alice@corp", got.User)
	require.Equal(t, "RECAPTCHA_V2", got.Captcha)
	require.Equal(t, IDXAuthenticator{Key: "okta_email", ID: "eae1", Name: "Email", Sent: "a***e@corp", Methods: []string{"email"}}, got.Current)
	require.Equal(t, []IDXMessage{{Key: "k", Text: "No.", Class: "ERROR"}}, got.Messages)
	require.Len(t, got.Enrolments, 7)
	require.Equal(t, "okta_password", got.Enrolments[6].Key, "by its type, where there is no key")

	r := got.Remediations[0]
	require.Equal(t, 4*time.Second, r.Refresh)
	require.Equal(t, http.MethodPost, r.Method)
	require.True(t, r.Fields[0].Required, "some answers have booleans as strings")
	passcode := r.field("credentials", "passcode")
	require.True(t, passcode.Fixed)
	require.Equal(t, []IDXMessage{{Key: "bad", Text: "Try again."}}, passcode.Messages)
	require.Nil(t, r.field("credentials", "totp"))
	options := got.Remediations[1].field("authenticator").Options
	require.Equal(t, "google_otp", options[0].Key)
	require.Equal(t, []string{"push", "totp"}, offers(options[1].Fields))
	require.Equal(t, []string{"No. [k]", "Try again. [bad]"}, got.view().Messages)
}

func TestAnOptionWithoutAReferenceIsKnownByItsID(t *testing.T) {
	t.Parallel()
	for name, ref := range map[string]string{"none": ``, "a list": `,"relatesTo":["$.authenticators.value[0]"]`, "out of range": `,"relatesTo":"$.authenticators.value[9]"`,
		"no such place": `,"relatesTo":"$.nowhere.value[0]"`} {
		got, err := ParseIDX([]byte(idxJSON(`"authenticators":{"value":[{"key":"google_otp","id":"aut9"}]},`,
			choice(`{"value":{"form":{"value":[{"name":"id","value":"aut9"}]}}`+ref+`}`))))
		require.NoError(t, err, name)
		require.Equal(t, "google_otp", got.Remediations[0].Fields[0].Options[0].Key, name)
	}
}

func TestParseIDXReadsTheOtherShapesOfErrors(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]IDXMessage{
		`{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests."}`: {"E0000047", "API call exceeded rate limit due to too many requests.", "ERROR"},
		`{"error":"access_denied","error_description":"Not enabled."}`:                                     {"access_denied", "Not enabled.", "ERROR"},
		`{"error":"Forbidden","message":"Access denied by network policy"}`:                                {"Forbidden", "Access denied by network policy", "ERROR"},
	} {
		got, err := ParseIDX([]byte(body))
		require.NoError(t, err)
		require.Equal(t, []IDXMessage{want}, got.Messages)
	}
}

func TestParseIDXRefusesWhatIsNoAnswer(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing": "", "a page": "<html>", "a list": "[]", "a string": `"x"`, "null": "null", "half of it": `{"a":`, "two": `{}{}`, "rubbish behind": `{} x`,
		"deeper than anything": strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000), "too much": `{"a":"` + strings.Repeat("x", maxPage) + `"}`,
	} {
		_, err := ParseIDX([]byte(body))
		require.Error(t, err, name)
		require.Less(t, len(err.Error()), 100, name)
	}
}

func TestParseIDXBoundsWhatItReads(t *testing.T) {
	t.Parallel()
	many := strings.TrimSuffix(strings.Repeat(`{"name":"x"},`, 10_000), ",")
	deep := strings.Repeat(`{"name":"f","form":{"value":[`, 100) + strings.Repeat(`]}}`, 100)
	got, err := ParseIDX([]byte(`{"remediation":{"value":[{"value":[` + many + `]},{"value":[` + deep + `]},` + many + `]}}`))
	require.NoError(t, err)
	require.Len(t, got.Remediations, maxIDXList)
	require.Len(t, got.Remediations[0].Fields, maxIDXList)
	depth := 0
	for fields := got.Remediations[1].Fields; len(fields) > 0; fields = fields[0].Fields {
		depth++
	}
	require.Equal(t, maxIDXDepth+1, depth)
}

func TestParseIDXTakesOtherShapesForNothing(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"remediation":7,"messages":"x","currentAuthenticator":[],"authenticatorEnrollments":{"value":{}},"success":"x","user":null,"stateHandle":{}}`,
		`{"remediation":{"value":[null,7,"x",[],{"name":7,"href":[],"value":{},"refresh":"soon"}]},"messages":{"value":[null,{"i18n":7}]}}`,
		`{"remediation":{"value":[{"name":"identify","value":[null,{"form":7,"options":"x"},{"options":[null,{"value":null,"relatesTo":7}]}]}]}}`,
	} {
		a, err := ParseIDX([]byte(body))
		require.NoError(t, err)
		_, err = idxDialog().Next(t.Context(), a)
		require.Error(t, err)
	}
}

// FuzzIDX holds that no answer of a provider makes the engine panic or send anything but to the provider, and that it
// ends with the errors that are promised.
func FuzzIDX(f *testing.F) {
	for _, seed := range []string{
		idxJSON("", idxStepJSON("identify", "identify", idField, passcodeField)),
		idxJSON(allMethods, choice(option(1, "email"), option(3, "push", "totp"), option(2))),
		idxJSON(current("google_otp"), idxChallenge(refusedField("authfactor.challenge.soft_token.used_passcode"))),
		idxJSON(current("phone_number", "sms"), idxStepJSON("authenticator-verification-data", "challenge", `{"name":"authenticator","form":{"value":[{"name":"methodType","options":[{"value":"sms"}]}]}}`)),
		idxJSON("", idxStepJSON("granular-consent", "consent", `{"name":"consent"}`, `{"name":"optedScopes","form":{"value":[{"name":"a.b","value":true}]}}`)),
		idxJSON(allMethods, choice(`{"value":{"form":{"value":[{"name":""}]}},"relatesTo":"$.authenticatorEnrollments.value[1]"}`)),
		`{"success":{"href":"//evil.example/"}}`, `{"errorCode":"E0000009","errorSummary":"x"}`,
	} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		d := idxDialog(factor(ChallengeTOTP, "123456"), factor(ChallengeQuestion, "Paris"), factor(ChallengeCode, "654321"))
		for _, body := range []string{one, two} {
			a, err := ParseIDX([]byte(body))
			if err != nil {
				return
			}
			a.URL = idxOrg + "/idp/idx/introspect"
			m, err := d.Next(t.Context(), a)
			var coded *flow.Error
			if err != nil {
				require.True(t, errors.As(err, &coded))
				require.NotContains(t, err.Error(), "hunter2")
				require.Less(t, len(err.Error()), 4000)
				return
			}
			to, err := url.Parse(m.URL)
			require.NoError(t, err)
			require.Equal(t, "https://org.example.com", to.Scheme+"://"+strings.ToLower(strings.TrimSuffix(to.Host, ":443")))
			_, err = m.Body.Reveal()
			require.NoError(t, err)
			_, err = m.request(to)
			require.NoError(t, err)
		}
	})
}
