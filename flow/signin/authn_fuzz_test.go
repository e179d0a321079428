package signin

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever the Classic engine answers, one answer a line: nothing panics, no move leads to a host where credentials may
// not be typed, and a sign-in that is asked on and on ends.
func FuzzAuthn(f *testing.F) {
	for _, answers := range [][]string{
		{wrongPassword}, {required(authnGoogle), wrongCode, wrongCode}, {required(authnPasskey, authnDuo, authnSMS), challenged(authnPasskey), required(authnSMS), challenged(authnSMS)},
		{required(authnPush), challenged(authnPush, `"factorResult":"WAITING"`)}, {enrolling(true, "ACTIVE REQUIRED", "NOT_SETUP OPTIONAL")},
		{authnJSON("PASSWORD_WARN", "", skipLink), authnJSON("CONSENT_REQUIRED", ""), authnJSON("SUCCESS", "")}, {authnJSON("PASSWORD_EXPIRED", "")},
		{required(authnEyes, authnPassword, authnQuestion, authnEmail, authnCall, authnOktaTOTP)}, {authnJSON("LOCKED_OUT", "")},
		{`{"status":{},"_embedded":[],"errorCode":7,"errorCauses":{}}`}, {`[]`}, {`{"status":"MFA_CHALLENGE","_embedded":{"factor":{"factorType":"x","_embedded":{"challenge":{"correctAnswer":1e99}}}}}`},
	} {
		f.Add(strings.Join(answers, "\n"))
	}
	f.Fuzz(func(t *testing.T, answers string) {
		c := idxConfig(factor(ChallengeTOTP, "123456"), factor(ChallengeQuestion, "spinach"), factor(ChallengeCode, "654321"))
		c.AllowPush, c.User.Passkey = true, &Passkey{}
		d := NewDialog(c, idxOrg+"/authorize").Authn()
		said := strings.Split(answers, "\n")
		for i, waits := 0, 0; i <= maxMoves+waits; i++ {
			a, err := ParseAuthn([]byte(said[i%len(said)]))
			if err != nil {
				return
			}
			a.URL, a.Status = idxOrg+"/api/v1/authn", 200
			m, err := d.Next(t.Context(), a)
			if err != nil {
				require.NotContains(t, err.Error(), "hunter2")
				return
			}
			if m.Wait {
				if waits++; waits > maxMoves {
					return // a page that goes on by itself is the driver's to leave
				}
			}
			for _, fill := range m.Fill {
				require.True(t, fill.Value.IsZero() || fill.Value.Hosts()[0] == "org.example.com")
			}
		}
		t.Fatal("the dialog goes on and on")
	})
}
