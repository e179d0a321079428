package cmd

import (
	"strings"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/mockidp"
)

// configHelp says what a file can say.
func configHelp() string {
	return `A file, --config FILE or else ./oidcflow.hcl, says what flags would say. Secrets come from functions:

  env("NAME")        an environment variable
  file("NAME")       a file below the file's folder, or below --allow-file DIR
  command("CMD", …)  what a program prints, with --allow-command

A file that was not named with --config may use neither command() nor --allow-file.

  issuer = "https://login.example.com"    # or authorization_url, token_url, jwks_url, userinfo_url
  sign_in       = "auto"
  sign_in_hosts = ["sso.example.com"]
  factor_order  = ["totp", "question"]    # where several are offered
  allow_push    = false                   # true: wait for a person to answer a push message

  client "web" {                          # --client web; the only one is taken without
    client_id                  = "0oa1"   # the label, if left out
    secret                     = file("web.secret")
    token_endpoint_auth_method = "client_secret_basic"
    redirect_uri               = "https://app.example.com/callback"
    scopes                     = ["openid", "email"]
  }

  user "alice" {                          # --user alice, or --username alice
    username     = "alice@example.com"    # the label, if left out
    password     = env("ALICE_PASSWORD")
    new_password = command("vault", "new")  # set where the old one has expired; not looked up before
    totp         = file("alice.totp")
    passkey      = file("alice.passkey")  # as 'oidcflow passkey enrol' writes it
    answers      = { "Favourite food?" = env("ALICE_FOOD") }
    code_command = "mailbox alice"
  }

A page that a sign-in does not know, or does not know well, is described by a block. One with the name of ours takes its
place, the others are tried before ours (see 'oidcflow list pages'). Words are compared without case and punctuation.

  page "terms" {
    doc   = "our terms of use"
    when {                                # any of several blocks is enough; all in one must hold
      text   = ["terms of use"]           # a phrase on the page; head: in its title or a heading
      absent = ["typed"]                  # no field to type into
    }
    press = ["I accept", "Continue"]      # what the button says, the best first
  }

  page "badge" {
    when {
      fields  = ["code"]                  # what one form asks for
      without = ["password"]
      head    = ["badge number"]
    }
    fill      = ["code"]
    challenge = "code"                    # totp and code for a code, question for an answer
  }

` + pageHelp() + `

With --mock, and for oidcflow mock, a block describes the embedded provider:

  idp {
    profile    = "okta"                   # or strict
    login      = "form"                   # or auto, okta
    faults     = []
    variations = []

    server "default" {
      audience          = "api://default"
      scopes            = ["api:read"]
      access_token_ttl  = "1h"
      refresh_token_ttl = "168h"
      alg               = "RS256"         # or ES256, PS256, EdDSA
    }
    client "tool" {
      secret                    = "…"     # none: a public client
      redirect_uris             = ["http://localhost:8080/callback"]
      post_logout_redirect_uris = ["http://localhost:8080"]
      grant_types               = ["authorization_code", "refresh_token"]
      require_pkce              = false   # also require_par, require_dpop, require_consent
    }
    user "alice" {
      password = "…"
      email    = "alice@example.com"
      totp     = "JBSWY3DPEHPK3PXP"
      groups   = ["admins"]
      claims   = { department = "qa" }
    }
  }

With login okta it is an organisation of Okta's. What a user is asked for is in the user's policy; without one that is the
password, and with a TOTP secret google_otp. Names with | between them are a choice.

  idp {
    okta {                                # says login = "okta", too; everything in it is optional
      engine     = "identity"             # or classic
      page       = "default"              # or custom, databag: how the page hands its state over
      generation = 2                      # or 3: of the sign-in widget
      first      = ["identify"]           # or identify-password; device-challenge before it
      idp        = "https://idp.example.com/"   # where redirect-idp leads
      name       = "Example"

      show_lock_outs       = false        # name a locked account as such
      hide_unknown_users   = false        # ask an unknown user for a password
      granular_consent     = false        # let scopes be chosen one by one
      redirect_remediation = false        # success and failure are remediations
      device_fingerprints  = false        # the page takes the browser's fingerprint
      rate_limits          = false        # turn away who asks too often
    }
    user "alice" {
      password = "…"
      totp     = "JBSWY3DPEHPK3PXP"
      question = "Favourite food?"
      answer   = "…"
      phone    = "+1 555 0100"
      policy   = ["password", "google_otp|question|email", "keep-me-signed-in"]
      passkey {                           # WebAuthn
        id         = "…"                  # base64url
        public_key = file("alice.pem")
        sign_count = 0
      }
    }
  }

` + wrapped("A policy is made of ", mockidp.Screens())
}

// wrapped is a sentence that ends with names, in lines of a terminal.
func wrapped(begin string, names []string) string {
	const width = 120
	text, line := "", begin
	for i, name := range names {
		if name += map[bool]string{true: ".", false: ", "}[i == len(names)-1]; len(line)+len(name) > width {
			text, line = text+strings.TrimRight(line, " ")+"\n", ""
		}
		line += name
	}
	return text + line
}

// pageHelp says what a page block may do and name.
func pageHelp() string {
	return `A page does one of these: fill fields and press, press, choose the way of verification that the user can answer, wait,
or end the sign-in with a code and a hint; deny is what to press instead where consent is refused. A when block has
fields, without, absent, head, text, no_text, button, no_button, captcha, method, verdict, oauth, status.

A page with a remediation is a screen of Okta's Sign-In Widget, for --sign-in chrome: Okta's answer tells which one it is
and what it asks, so it has no when block. Its press and deny are CSS selectors, tried before the built-in ones inside
the widget only; {method} in them stands for the authenticator that is chosen, such as okta_verify-totp. With generation
it is for the second generation of the widget alone, or the third.

  page "verify" {
    remediation = "challenge-authenticator"
    generation  = 3
    press       = ["button[data-se=\"verify\"]"]
  }

` + strings.Join([]string{
		wrapped("Kinds of fields: ", signin.KindNames()),
		wrapped("To fill: ", signin.Fillable()),
		wrapped("Codes: ", signin.Codes()),
		wrapped("Remediations: ", signin.Remediations()),
	}, "\n\n")
}
