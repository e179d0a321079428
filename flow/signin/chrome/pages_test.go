package chrome

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// Pages as providers make them. Each is signed in to with a name and a password, and all send the same.
var pages = map[string]map[string]string{
	"one form": {"/{$}": login},
	"the name first, then the password": {
		"/{$}": `<title>Sign in</title><form action="/password"><label>Username <input name="username"></label><button>Next</button></form>`,
		"/password": `<title>Sign in</title><form method="post" action="/done"><input type="hidden" name="username" value="alice">
<label>Password <input type="password" name="password"></label><button>Sign in</button></form>`},
	"no button: Enter sends": {"/{$}": `<title>Sign in</title><form method="post" action="/done"><label>Username <input name="username"></label>
<label>Password <input type="password" name="password"></label><input type="submit" hidden></form>`},
	"a button that a script enables at input": {"/{$}": login + `<script>
const b = document.querySelector("button"); b.disabled = true;
document.querySelector("[name=password]").addEventListener("input", () => { b.disabled = false });</script>`},
	"a button that a script enables later": {"/{$}": login + `<script>
const b = document.querySelector("button"); b.disabled = true;
document.querySelector("[name=password]").addEventListener("input", () => setTimeout(() => { b.disabled = false }, 200));</script>`},
	"a button that a script enables at a key": {"/{$}": login + `<script>
const b = document.querySelector("button"); b.disabled = true;
document.querySelector("[name=password]").addEventListener("keyup", () => { b.disabled = false });</script>`},
	"a form drawn late": {"/{$}": `<title>Sign in</title><div id="root"></div><script>
setTimeout(() => { document.getElementById("root").innerHTML = ` + quoted(login) + ` }, 400);</script>`},
	"a form drawn in two steps": {"/{$}": `<title>Sign in</title><div id="root"><form><label>Username <input name="username"></label></form></div><script>
setTimeout(() => { document.getElementById("root").innerHTML = ` + quoted(login) + ` }, 40);</script>`},
	"fields drawn anew at input": {"/{$}": `<title>Sign in</title><div id="root">` + login + `</div><script>
let drawn = false;
document.addEventListener("input", (e) => {
  if (drawn || e.target.name !== "password") return;
  drawn = true;
  document.getElementById("root").innerHTML = ` + quoted(login) + `;
});</script>`},
	"a form drawn anew for ever, with its values": {"/{$}": `<title>Sign in</title><div id="root"></div><script>
let values = {};
const draw = () => {
  document.getElementById("root").innerHTML = ` + quoted(login) + `;
  for (const i of document.querySelectorAll("input")) { i.value = values[i.name] || ""; i.oninput = () => { values[i.name] = i.value } }
};
draw(); setTimeout(draw, 60); setTimeout(draw, 130);</script>`},
	"a page that changes without a navigation": {"/{$}": `<title>Sign in</title><div id="root"><h1>Sign in</h1>
<form id="f"><label>Username <input name="username"></label><button>Next</button></form></div><script>
document.getElementById("f").onsubmit = (e) => {
  e.preventDefault();
  history.pushState({}, "", "/challenge");
  setTimeout(() => { document.getElementById("root").innerHTML = ` + quoted(`<h1>Enter your password</h1><form method="post" action="/done">
<input type="hidden" name="username" value="alice"><label>Password <input type="password" name="password"></label><button>Verify</button></form>`) + ` }, 100);
};</script>`},
	"a form that a script sends": {"/{$}": login + `<p id="wait"></p><script>
document.forms[0].onsubmit = async (e) => {
  e.preventDefault();
  const body = new URLSearchParams(new FormData(e.target));
  document.querySelector("button").disabled = true;
  document.getElementById("wait").textContent = "Signing in…";
  await new Promise((done) => setTimeout(done, 300));
  await fetch("/check", { method: "POST", body });
  location.href = "/done?" + body;
};</script>`, "/check": "{}"},
	"a button that is none": {"/{$}": `<title>Sign in</title><form id="f" method="post" action="/done"><label>Username <input name="username"></label>
<label>Password <input type="password" name="password"></label><div role="button" tabindex="0" onclick="f.submit()">Sign in</div></form>`},
	"a shadow root": {"/{$}": `<title>Sign in</title><sign-in></sign-in><script>
customElements.define("sign-in", class extends HTMLElement {
  connectedCallback() { this.attachShadow({ mode: "open" }).innerHTML = ` + quoted(login) + ` }
});</script>`},
	"a frame": {"/{$}": `<title>Sign in</title><div style="height: 300px">Welcome</div><iframe src="/frame" width="500" height="300"></iframe>`,
		"/frame": `<div style="height: 100px"></div>` + `<form method="post" action="/done" target="_top"><label>Username <input name="username"></label>
<label>Password <input type="password" name="password"></label><button>Sign in</button></form>`},
	"a button far below": {"/{$}": `<title>Sign in</title><form method="post" action="/done"><label>Username <input name="username"></label>
<label>Password <input type="password" name="password"></label><div style="height: 5000px"></div><button>Sign in</button></form>`},
	"something over the button for a while": {"/{$}": login + `<div id="over" style="position: fixed; inset: 0; background: white">Loading</div><script>
setTimeout(() => document.getElementById("over").remove(), 300);</script>`},
	"something over the button for ever": {"/{$}": login + `<div style="position: fixed; inset: 0; background: white; opacity: .1"></div>`},
	"a button that moves":                {"/{$}": `<style>button { animation: in .3s; position: relative } @keyframes in { from { left: 900px } to { left: 0 } }</style>` + login},
	"dialog boxes": {"/{$}": login + `<script>
alert("welcome"); addEventListener("beforeunload", (e) => { e.preventDefault(); e.returnValue = "sure?" });
document.querySelector("button").addEventListener("click", () => { alert("now") });</script>`},
	"a form in a window of its own": {"/{$}": `<title>Welcome</title><p>One moment, please wait.<script>window.open("/form", "", "popup")</script>`, "/form": login},
	"a form that opens a window": {"/{$}": `<title>Sign in</title><form method="post" action="/done" target="_blank"><label>Username <input name="username"></label>
<label>Password <input type="password" name="password"></label><button>Sign in</button></form>`},
	"fields that only look like some": {"/{$}": `<title>Sign in</title><form method="post" action="/done">
<div style="display: none"><input name="email" type="email"><input name="trap" type="password" disabled></div>
<input style="position: absolute; left: -9999px" name="website" disabled>
<label>Username <input name="username"></label><label>Password <input type="password" name="password"></label><button>Sign in</button>
<button type="reset">Clear</button></form>`, "/done2": ""},
	"a name that is there already": {"/{$}": `<title>Sign in</title><form method="post" action="/done"><label>Username <input name="username" value="bob"></label>
<label>Password <input type="password" name="password" value="old"></label><button>Sign in</button></form>`},
	"stay signed in": {"/{$}": `<title>Sign in</title><form method="post" action="/kmsi"><label>Username <input name="username"></label>
<label>Password <input type="password" name="password"></label><button>Sign in</button></form>`,
		"/kmsi": `<title>Stay signed in?</title><h1>Stay signed in?</h1><form method="post" action="/done">
<input type="hidden" name="username" value="alice"><input type="hidden" name="password" value="correct horse"><input type="button" value="Yes"><input type="submit" value="No"></form>`},
	"consent": {"/{$}": `<title>Sign in</title><form method="post" action="/consent"><label>Username <input name="username"></label>
<label>Password <input type="password" name="password"></label><button>Sign in</button></form>`,
		"/consent": `<title>Consent</title><h1>Web would like to access your profile</h1><form method="post" action="/done">
<input type="hidden" name="username" value="alice"><input type="hidden" name="password" value="correct horse"><button type="button">Deny</button> <button>Allow access</button></form>`},
	"slow styles and scripts": {"/{$}": `<link rel="stylesheet" href="/slow.css"><script src="/slow.js" async></script>` + login},
}

