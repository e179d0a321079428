package trace

import (
	"fmt"
	"log/slog"
	"strings"
)

const redacted = "«redacted»"

// Secret is a value that must not be seen, and the hosts it may be sent to. Every way of printing or marshalling it
// yields «redacted»; only [Secret.Reveal] gives the value. The zero Secret is empty.
type Secret struct {
	// Behind a pointer, as %p asks no Formatter: fmt then prints the fields of a struct, but an inner pointer's address.
	inner *secret
}

type secret struct {
	kind  string
	value string
	hosts []string
}

// NewSecret returns value as a secret of that kind ("password", "access_token"): the kind is what reports show in its
// place. hosts are those it may be sent to, as host or host:port; with none it may be sent nowhere.
func NewSecret(kind, value string, hosts ...string) Secret {
	return Secret{&secret{kind: kind, value: value, hosts: hosts}}
}

// For returns s with the hosts it may be sent to replaced.
func (s Secret) For(hosts ...string) Secret { return NewSecret(s.Kind(), s.Reveal(), hosts...) }

// Reveal returns the value. Its callers are the places to look at when a secret got out.
func (s Secret) Reveal() string { return s.get().value }

// Kind returns what the secret is, such as "password".
func (s Secret) Kind() string { return s.get().kind }

// Hosts returns where it may be sent.
func (s Secret) Hosts() []string { return s.get().hosts }

// IsZero reports whether there is no value.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

func (s Secret) get() secret {
	if s.inner == nil {
		return secret{}
	}
	return *s.inner
}

// Hide returns text with the value replaced wherever it stands as it is: for text that a party put together that was
// sent the value. A [Redactor] knows more spellings. As there, a value under four bytes is left: it stands everywhere.
func (s Secret) Hide(text string) string {
	if len(s.Reveal()) < shortest {
		return text
	}
	return strings.ReplaceAll(text, s.Reveal(), redacted)
}

// Format prints «redacted» for every verb that asks for it: all but %T and %p.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// String returns «redacted».
func (s Secret) String() string { return redacted }

// MarshalText returns «redacted»; JSON, XML and the like go through it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns «redacted» to log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
