package chrome

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// passkeyPage is a page that asks for a passkey once its form is sent, and sends what it got along.
const passkeyPage = `<title>Sign in</title><h1>Sign in</h1><form method="post" action="/done">
<label>Username <input name="username" autocomplete="username"></label>
<label>Password <input type="password" name="password" autocomplete="current-password"></label>
<input type="hidden" name="passkey"><button>Sign in</button></form>
<script>
const bytes = (text) => new TextEncoder().encode(text);
const ask = { get: () => navigator.credentials.get({ publicKey: %s }), create: () => navigator.credentials.create({ publicKey: %s }) };
const form = document.forms[0];
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try { form.passkey.value = JSON.stringify(await ask.%s()); } catch (e) { form.passkey.value = JSON.stringify({ error: e.name }); }
  form.submit();
});
</script>`

const (
	getPasskey    = `{ challenge: bytes("to be signed"), userVerification: "required" }`
	createPasskey = `{ challenge: bytes("to be signed"), rp: { name: "Test" }, user: { id: bytes("00u1"), name: "alice@example.com", displayName: "Alice" },
	pubKeyCredParams: [{ type: "public-key", alg: -7 }], authenticatorSelection: { residentKey: "required", userVerification: "required" } }`
)

func passkeyPageFor(ask string) string {
	return fmt.Sprintf(passkeyPage, getPasskey, createPasskey, ask)
}

// byName returns the URL of a server by the name that this machine gives itself.
func byName(t testing.TB, s *httptest.Server) string {
	t.Helper()
	u, err := url.Parse(s.URL)
	require.NoError(t, err)
	return "http://localhost:" + u.Port()
}

// newPasskey returns a passkey of alice's, and its public key.
func newPasskey(t testing.TB, rpID string) (*signin.Passkey, *ecdsa.PublicKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails (crypto/rand)
	return &signin.Passkey{RPID: rpID, User: "alice", UserHandle: []byte("00u1"), ID: id,
		Key: trace.NewSecret("private_key", base64.StdEncoding.EncodeToString(der))}, &key.PublicKey
}

// sentPasskey is what a passkeyPage sends, as WebAuthn's own JSON has it.
type sentPasskey struct {
	Error    string `json:"error"`
	ID       string `json:"id"`
	Response struct {
		AuthenticatorData string `json:"authenticatorData"`
		ClientDataJSON    string `json:"clientDataJSON"`
		Signature         string `json:"signature"`
		UserHandle        string `json:"userHandle"`
	} `json:"response"`
}

// signInWith signs in at url and returns what the page sent of its passkey.
func signInWith(ctx context.Context, t testing.TB, b *Browser, rawURL string, c signin.Config) sentPasskey {
	t.Helper()
	cb, err := b.Driver(c).SignIn(ctx, request(t, rawURL, testRedirect))
	require.NoError(t, err)
	form, err := url.ParseQuery(cb.Params.Get("form"))
	require.NoError(t, err)
	var sent sentPasskey
	require.NoError(t, json.Unmarshal([]byte(form.Get("passkey")), &sent))
	return sent
}

// verify verifies an assertion for rpID (Web Authentication Level 2 §7.2) and returns its counter.
func (p sentPasskey) verify(t testing.TB, rpID string, key *ecdsa.PublicKey) uint32 {
	t.Helper()
	require.Empty(t, p.Error)
	decode := func(s string) []byte {
		data, err := base64.RawURLEncoding.DecodeString(s)
		require.NoError(t, err)
		return data
	}
	auth, client := decode(p.Response.AuthenticatorData), decode(p.Response.ClientDataJSON)
	rp := sha256.Sum256([]byte(rpID))
	require.Equal(t, rp[:], auth[:32])
	require.EqualValues(t, 5, auth[32]&5, "the user was there, and verified")
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(auth[:len(auth):len(auth)], hash[:]...))
	require.True(t, ecdsa.VerifyASN1(key, signed[:], decode(p.Response.Signature)))
	return binary.BigEndian.Uint32(auth[33:37])
}

