package mockidp

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"
)

// ID is the subject of the person's ID tokens: 00u and 17 characters, which depend on the login alone.
func (p Person) ID() string { return stableID("00u", p.Login) }

// Userinfo returns the claims that scopes ask for (OpenID Connect Core 1.0 §5.4), and Extra.
func (p Person) Userinfo(scopes []string) ([]byte, error) {
	out := maps.Clone(p.Extra)
	if out == nil {
		out = map[string]any{}
	}
	out["sub"] = p.ID()
	for _, scope := range scopes {
		maps.Copy(out, p.scopeClaims(scope))
	}
	return json.Marshal(out)
}

// Claims returns base with what Okta puts in the ID token of a code flow: email, name, preferred_username and groups,
// each by its scope; and Extra.
func (p Person) Claims(scopes []string, base *mockoidc.IDTokenClaims) (jwt.Claims, error) {
	out := jwt.MapClaims{}
	maps.Copy(out, p.Extra)
	if base != nil {
		if err := addClaims(out, base); err != nil {
			return nil, err
		}
	}
	out["sub"] = p.ID()
	for _, scope := range scopes {
		switch scope {
		case "email":
			out["email"] = p.email()
		case "profile":
			out["name"], out["preferred_username"] = p.name(), p.Login
		case "groups":
			out["groups"] = p.groups()
		}
	}
	return out, nil
}

func (p Person) scopeClaims(scope string) map[string]any {
	switch scope {
	case "profile":
		given, family, _ := strings.Cut(p.name(), " ")
		return map[string]any{
			"name": p.name(), "given_name": given, "family_name": family, "preferred_username": p.Login,
			"zoneinfo": "America/Los_Angeles", "locale": "en-US", "updated_at": 1311280970,
		}
	case "email":
		return map[string]any{"email": p.email(), "email_verified": true}
	case "phone":
		return map[string]any{"phone_number": "+1 (425) 555-1212", "phone_number_verified": true}
	case "address":
		return map[string]any{"address": map[string]any{
			"street_address": "123 Hollywood Blvd.", "locality": "Los Angeles", "region": "CA",
			"postal_code": "90210", "country": "US",
		}}
	case "groups":
		return map[string]any{"groups": p.groups()}
	}
	return nil
}

func (p Person) email() string {
	switch {
	case p.Email != "":
		return p.Email
	case strings.Contains(p.Login, "@"):
		return p.Login
	}
	return p.Login + "@example.com"
}

// name is Name, or one made of the login.
func (p Person) name() string {
	if p.Name != "" {
		return p.Name
	}
	given, _, _ := strings.Cut(p.Login, "@")
	first, size := utf8.DecodeRuneInString(given)
	if size == 0 {
		return "Example"
	}
	return string(unicode.ToUpper(first)) + given[size:] + " Example"
}

func (p Person) groups() []string { return append([]string{}, p.Groups...) }

// account is a user and what the provider knows of them. Its mutable fields are guarded by Server.mu.
type account struct {
	user   User
	person Person // of a User that is no Person: Login alone, so any password does
	totp   []byte // nil: no second factor

	locked   bool
	wrong    int                 // wrong passwords and codes since the last sign-in
	usedStep int64               // the last TOTP step that was used
	okta     oktaAccount         // what login okta knows besides
	consents map[string][]string // by client
}

func newAccount(u User) (*account, error) {
	a := &account{user: u, consents: map[string][]string{}}
	switch u := u.(type) {
	case nil:
		return nil, errors.New("user is nil")
	case Person:
		a.person = u
	case *Person:
		a.person = *u
		a.user = *u
	default:
		login, err := loginOf(u)
		if err != nil {
			return nil, err
		}
		a.person = Person{Login: login}
	}
	if a.person.Login == "" {
		return nil, errors.New("user has no login")
	}
	a.locked = a.person.Locked
	if a.person.TOTP != "" {
		var err error
		if a.totp, err = decodeTOTP(a.person.TOTP); err != nil {
			return nil, fmt.Errorf("user %q: totp secret: %w", a.person.Login, err)
		}
	}
	return a, errors.Join(a.checkPolicy(), a.checkPasskeys())
}

// loginOf is what a user of another type signs in with: the preferred_username, else the email, else the ID.
func loginOf(u User) (string, error) {
	raw, err := u.Userinfo([]string{"openid", "profile", "email"})
	if err != nil {
		return "", fmt.Errorf("userinfo of user %q: %w", u.ID(), err)
	}
	var info struct {
		PreferredUsername string `json:"preferred_username"`
		Email             string `json:"email"`
	}
	if err := json.Unmarshal(raw, &info); err != nil {
		return "", fmt.Errorf("userinfo of user %q: %w", u.ID(), err)
	}
	for _, login := range []string{info.PreferredUsername, info.Email} {
		if login != "" {
			return login, nil
		}
	}
	return u.ID(), nil
}

// called reports whether login is what the person is known by: the login, the email or the ID.
func (a *account) called(login string) bool {
	return login != "" && (strings.EqualFold(login, a.person.Login) || strings.EqualFold(login, a.person.email()) || login == a.user.ID())
}

// consentsTo reports whether the user has allowed all of scopes to client.
func (a *account) consentsTo(client string, scopes []string) bool {
	given, ok := a.consents[client]
	return ok && !slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(given, s) })
}

// info is the user's userinfo as a map, with the sub that mockoidc's users leave out (OpenID Connect Core 1.0 §5.3.2).
func (a *account) info(scopes []string) (map[string]any, error) {
	raw, err := a.user.Userinfo(scopes)
	if err != nil {
		return nil, fmt.Errorf("userinfo of user %q: %w", a.person.Login, err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("userinfo of user %q: %w", a.person.Login, err)
	}
	out["sub"] = a.user.ID()
	if street, ok := out["address"].(string); ok { // OpenID Connect Core 1.0 §5.1.1: an object
		out["address"] = map[string]any{"formatted": street}
	}
	if _, ok := out["email"]; ok && out["email_verified"] == nil {
		out["email_verified"] = a.emailVerified(scopes)
	}
	return out, nil
}

// emailVerified asks the ID token's claims, where mockoidc's users have it.
func (a *account) emailVerified(scopes []string) bool {
	c := jwt.MapClaims{}
	claims, err := a.user.Claims(scopes, &mockoidc.IDTokenClaims{RegisteredClaims: &jwt.RegisteredClaims{}})
	if err != nil || addClaims(c, claims) != nil {
		return false
	}
	verified, _ := c["email_verified"].(bool)
	return verified
}

// addClaims adds to c the claims of from, whatever its type.
func addClaims(c jwt.MapClaims, from any) error {
	if m, ok := from.(jwt.MapClaims); ok {
		maps.Copy(c, m)
		return nil
	}
	raw, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, (*map[string]any)(&c))
}