// quoted is html as a string of a script.
func quoted(html string) string {
	b, err := json.Marshal(html)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestPages(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	for name, site := range pages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cb, err := signInAt(t, b, provider(t, site))
			require.NoError(t, err)
			form, err := url.ParseQuery(cb.Params.Get("form"))
			require.NoError(t, err)
			require.Equal(t, "alice", form.Get("username"))
			require.Equal(t, "correct horse", form.Get("password"))
		})
	}
}

// The pages that most depend on the browser, in each of them.
func TestPagesInEachBrowser(t *testing.T) {
	t.Parallel()
	inEach(t, func(t *testing.T, b *Browser) {
		for _, name := range []string{"the name first, then the password", "a form that a script sends", "a frame", "dialog boxes", "a form in a window of its own"} {
			cb, err := signInAt(t, b, provider(t, pages[name]))
			require.NoError(t, err, name)
			require.Contains(t, cb.Params.Get("form"), "password=correct+horse", name)
		}
	})
}

// refuser is a site whose script posts the password and shows a message in the page. It counts the posts.
func refuser(t *testing.T, message string) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var posts atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html>%s<p id="m"></p><script>
document.forms[0].onsubmit = async (e) => {
  e.preventDefault();
  document.querySelector("button").disabled = true;
  const r = await fetch("/check", { method: "POST", body: new URLSearchParams(new FormData(e.target)) });
  if (!r.ok) document.getElementById("m").outerHTML = %s;
  document.querySelector("button").disabled = false;
};</script>`, login, quoted(message))
	})
	mux.HandleFunc("/check", func(w http.ResponseWriter, _ *http.Request) {
		posts.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s, &posts
}

func TestRefusedWithoutNavigation(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	for name, message := range map[string]string{
		"an alert":          `<p role="alert">Wrong username or password.</p>`,
		"a class":           `<div class="infobox-error">Unable to sign in</div>`,
		"words, not marked": `<span>Your password is incorrect.</span>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, posts := refuser(t, message)
			_, err := signInAt(t, b, p)
			requireCode(t, "signin.invalid_credentials", err)
			require.Equal(t, int64(1), posts.Load(), "a rejected password is never sent twice")
		})
	}
}

// factor answers every challenge alike.
type factor struct{ code trace.Secret }

// Answer implements [signin.Factor].
func (f factor) Answer(context.Context, signin.Challenge) (trace.Secret, error) { return f.code, nil }

func TestCodeBoxes(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	boxes := `<title>Verify</title><h1>Enter the code from your authenticator app</h1><form id="f" method="post" action="/done"><input type="hidden" name="otp" id="otp">`
	for i := range 6 {
		boxes += fmt.Sprintf(`<input class="box" inputmode="numeric" autocomplete="one-time-code" aria-label="Code digit %d" maxlength="1" size="1">`, i+1)
	}
	boxes += `<button>Verify</button></form><script>
const all = [...document.querySelectorAll(".box")];
all.forEach((box, i) => box.addEventListener("input", () => {
  if (box.value && all[i+1]) all[i+1].focus();
  otp.value = all.map((b) => b.value).join("");
}));</script>`
	p := provider(t, map[string]string{"/{$}": boxes})
	u := alice()
	u.Factors = []signin.Factor{factor{trace.NewSecret("code", "123456")}}
	cb, err := b.Driver(signin.Config{User: u}).SignIn(within(t, patience), request(t, p.URL, testRedirect))
	require.NoError(t, err)
	require.Equal(t, "otp=123456", cb.Params.Get("form"))
}
