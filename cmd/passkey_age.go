package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// The work factors of scrypt by which a passphrase becomes a key, as powers of two: that of files that are written, which
// takes 128 MiB and a fraction of a second, and the largest that is read. A file may ask for any, and so for all memory.
const (
	workFactor    = 17
	maxWorkFactor = 18 // what the program age writes
)

// ageHeader begins each file of age that is not armored.
const ageHeader = "age-encryption.org/v1"

// ageKeys are what files with secrets are encrypted for and opened with.
type ageKeys struct {
	passphrase trace.Secret
	identities []age.Identity
}

func (k *ageKeys) setIdentities(s trace.Secret) error {
	ids, err := age.ParseIdentities(strings.NewReader(s.Reveal()))
	if err != nil { // the error may repeat the line
		return errors.New("want age identities, one on each line, as age-keygen writes them")
	}
	k.identities = ids
	return nil
}

// isAge reports whether text is encrypted.
func isAge(text string) bool {
	return strings.HasPrefix(text, armor.Header) || strings.HasPrefix(text, ageHeader)
}

// open returns text, decrypted if it is encrypted. from says where it comes from.
func (k *ageKeys) open(text, from string) (string, error) {
	if !isAge(text) {
		return text, nil
	}
	ids := k.identities
	if !k.passphrase.IsZero() {
		id, err := age.NewScryptIdentity(k.passphrase.Reveal())
		if err != nil {
			return "", usageError("invalid_passphrase", "", "%s: %w", from, err)
		}
		id.SetMaxWorkFactor(maxWorkFactor)
		ids = append([]age.Identity{id}, ids...)
	}
	if len(ids) == 0 {
		return "", usageError("missing_passphrase", "set OIDCFLOW_PASSKEY_PASSPHRASE, or give --passphrase-file or --identity-file",
			"%s: the file is encrypted", from)
	}
	plain, err := decrypt(text, ids)
	var none *age.NoIdentityMatchError
	switch {
	case errors.As(err, &none):
		return "", usageError("wrong_passphrase", "give the passphrase or identity it was encrypted for",
			"%s: the file is encrypted, and nothing that was given opens it", from)
	case err != nil:
		return "", usageError("damaged_file", "", "%s: the file is encrypted, and damaged: %w", from, err)
	}
	return withoutNewline(plain), nil
}

func decrypt(text string, ids []age.Identity) (string, error) {
	var r io.Reader = strings.NewReader(text)
	if strings.HasPrefix(text, armor.Header) {
		r = armor.NewReader(r)
	}
	r, err := age.Decrypt(r, ids...)
	if err != nil {
		return "", err
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxSecret+1))
	if len(plain) > maxSecret {
		return "", fmt.Errorf("more than %d bytes", maxSecret)
	}
	return string(plain), err
}

// encrypt returns data for recipients, as text.
func encrypt(data []byte, to []age.Recipient) ([]byte, error) {
	var b bytes.Buffer
	text := armor.NewWriter(&b)
	w, err := age.Encrypt(text, to...)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	err = errors.Join(w.Close(), text.Close())
	return b.Bytes(), err
}

// recipients are whom a new file is encrypted for: those given, or whoever knows the passphrase; none where it is to be
// plain.
func (k *ageKeys) recipients(plain bool, given []string) ([]age.Recipient, error) {
	switch {
	case plain && len(given) > 0:
		return nil, usageError("plain_and_recipient", "leave one of them out", "--plain and --recipient are both given")
	case plain:
		return nil, nil
	case len(given) > 0:
		to, err := age.ParseRecipients(strings.NewReader(strings.Join(given, "\n")))
		if err != nil {
			return nil, usageError("invalid_recipient", "`age-keygen -y` prints one's own", "--recipient: want an age recipient, age1…: %w", err)
		}
		return to, nil
	case k.passphrase.IsZero():
		return nil, usageError("missing_passphrase",
			"set OIDCFLOW_PASSKEY_PASSPHRASE, or give --passphrase-file or --recipient; --plain writes the file unencrypted",
			"nothing to encrypt the file with")
	}
	to, err := age.NewScryptRecipient(k.passphrase.Reveal())
	if err != nil {
		return nil, &flow.Error{Code: "usage.invalid_passphrase", Err: err}
	}
	to.SetWorkFactor(workFactor)
	return []age.Recipient{to}, nil
}
