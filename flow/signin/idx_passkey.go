package signin

import (
	"context"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// kindPasskey is what is filled in where a passkey answers.
const kindPasskey = string(ChallengePasskey)

// IDXPasskey is what the engine wants a passkey to sign.
type IDXPasskey struct {
	Challenge []byte
	RPID      string // empty: the host's
}

// binary reads base64 in either alphabet, with or without padding, as Okta's page does.
func (v ion) binary() []byte {
	text := strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(v.text(), "="))
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) == 0 {
		return nil // as if it were absent
	}
	return b
}

// secret is text that must not be seen.
func (v ion) secret(kind string) trace.Secret {
	if s := v.text(); s != "" {
		return trace.NewSecret(kind, s)
	}
	return trace.Secret{}
}

func (v ion) passkey() *IDXPasskey {
	if challenge := v.at("challenge").binary(); challenge != nil {
		return &IDXPasskey{Challenge: challenge, RPID: v.at("rpId").label()}
	}
	return nil
}

// credentials are the IDs of the user's passkeys, where the answer names them.
func (a *IDXAnswer) credentials() (ids [][]byte) {
	for _, e := range a.Enrolments {
		if e.Credential != nil {
			ids = append(ids, e.Credential)
		}
	}
	return ids
}

// launch returns the move that has Okta ask for the user's passkey.
func (d *IDXDialog) launch(a *IDXAnswer, r *IDXRemediation, step *IDXStep) (*IDXMove, error) {
	if !d.has(ChallengePasskey) || d.sent[kindPasskey] > 0 || d.tried[r.Name] {
		return nil, d.cannot(a, step)
	}
	d.tried[r.Name] = true
	return d.form(a, r, idxValues{}, nil)
}

// sign returns the move that answers with the user's passkey. A browser's own authenticator does so by itself, and the
// body of the move is then of no use.
func (d *IDXDialog) sign(ctx context.Context, a *IDXAnswer, r *IDXRemediation, k *idxAsk) (*IDXMove, error) {
	if d.cfg.User.Passkey == nil {
		return nil, obstacle{d.unanswered(Challenge{Kind: ChallengePasskey}, a.view())}
	}
	to, err := d.address(a, r)
	if err != nil {
		return nil, err
	}
	ask := PasskeyRequest{Origin: originOf(a.URL), Allow: a.credentials(), User: d.cfg.User.Name}
	asked := a.Current.Passkey
	if r.Name != "challenge-authenticator" {
		asked, ask.Allow = a.Passkey, nil
	}
	if asked != nil {
		ask.Challenge, ask.RPID = asked.Challenge, asked.RPID
	}
	signed, err := d.cfg.User.Passkey.Assert(ask, d.now())
	if err != nil {
		d.tried[k.ledger] = true
		return nil, obstacle{d.fail(a.view(), codeMFAUnavailable, err.Error(), hintPasskey)}
	}
	encode := base64.StdEncoding.EncodeToString // as Okta's page does
	signature := trace.NewSecret("signatureData", encode(signed.Signature), pageHost(to))
	values := idxValues{
		k.path + ".authenticatorData": encode(signed.AuthenticatorData), k.path + ".clientData": encode(signed.ClientDataJSON),
		k.path + ".signatureData": signature, k.path + ".userHandle": encode(signed.UserHandle),
	}
	m, err := d.form(a, r, values, nil)
	if err != nil {
		return nil, err
	}
	d.handOut(ctx, k.ledger, k.what, signature)
	m.Fill = []IDXFill{{Path: k.path, What: k.what}}
	return m, nil
}

// originOf returns the origin of a URL, or "".
func originOf(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return origin(u)
}

// optional reports whether the answer can be passed over.
func (a *IDXAnswer) optional() bool {
	return slices.ContainsFunc(a.Remediations, func(r IDXRemediation) bool { return r.Name == "skip" })
}
