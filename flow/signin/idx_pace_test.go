package signin

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPaceKeepsBothLimits(t *testing.T) {
	t.Parallel()
	p := &Pace{}
	start := time.Unix(1_700_000_000, 0)
	var one, two, three paced
	for i := range perSignIn {
		require.Zero(t, p.take(start, &one, "alice"), "request %d", i)
		require.Zero(t, p.take(start, &two, "alice"))
	}
	require.Equal(t, paceWindow, p.take(start, &one, "alice"), "the eleventh of one sign-in")
	require.Equal(t, paceWindow, p.take(start, &three, "alice"), "the next of the user")
	require.Zero(t, p.take(start, &three, "bob"), "another user")
	require.Zero(t, p.take(start.Add(paceWindow), &two, "alice"), "the window is over")
}

func TestPaceNeverSendsMoreInAnyWindow(t *testing.T) {
	t.Parallel()
	p := &Pace{PerSignIn: 3, PerUser: 4}
	now := time.Unix(1_700_000_000, 0)
	var signIn paced
	var sent []time.Time
	for i := range 50 {
		now = now.Add(time.Duration(i%7) * 300 * time.Millisecond)
		sent = append(sent, now.Add(p.take(now, &signIn, "alice")))
		if i >= 3 {
			require.GreaterOrEqual(t, sent[i].Sub(sent[i-3]), paceWindow)
		}
	}
}

func TestPaceWithoutLimitsHoldsNothingBackAndForgets(t *testing.T) {
	t.Parallel()
	p := &Pace{PerSignIn: -1, PerUser: -1}
	now := time.Unix(1_700_000_000, 0)
	var signIn paced
	for range 3 * maxPaced {
		require.Zero(t, p.take(now, &signIn, "alice"))
	}
	require.Len(t, signIn, maxPaced)
	p.take(now.Add(time.Minute), &signIn, "bob")
	require.Len(t, p.users, 1, "a user whose window is over is forgotten")
}

func TestOnlyMediaTypesAreAskedFor(t *testing.T) {
	t.Parallel()
	for accepts, want := range map[string]string{"application/ion+json;okta-version=1": "application/ion+json;okta-version=1", "json": idxAccept, "": idxAccept, "a/b\r\nX: y": idxAccept} {
		q, err := (&IDXMove{Remediation: "skip", URL: idxOrg, Accepts: accepts}).request(nil)
		require.NoError(t, err)
		require.Equal(t, want, q.accept)
	}
}

func TestHowLongOktaWantsUsToWait(t *testing.T) {
	t.Parallel()
	date := time.Unix(1_700_000_000, 0).UTC().Format(http.TimeFormat)
	limited := `{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests."}`
	tests := []struct {
		name       string
		status     int
		header     http.Header
		body       string
		credential bool
		want       time.Duration
	}{
		{"the reset counts against the answer's own date", 429, http.Header{"X-Rate-Limit-Reset": {"1700000007"}, "Date": {date}}, limited, false, 7 * time.Second},
		{"a reset that is over", 429, http.Header{"X-Rate-Limit-Reset": {"1699999999"}, "Date": {date}}, limited, false, time.Second},
		{"a reset that nobody believes", 429, http.Header{"X-Rate-Limit-Reset": {"9223372036854775807"}, "Date": {date}}, limited, false, 24 * time.Hour},
		{"a number of seconds", 429, http.Header{"Retry-After": {"3"}}, limited, false, 3 * time.Second},
		{"a credential that was turned away unread", 429, http.Header{"Retry-After": {"3"}}, limited, true, 3 * time.Second},
		{"a credential that may have been looked at", 429, http.Header{"Retry-After": {"3"}}, `{` + errorMessage("tooManyRequests", "x") + `"v":1}`, true, 0},
		{"the same without a credential", 429, http.Header{"Retry-After": {"3"}}, `{` + errorMessage("tooManyRequests", "x") + `"v":1}`, false, 3 * time.Second},
		{"an authenticator's own limit", 429, http.Header{"Retry-After": {"3"}}, idxJSON("", idxStepJSON("skip", "skip")), false, 0},
		{"no time is said", 429, http.Header{"Date": {date}}, limited, false, 0},
		{"no date to count from", 429, http.Header{"X-Rate-Limit-Reset": {"1700000007"}}, limited, false, 0},
		{"not JSON", 429, http.Header{"Retry-After": {"3"}}, "slow down", false, 3 * time.Second},
		{"not turned away", 200, http.Header{"Retry-After": {"3"}}, limited, false, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, err := ParseIDX([]byte(test.body))
			if err != nil {
				a = nil
			}
			require.Equal(t, test.want, turnedAway(&response{status: test.status, header: test.header}, a, test.credential))
		})
	}
}
