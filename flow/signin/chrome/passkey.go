package chrome

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/webauthn"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// passkeys is what the pages of one sign-in may do with passkeys. Each page has an authenticator of its own, made of
// software (Web Authentication Level 2 §11), with the user's passkey in it; the frames of a page have that of the page.
// A nil passkeys gives pages none.
type passkeys struct {
	user  string
	key   *signin.Passkey   // nil: the user has none
	enrol *signin.Enrolment // nil: none is to be set up

	mu      sync.Mutex
	made    *signin.Passkey            // what a page has had made last
	sent    map[network.RequestID]bool // requests that told the provider of one
	refused bool                       // by the answer to the last of them
	told    bool                       // there is one
}

func newPasskeys(c signin.Config) *passkeys {
	k := &passkeys{user: c.User.Name, key: c.User.Passkey, sent: map[network.RequestID]bool{}}
	if c.Enrol != nil && c.Enrol.Want == signin.ChallengePasskey {
		k.enrol = c.Enrol
	}
	if k.key == nil && k.enrol == nil {
		return nil
	}
	return k
}

// judge returns an error of type *flow.Error if passkeys cannot work in a sign-in that begins at u, or not this one.
func (k *passkeys) judge(u *url.URL) error {
	if k == nil {
		return nil
	}
	// Web Authentication Level 2 §5.1.4.1: a passkey is bound to a domain, which an address is not.
	if net.ParseIP(u.Hostname()) != nil {
		hint := "give the provider's name"
		if local(u.String()) {
			hint = "use http://localhost:" + u.Port() + " for it, and let the provider call itself so"
		}
		return passkeyError(hint, "passkeys are bound to a domain name, and the provider is at %s", u.Host)
	}
	if k.key == nil {
		return nil
	}
	if k.user != "" && !strings.EqualFold(k.user, k.key.User) {
		return passkeyError("give each user their own passkey", "the passkey is that of user %.100q, and %.100q signs in", k.key.User, k.user)
	}
	if err := k.key.Check(); err != nil {
		return passkeyError("", "%w", err)
	}
	return nil
}

func passkeyError(hint, format string, args ...any) error {
	return &flow.Error{Step: trace.SignIn, Code: "signin.passkey_unusable", Err: fmt.Errorf(format, args...), Hint: hint}
}

// equip gives a page its authenticator.
func (k *passkeys) equip(ctx context.Context, t *tab) error {
	if k == nil {
		return nil
	}
	if _, err := cdp.Call(ctx, t.target, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		return fmt.Errorf("authenticator: %w", err)
	}
	res, err := cdp.Call(ctx, t.target, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}})
	if err != nil || k.key == nil {
		return err
	}
	return k.lend(ctx, t, res.AuthenticatorID)
}

// credential is the user's passkey as Chrome takes it. The type of the package webauthn has members that Chrome knows
// from version 157 on, writes them always, and is refused by those before.
type credential struct {
	ID         []byte `json:"credentialId"`
	RPID       string `json:"rpId"`
	PrivateKey string `json:"privateKey"`
	Resident   bool   `json:"isResidentCredential"`
	UserHandle []byte `json:"userHandle,omitempty"`
	SignCount  uint32 `json:"signCount"`
}

// lend puts the user's passkey into an authenticator. It answers nobody but its relying party.
func (k *passkeys) lend(ctx context.Context, t *tab, id webauthn.AuthenticatorID) error {
	trace.Learn(ctx, k.key.Secrets()...)
	// Each page signs with counts of its own: one that was used before looks like that of a clone.
	count, err := k.key.NextCount(time.Now())
	if err != nil {
		return passkeyError("", "%w", err)
	}
	return t.target.Call(ctx, webauthn.AddCredential.Method, struct {
		AuthenticatorID webauthn.AuthenticatorID `json:"authenticatorId"`
		Credential      credential               `json:"credential"`
	}{id, credential{ID: k.key.ID, RPID: k.key.RPID, PrivateKey: k.key.Key.Reveal(), SignCount: count - 1, // it counts, then signs
		Resident: len(k.key.UserHandle) > 0, UserHandle: k.key.UserHandle}}, nil)
}

// registered is called when a page has had a passkey made.
func (k *passkeys) registered(ctx context.Context, c *webauthn.Credential, page string) {
	if k == nil || c == nil || k.key != nil && string(c.CredentialID) == string(k.key.ID) {
		return
	}
	made := &signin.Passkey{
		RPID: c.RpID, User: k.user, UserHandle: c.UserHandle, ID: c.CredentialID,
		Key: trace.NewSecret("private_key", base64.StdEncoding.EncodeToString(c.PrivateKey)),
	}
	trace.Learn(ctx, made.Secrets()...)
	if u, err := url.Parse(page); made.RPID == "" && err == nil { // not told of one that only its ID finds
		made.RPID = strings.ToLower(u.Hostname())
	}
	if made.User == "" {
		made.User = c.UserName
	}
	trace.Record(ctx, trace.Event{Kind: trace.Action, Name: "make a passkey for " + printable(made.RPID)})
	k.mu.Lock()
	defer k.mu.Unlock()
	k.made, k.told, k.refused = made, false, false
}

// requested is called when a page sends a request: it may tell the provider of the new passkey, by what the
// authenticator attests of it.
func (k *passkeys) requested(ev *network.EventRequestWillBeSent) {
	if k == nil {
		return
	}
	if ev.RedirectResponse != nil {
		k.answered(ev.RequestID, ev.RedirectResponse.Status)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.tells(ev.Request) {
		k.told, k.refused, k.sent[ev.RequestID] = true, false, true
	}
}

// tells reports whether a request tells of the new passkey. The caller holds k.mu.
func (k *passkeys) tells(r *network.Request) bool {
	return k.made != nil && strings.Contains(strings.ToLower(body(r)), "attestation")
}

// overheard is called with an answer that Chrome holds: it may be the last that the sign-in sees.
func (k *passkeys) overheard(r *network.Request, status int64) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.tells(r) {
		k.told, k.refused = true, status >= 400
	}
}

// answered is called with the status of an answer.
func (k *passkeys) answered(id network.RequestID, status int64) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sent[id] {
		delete(k.sent, id)
		k.refused = status >= 400
	}
}

// settle hands over the passkey that was made, once the sign-in has ended: one that the provider has taken. It has if the
// sign-in went on to its end, or if it was told of the passkey and has not refused it. Where its answer was lost, the
// passkey is kept: one too many is of no harm.
func (k *passkeys) settle(arrived bool) {
	if k == nil || k.enrol == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.made != nil && (arrived || k.told && !k.refused) {
		k.enrol.Passkey = k.made
	}
}
