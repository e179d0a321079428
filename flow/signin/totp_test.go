package signin_test

import (
	"context"
	"encoding/base32"
	"sync"
	"testing"
	"time"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/stretchr/testify/require"
)

// clock is a time that only waiting moves.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	waited []time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Wait(_ context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.waited = append(c.waited, d)
	return nil
}

func newTOTP(t *testing.T, secret string, c *clock) *signin.TOTP {
	t.Helper()
	factor, err := signin.NewTOTP(trace.NewSecret("totp", secret))
	require.NoError(t, err)
	factor.Now, factor.Wait, factor.Ledger = c.Now, c.Wait, &signin.Ledger{}
	return factor
}

func code(t *testing.T, factor signin.Factor, attempt int) string {
	t.Helper()
	got, err := factor.Answer(t.Context(), signin.Challenge{Kind: signin.ChallengeTOTP, Attempt: attempt})
	require.NoError(t, err)
	return got.Reveal()
}

func TestTOTPGivesTheCodesOfRFC6238(t *testing.T) {
	t.Parallel()
	secret := func(s string) string {
		return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(s))
	}
	sha1, sha256 := secret("12345678901234567890"), secret("12345678901234567890123456789012")
	sha512 := secret("1234567890123456789012345678901234567890123456789012345678901234")
	tests := []struct {
		name, secret string
		at           int64
		want         string
	}{
		{"appendix B, SHA-1", "otpauth://totp/x?digits=8&secret=" + sha1, 1111111111, "14050471"},
		{"appendix B, SHA-256", "otpauth://totp/x?digits=8&algorithm=SHA256&secret=" + sha256, 1111111111, "67062674"},
		{"appendix B, SHA-512", "otpauth://totp/x?digits=8&algorithm=SHA512&secret=" + sha512, 1111111111, "99943326"},
		{"six digits are the last six", sha1, 1111111111, "050471"},
		{"a period of its own", "otpauth://totp/x?period=60&digits=8&secret=" + sha1, 2 * 1111111111, "14050471"},
		{"as apps show it", " gezd gnbv-gy3t qojq gezd gnbv gy3t qojq ", 1111111111, "050471"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, code(t, newTOTP(t, test.secret, &clock{now: time.Unix(test.at, 0)}), 1))
		})
	}
}

func TestTOTPSendsNoStepTwice(t *testing.T) {
	t.Parallel()
	c := &clock{now: time.Unix(600, 0)}
	first := newTOTP(t, totpSecret, c)
	second := newTOTP(t, totpSecret, c)
	second.Ledger = first.Ledger
	codes := map[string]bool{code(t, first, 1): true, code(t, second, 1): true, code(t, first, 2): true}
	require.Len(t, codes, 3)
	require.Equal(t, []time.Duration{30 * time.Second, 30 * time.Second}, c.waited)

	other := newTOTP(t, "GEZDGNBVGY3TQOJQ", c)
	other.Ledger = first.Ledger
	code(t, other, 1)
	require.Len(t, c.waited, 2, "another secret has steps of its own")
}

func TestTOTPWaitsForTheNextStepAtTheEndOfOne(t *testing.T) {
	t.Parallel()
	for left, waits := range map[time.Duration]bool{30 * time.Second: false, 4 * time.Second: false, 2900 * time.Millisecond: true, time.Second: true} {
		c := &clock{now: time.Unix(630, 0).Add(-left)}
		code(t, newTOTP(t, totpSecret, c), 1)
		if waits {
			require.Equal(t, []time.Duration{left}, c.waited)
		} else {
			require.Empty(t, c.waited, "%s left", left)
		}
	}
}

func TestTOTPDoesNotWaitBeyondTheDeadline(t *testing.T) {
	t.Parallel()
	c := &clock{now: time.Unix(600, 0)}
	factor := newTOTP(t, totpSecret, c)
	code(t, factor, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := factor.Answer(ctx, signin.Challenge{Kind: signin.ChallengeTOTP, Attempt: 1})
	requireCode(t, err, "signin.timeout")
	require.Empty(t, c.waited)
	code(t, factor, 1) // the step was not taken
	require.Equal(t, []time.Duration{30 * time.Second}, c.waited)
}

func TestTOTPWaitsOnAClockOfItsOwn(t *testing.T) {
	t.Parallel()
	factor, err := signin.NewTOTP(trace.NewSecret("totp", "MFRGGZDFMZTWQ2LK"))
	require.NoError(t, err)
	now := time.Unix(600, 0)
	factor.Now = func() time.Time { return now }
	ctx, cancel := context.WithCancel(t.Context())
	_, err = factor.Answer(ctx, signin.Challenge{Kind: signin.ChallengeTOTP})
	require.NoError(t, err)
	cancel()
	_, err = factor.Answer(ctx, signin.Challenge{Kind: signin.ChallengeTOTP})
	require.ErrorIs(t, err, context.Canceled)
}

func TestNewTOTPRefusesWithoutRepeatingTheSecret(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"", "not base32 at all!", "otpauth://hotp/x?secret=JBSWY3DPEHPK3PXP", "otpauth://totp/x?secret=11111", "otpauth://totp/x",
		"otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&period=0", "otpauth://totp/%zz?secret=JBSWY3DPEHPK3PXP"} {
		_, err := signin.NewTOTP(trace.NewSecret("totp", secret))
		require.ErrorContains(t, err, "totp secret", secret)
		require.NotContains(t, err.Error(), "JBSWY3DPEHPK3PXP")
	}
}

func TestTOTPAnswersNothingElse(t *testing.T) {
	t.Parallel()
	_, err := newTOTP(t, totpSecret, &clock{}).Answer(t.Context(), signin.Challenge{Kind: signin.ChallengeQuestion})
	require.ErrorIs(t, err, signin.ErrNotMine)
}
