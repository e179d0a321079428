package cmd

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/oidcflow/oidcflow/mockidp"
)

// oktaBlock says how login okta goes. Everything in it is optional.
type oktaBlock struct {
	Def                 hcl.Range `hcl:",def_range"`
	Name                string    `hcl:"name,optional"`
	Engine              string    `hcl:"engine,optional"`
	EngineRange         hcl.Range `hcl:"engine,attr_value_range"`
	Page                string    `hcl:"page,optional"`
	PageRange           hcl.Range `hcl:"page,attr_value_range"`
	Generation          int       `hcl:"generation,optional"`
	GenerationRange     hcl.Range `hcl:"generation,attr_value_range"`
	First               []string  `hcl:"first,optional"`
	FirstRange          hcl.Range `hcl:"first,attr_value_range"`
	IdP                 string    `hcl:"idp,optional"`
	ShowLockOuts        bool      `hcl:"show_lock_outs,optional"`
	HideUnknownUsers    bool      `hcl:"hide_unknown_users,optional"`
	GranularConsent     bool      `hcl:"granular_consent,optional"`
	RedirectRemediation bool      `hcl:"redirect_remediation,optional"`
	DeviceFingerprints  bool      `hcl:"device_fingerprints,optional"`
	RateLimits          bool      `hcl:"rate_limits,optional"`
}

type passkeyBlock struct {
	ID        string    `hcl:"id"`
	IDRange   hcl.Range `hcl:"id,attr_value_range"`
	Key       string    `hcl:"public_key"`
	KeyRange  hcl.Range `hcl:"public_key,attr_value_range"`
	SignCount uint32    `hcl:"sign_count,optional"`
}

// setOrg takes the okta block, which is of use with login okta alone.
func (p *provider) setOrg(b *idpBlock) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for i, o := range b.Okta {
		switch {
		case i > 0:
			diags = append(diags, unsuitable(o.Def, "okta: there is one already, at %s", b.Okta[0].Def))
		case b.Login != "" && b.Login != "okta":
			diags = append(diags, unsuitable(o.Def, "okta: the login is %q", b.Login))
		default:
			p.config.Login = "okta"
			org, wrong := o.org()
			p.config.Org = org
			diags = append(diags, wrong...)
		}
	}
	return diags
}

func (o oktaBlock) org() (mockidp.OktaOrg, hcl.Diagnostics) {
	diags := among("engine", o.Engine, o.EngineRange, "identity", "classic")
	diags = append(diags, among("page", o.Page, o.PageRange, "default", "custom", "databag")...)
	if o.Generation != 0 && o.Generation != 2 && o.Generation != 3 {
		diags = append(diags, unsuitable(o.GenerationRange, "generation: want 2 or 3, got %d", o.Generation))
	}
	for _, name := range o.First {
		diags = append(diags, among("first", name, o.FirstRange, "device-challenge", "identify", "identify-password")...)
	}
	return mockidp.OktaOrg{
		Name:                o.Name,
		Engine:              o.Engine,
		Page:                o.Page,
		Generation:          o.Generation,
		First:               o.First,
		IdP:                 o.IdP,
		ShowLockOuts:        o.ShowLockOuts,
		HideUnknownUsers:    o.HideUnknownUsers,
		GranularConsent:     o.GranularConsent,
		RedirectRemediation: o.RedirectRemediation,
		DeviceFingerprints:  o.DeviceFingerprints,
		RateLimits:          o.RateLimits,
	}, diags
}

// checkPolicy names the screens that are not there. Whether the user has the factors is the provider's to say.
func (u personBlock) checkPolicy() hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, screen := range u.Policy {
		names := screen
		if strings.HasPrefix(screen, "enrol") { // what it offers stands after a colon
			names = strings.Replace(screen, ":", "|", 1)
		}
		for name := range strings.SplitSeq(names, "|") {
			known := mockidp.Screens()
			switch {
			case name == "":
				diags = append(diags, unsuitable(u.PolicyRange, "policy: %q: a name is missing", screen))
			case !contains(known, name):
				diags = append(diags, unsuitable(u.PolicyRange, "policy: no screen %q; %s", name, nearest(name, known, "there are "+strings.Join(known, ", "))))
			}
		}
	}
	return diags
}

// passkey returns the key. What is empty has not been looked up yet, or is found by the provider.
func (k passkeyBlock) passkey() (mockidp.Passkey, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	if k.ID == "" || k.Key == "" {
		return mockidp.Passkey{}, nil
	}
	id, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(k.ID, "="))
	if err != nil {
		diags = append(diags, unsuitable(k.IDRange, "id: want the credential ID in base64url"))
	}
	key, err := publicKey(k.Key)
	if err != nil {
		diags = append(diags, unsuitable(k.KeyRange, "public_key: %v", err))
	}
	return mockidp.Passkey{ID: id, PublicKey: key, SignCount: k.SignCount}, diags
}

// publicKey returns the DER of a public key, from PEM or from base64.
func publicKey(text string) ([]byte, error) {
	der, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if block, _ := pem.Decode([]byte(text)); block != nil {
		der, err = block.Bytes, nil
	}
	if err == nil {
		_, err = x509.ParsePKIXPublicKey(der)
	}
	if err != nil {
		return nil, errors.New("want a public key (PKIX) in PEM or base64")
	}
	return der, nil
}
