package chrome

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/mockidp"
)

// renaming calls the button of the password's screen otherwise than any release of the widget does.
const renaming = `
new MutationObserver(() => {
  if (!document.querySelector("#okta-sign-in [name='credentials.passcode']")) return;
  for (const b of document.querySelectorAll("#okta-sign-in form [type=submit]")) {
    for (const name of ["data-se", "data-type"]) b.setAttribute(name, "proceed");
  }
}).observe(document, {subtree: true, childList: true});`

func TestOktaWidgetOwnPages(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	own := func(press ...string) signin.Page {
		return signin.Page{Name: "proceed", Remediation: "challenge-authenticator", Press: press}
	}
	for _, c := range []struct {
		name  string
		page  signin.Page
		other bool // the page is for the other generation
		code  string
		says  string
	}{
		{name: "a selector of the user's", page: own(".not-there", `[data-se="proceed"]`)},
		{name: "none", code: "signin.page_stuck", says: "the button for challenge-authenticator"},
		{name: "for another generation", page: own(`[data-se="proceed"]`), other: true, code: "signin.page_stuck"},
		{name: "for another step", page: signin.Page{Name: "proceed", Remediation: "identify", Press: []string{`[data-se="proceed"]`}}, code: "signin.page_stuck"},
		{name: "no selector", page: own("button >"), code: "usage.bad_selector", says: `"button >" is no CSS selector`},
		{name: "out of the widget", page: own("nothing, #outside"), code: "signin.page_stuck"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inGenerations(t, func(t *testing.T, g int) {
				page := c.page
				if page.Generation = g; c.other {
					page.Generation = 5 - g
				}
				o := startOktaBehind(t, adding(renaming+outside), mockidp.Config{Org: mockidp.OktaOrg{Generation: g}}, "password")
				_, err := o.client(t, b, signin.Config{User: o.everything(t), Pages: signin.WithPages([]signin.Page{page})}).Run(within(t, patience))
				if c.code == "" {
					require.NoError(t, err)
					return
				}
				requireCode(t, c.code, err)
				require.ErrorContains(t, err, c.says)
				for _, r := range o.Requests() {
					require.NotContains(t, r.Path, "outside")
				}
			})
		})
	}
}

// outside is a button of the page that is none of the widget's.
const outside = `
addEventListener("DOMContentLoaded", () => {
  const b = document.body.appendChild(document.createElement("button"));
  b.id = "outside";
  b.textContent = "outside";
  b.onclick = () => fetch("/outside");
});`

// TestOktaWidgetOwnPagesRefuseConsent has selectors that would give consent, where it is to be refused.
func TestOktaWidgetOwnPagesRefuseConsent(t *testing.T) {
	t.Parallel()
	inGenerations(t, func(t *testing.T, g int) {
		o := startOkta(t, mockidp.OktaOrg{Generation: g}, "password", "consent")
		page := signin.Page{Name: "agree", Remediation: "consent", Press: []string{fmt.Sprintf("[data-se=%q]", "save"), "input[type=submit]"}}
		_, err := o.client(t, sharedBrowser(t, binaries[0]), signin.Config{User: o.everything(t), Consent: signin.Deny, Pages: signin.WithPages([]signin.Page{page})}).
			Run(within(t, patience))
		requireCode(t, "authorize.access_denied", err)
	})
}