// A passkey signs for its relying party, with a counter that grows from one sign-in to the next.
func TestPasskeySigns(t *testing.T) {
	t.Parallel()
	inEach(t, func(t *testing.T, b *Browser) {
		key, public := newPasskey(t, "localhost")
		user := alice()
		user.Passkey = key
		before := uint32(time.Now().Unix())
		var last uint32
		for range 2 {
			site := provider(t, map[string]string{"/{$}": passkeyPageFor("get")})
			sent := signInWith(within(t, patience), t, b, byName(t, site)+"/", signin.Config{User: user})
			count := sent.verify(t, "localhost", public)
			require.Equal(t, base64.RawURLEncoding.EncodeToString(key.ID), sent.ID)
			require.Equal(t, base64.RawURLEncoding.EncodeToString(key.UserHandle), sent.Response.UserHandle)
			require.GreaterOrEqual(t, count, before)
			require.Greater(t, count, last)
			last = count
		}
	})
}

// A relying party is never offered the passkey of another one.
func TestPasskeyIsForItsRelyingPartyOnly(t *testing.T) {
	t.Parallel()
	key, _ := newPasskey(t, "login.example.com")
	user := alice()
	user.Passkey = key
	site := provider(t, map[string]string{"/{$}": passkeyPageFor("get")})
	sent := signInWith(within(t, patience), t, sharedBrowser(t, binaries[0]), byName(t, site)+"/", signin.Config{User: user})
	require.Equal(t, sentPasskey{Error: "NotAllowedError"}, sent)
}

func TestPasskeyThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	site := provider(t, nil)
	good, _ := newPasskey(t, "localhost")
	with := func(change func(*signin.Passkey)) *signin.Passkey {
		k := *good
		change(&k)
		return &k
	}
	for name, c := range map[string]struct {
		url        string
		config     signin.Config
		text, hint string
	}{
		"an address in place of a name": {site.URL, signin.Config{User: signin.User{Name: "alice", Passkey: good}}, "bound to a domain name", "http://localhost:"},
		"an address to enrol at":        {site.URL, signin.Config{Enrol: &signin.Enrolment{Want: signin.ChallengePasskey}}, "bound to a domain name", "http://localhost:"},
		"another user's": {byName(t, site), signin.Config{User: signin.User{Name: "bob", Passkey: good}},
			`that of user "alice", and "bob" signs in`, "their own passkey"},
		"a key that is none": {byName(t, site), signin.Config{User: signin.User{Passkey: with(func(k *signin.Passkey) { k.Key = trace.NewSecret("private_key", "AAAA") })}},
			"want PKCS #8", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sharedBrowser(t, binaries[0]).Driver(c.config).SignIn(within(t, patience), request(t, c.url, testRedirect))
			e := requireCode(t, "signin.passkey_unusable", err)
			require.ErrorContains(t, e, c.text)
			require.Contains(t, e.Hint, c.hint)
			require.NotContains(t, e.Error(), good.Key.Reveal())
		})
	}
}

// events are those of a sign-in, as they come.
type events struct {
	mu  sync.Mutex
	all []trace.Event
}

func (e *events) Record(ev trace.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

// requireNoKey demands that a private key is in no event, whatever a recorder would take out of it.
func (e *events) requireNoKey(t testing.TB, k *signin.Passkey) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	require.NotEmpty(t, e.all)
	text, err := json.Marshal(e.all)
	require.NoError(t, err)
	for _, s := range k.Secrets() {
		v := []byte(s.Reveal())
		for _, spelt := range []string{string(v), hex.EncodeToString(v), base64.RawStdEncoding.EncodeToString(v), base64.RawURLEncoding.EncodeToString(v)} {
			require.NotContains(t, string(text), spelt)
		}
	}
}

// publicKey returns the public key of a passkey.
func publicKey(t testing.TB, k *signin.Passkey) *ecdsa.PublicKey {
	t.Helper()
	der, err := base64.StdEncoding.DecodeString(k.Key.Reveal())
	require.NoError(t, err)
	key, err := x509.ParsePKCS8PrivateKey(der)
	require.NoError(t, err)
	return &key.(*ecdsa.PrivateKey).PublicKey
}

