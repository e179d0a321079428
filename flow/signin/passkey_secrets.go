package signin

import (
	"encoding/base64"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Secrets returns the private key as all that it may be written as, for [trace.Learn]: as it stands in k.Key, in DER, of
// which the recorder knows every base64, and as the bare number that a JWK holds (RFC 7518 §6.2.2.1).
func (k *Passkey) Secrets() []trace.Secret {
	all := []trace.Secret{k.Key}
	if der, err := base64.StdEncoding.DecodeString(k.Key.Reveal()); err == nil {
		all = append(all, trace.NewSecret(k.Key.Kind(), string(der)))
	}
	if key, err := k.private(); err == nil {
		if number, err := key.Bytes(); err == nil {
			all = append(all, trace.NewSecret(k.Key.Kind(), string(number)))
		}
	}
	return all
}
