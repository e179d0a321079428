package screens

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// What rows make of alice, of her factors and of the client.

func wrongPassword(s *Scene) {
	s.Config.User.Password = trace.NewSecret("password", "wrong horse battery")
}

func locked(p *mockidp.Person) { p.Locked = true }

func mallory(s *Scene) { s.Config.User.Name = "mallory" }

func silent(c *flow.Config) { c.Prompt = "none" }

// factor answers every challenge in the same way.
type factor func() trace.Secret

// Answer implements [signin.Factor].
func (f factor) Answer(context.Context, signin.Challenge) (trace.Secret, error) { return f(), nil }

func wrongCode(s *Scene) {
	s.Config.User.Factors = []signin.Factor{factor(func() trace.Secret { return trace.NewSecret("code", "not the code") })}
}

func wrongAnswer(s *Scene) {
	s.Config.User.Factors = []signin.Factor{factor(func() trace.Secret { return trace.NewSecret("answer", "Rome in autumn") })}
}

// thinksForADay is alice, who knows the answer tomorrow.
func thinksForADay(s *Scene) {
	s.Config.User.Factors = []signin.Factor{factor(func() trace.Secret {
		s.Okta.Clock().Advance(24 * time.Hour)
		return trace.NewSecret("answer", answer)
	})}
}

// anothersApp is alice with somebody else's phone.
func anothersApp(s *Scene) {
	s.Config.User.Factors = []signin.Factor{s.app("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")}
}

// usedCode is alice after another job has signed her in with this very code.
func usedCode(s *Scene) { s.before = s.anotherJob() }

// signedInBefore is alice with a session.
func signedInBefore(s *Scene) { s.before = s.anotherJob() }

// anotherJob signs alice in with all that she has, in a driver of its own.
func (s *Scene) anotherJob() func(context.Context) error {
	job := s.Flow
	job.Prompt, job.SignIn = "", s.driver(s.everything())
	return func(ctx context.Context) error {
		client, err := flow.New(job)
		if err != nil {
			return err
		}
		_, err = client.Run(ctx)
		return err
	}
}

func denyConsent(s *Scene) { s.Config.Consent = signin.Deny }

func allowPush(s *Scene) { s.Config.AllowPush = true }

func withNewPassword(s *Scene) {
	s.Config.User.NewPassword = func(context.Context) (trace.Secret, error) {
		return trace.NewSecret("password", "incorrect donkey accumulator"), nil
	}
}

// passkeyKey is the private key of alice's passkey. It is the same each time, for nobody else has to be kept out.
func passkeyKey() *ecdsa.PrivateKey {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), []byte("the private key of alice's key!!"))
	if err != nil {
		panic(err) // it is a constant
	}
	return key
}

var passkeyID = []byte("alice's passkey")

func hasPasskey(p *mockidp.Person) {
	der, err := x509.MarshalPKIXPublicKey(passkeyKey().Public())
	if err != nil {
		panic(err) // it is a constant
	}
	p.Passkeys = []mockidp.Passkey{{ID: passkeyID, PublicKey: der}}
}

func withPasskey(s *Scene) {
	der, err := x509.MarshalPKCS8PrivateKey(passkeyKey())
	if err != nil {
		panic(err) // it is a constant
	}
	s.Config.User.Factors = nil
	s.Config.User.Passkey = &signin.Passkey{
		RPID: "localhost", User: login, UserHandle: []byte(login), ID: passkeyID,
		Key: trace.NewSecret("passkey", base64.StdEncoding.EncodeToString(der)),
	}
}