// A passkey that a page has had made is read back, and signs the user in from then on. Its private key is in nothing that
// is told of the sign-in.
func TestPasskeyEnrolment(t *testing.T) {
	t.Parallel()
	inEach(t, func(t *testing.T, b *Browser) {
		enrol := &signin.Enrolment{Want: signin.ChallengePasskey}
		site := provider(t, map[string]string{"/{$}": passkeyPageFor("create")})
		var told events
		sent := signInWith(trace.WithRecorder(within(t, patience), &told), t, b, byName(t, site)+"/", signin.Config{User: alice(), Enrol: enrol})
		require.Empty(t, sent.Error)
		made := enrol.Passkey
		require.NotNil(t, made)
		require.NoError(t, made.Check())
		require.Equal(t, "localhost", made.RPID)
		require.Equal(t, "alice", made.User)
		require.Equal(t, "00u1", string(made.UserHandle))
		require.Equal(t, sent.ID, base64.RawURLEncoding.EncodeToString(made.ID))
		told.requireNoKey(t, made)

		user := alice()
		user.Passkey = made
		site = provider(t, map[string]string{"/{$}": passkeyPageFor("get")})
		sent = signInWith(within(t, patience), t, b, byName(t, site)+"/", signin.Config{User: user})
		sent.verify(t, "localhost", publicKey(t, made))
	})
}

// registeringPage tells the provider of a new passkey by a script, and then fails for another reason.
const registeringPage = `<title>Sign in</title><h1>Sign in</h1><form>
<label>Username <input name="username" autocomplete="username"></label>
<label>Password <input type="password" name="password" autocomplete="current-password"></label><button>Sign in</button></form>
<script>
const bytes = (text) => new TextEncoder().encode(text);
document.forms[0].addEventListener("submit", async (event) => {
  event.preventDefault();
  const made = await navigator.credentials.create({ publicKey: ` + createPasskey + ` });
  await fetch("/register", { method: "POST", body: JSON.stringify({ attestation: made.toJSON().response.attestationObject }) });
  document.body.innerHTML = "<h1>Your account is locked</h1>";
});
</script>`

// What the provider has taken is kept, even where the sign-in then fails; what it has refused is not.
func TestPasskeyIsKeptOnceTaken(t *testing.T) {
	t.Parallel()
	for status, kept := range map[int]bool{http.StatusOK: true, http.StatusBadRequest: false} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			mux := http.NewServeMux()
			mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprint(w, "<!doctype html>"+registeringPage)
			})
			mux.HandleFunc("/register", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
			site := httptest.NewServer(mux)
			t.Cleanup(site.Close)
			enrol := &signin.Enrolment{Want: signin.ChallengePasskey}
			_, err := sharedBrowser(t, binaries[0]).Driver(signin.Config{User: alice(), Enrol: enrol}).SignIn(within(t, patience), request(t, byName(t, site), testRedirect))
			requireCode(t, "signin.locked_out", err)
			require.Equal(t, kept, enrol.Passkey != nil)
		})
	}
}

// askingFrame has the passkey asked for by a frame of another origin, as a page does whose sign-in is another site's.
const askingFrame = `<iframe id="asks" allow="publickey-credentials-get *"></iframe>
<script>
asks.src = "http://sub.localhost:" + location.port + "/asks";
ask.get = () => new Promise((done) => {
  addEventListener("message", (e) => done(JSON.parse(e.data)));
  asks.contentWindow.postMessage("ask", "*");
});
</script>`

const asked = `<script>
const bytes = (text) => new TextEncoder().encode(text);
addEventListener("message", async (e) => e.source.postMessage(JSON.stringify(await navigator.credentials.get({ publicKey: ` + getPasskey + ` })), "*"));
</script>`

// Frames of a page, also those of another origin, and windows that it opens have the user's passkey, too.
func TestPasskeyInFramesAndWindows(t *testing.T) {
	t.Parallel()
	page := passkeyPageFor("get")
	for name, c := range map[string]struct {
		rp    string
		pages map[string]string
	}{
		"a frame": {"localhost", map[string]string{"/{$}": `<iframe src="/inner" width="600" height="400"></iframe>`,
			"/inner": strings.Replace(page, "<form ", `<form target="_top" `, 1)}},
		"a frame of another origin": {"sub.localhost", map[string]string{"/{$}": page + askingFrame, "/asks": asked}},
		"a window": {"localhost", map[string]string{"/{$}": `<title>Welcome</title><p>One moment, please wait.<script>window.open("/inner", "", "popup")</script>`,
			"/inner": page}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, public := newPasskey(t, c.rp)
			user := alice()
			user.Passkey = key
			sent := signInWith(within(t, patience), t, sharedBrowser(t, binaries[0]), byName(t, provider(t, c.pages))+"/", signin.Config{User: user})
			sent.verify(t, c.rp, public)
		})
	}
}
