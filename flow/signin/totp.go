package signin

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// spare is how much of a step must be left for its code to be sent: less may be gone before the provider looks.
const spare = 3 * time.Second

// TOTP answers with the codes of an authenticator app (RFC 6238). No step is sent twice (RFC 6238 §5.2): where the
// current one was used, or is almost over, it waits for the next.
type TOTP struct {
	Now    func() time.Time                           // nil: time.Now
	Wait   func(context.Context, time.Duration) error // nil: a timer; it returns early when the context ends
	Ledger *Ledger                                    // of the steps that were used; nil: one for the whole process

	secret string
	opts   totp.ValidateOpts
}

// NewTOTP returns the factor for secret: base32 as authenticator apps show it, blanks and case aside, or an otpauth URI,
// whose algorithm, digits and period are respected. An error does not repeat the secret.
func NewTOTP(secret trace.Secret) (*TOTP, error) {
	text := strings.TrimSpace(secret.Reveal())
	t := &TOTP{opts: totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}}
	if strings.HasPrefix(strings.ToLower(text), "otpauth:") {
		key, err := otp.NewKeyFromURL(text)
		if err != nil || key.Type() != "totp" {
			return nil, errors.New("totp secret: want an otpauth://totp/ URI")
		}
		text = key.Secret()
		t.opts.Period, t.opts.Digits, t.opts.Algorithm = uint(key.Period()), key.Digits(), key.Algorithm()
	}
	t.secret = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(text))
	if t.opts.Period == 0 || t.opts.Period > 3600 || t.opts.Digits < 4 || t.opts.Digits > 10 {
		return nil, fmt.Errorf("totp secret: want a period of 1 to 3600 seconds and 4 to 10 digits, got %d and %d", t.opts.Period, t.opts.Digits)
	}
	if _, err := totp.GenerateCodeCustom(t.secret, time.Unix(0, 0), t.opts); err != nil || t.secret == "" {
		return nil, errors.New("totp secret: want base32 (letters A to Z and digits 2 to 7) or an otpauth URI")
	}
	return t, nil
}

// CanAnswer implements [CanAnswer].
func (t *TOTP) CanAnswer(k ChallengeKind) bool { return k == ChallengeTOTP }

// Answer implements [Factor]. For a second attempt it is the next step's code by itself, since the first used this one.
func (t *TOTP) Answer(ctx context.Context, c Challenge) (trace.Secret, error) {
	if c.Kind != ChallengeTOTP {
		return trace.Secret{}, ErrNotMine
	}
	begin, wait, err := t.reserve(ctx)
	if err != nil {
		return trace.Secret{}, err
	}
	if wait > 0 {
		trace.Record(ctx, trace.Event{Kind: trace.Note, Message: fmt.Sprintf("waiting %s for the next code of the authenticator app", wait.Round(time.Second))})
		if err := t.wait(ctx, wait); err != nil {
			return trace.Secret{}, err
		}
	}
	code, err := totp.GenerateCodeCustom(t.secret, begin, t.opts)
	if err != nil {
		return trace.Secret{}, errors.New("totp secret: want base32")
	}
	return trace.NewSecret("code", code), nil
}

// reserve takes the first step that is unused and has time left, and returns when it begins and how long that is away.
func (t *TOTP) reserve(ctx context.Context) (begin time.Time, wait time.Duration, err error) {
	ledger := t.Ledger
	if ledger == nil {
		ledger = &processLedger
	}
	now := t.now()
	period := time.Duration(t.opts.Period) * time.Second
	first := now.Add(min(spare, period/2)).Unix() / int64(t.opts.Period)
	limit := first + 1<<20
	if deadline, ok := ctx.Deadline(); ok {
		limit = now.Add(time.Until(deadline)).Unix() / int64(t.opts.Period)
	}
	step, ok := ledger.take(t.secret, first, limit)
	begin = time.Unix(step*int64(t.opts.Period), 0)
	if wait = begin.Sub(now); !ok {
		return begin, wait, &flow.Error{Step: trace.SignIn, Code: codeTimeout,
			Err:  fmt.Errorf("the next unused code of the authenticator app comes in %s, after the deadline", wait.Round(time.Second)),
			Hint: "allow more time with --timeout, or give each job a user of its own"}
	}
	return begin, wait, nil
}

func (t *TOTP) now() time.Time {
	if t.Now == nil {
		return time.Now()
	}
	return t.Now()
}

func (t *TOTP) wait(ctx context.Context, d time.Duration) error {
	if t.Wait != nil {
		return t.Wait(ctx, d)
	}
	return timer(ctx, d)
}

// timer waits for d, or until ctx is done and returns its error.
func timer(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Ledger remembers the newest step that was sent for each secret. The zero Ledger is empty; it is safe for concurrent
// use.
type Ledger struct {
	mu   sync.Mutex
	last map[[sha256.Size]byte]int64
}

// processLedger is the one state of this package: two sign-ins of one process must not send the same step, whatever
// Configs they were built from.
var processLedger Ledger

// take returns the first unused step from first on and marks it as used; ok is false if that is after limit.
func (l *Ledger) take(secret string, first, limit int64) (step int64, ok bool) {
	key := sha256.Sum256([]byte(secret))
	l.mu.Lock()
	defer l.mu.Unlock()
	step = first
	if last, used := l.last[key]; used && last >= first {
		step = last + 1
	}
	if step > limit {
		return step, false
	}
	if l.last == nil {
		l.last = map[[sha256.Size]byte]int64{}
	}
	l.last[key] = step
	return step, true
}
