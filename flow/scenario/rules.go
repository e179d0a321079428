package scenario

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// rules finds what does not go together in a run, and names that the file does not have.
func (r *Run) rules(in instance) hcl.Diagnostics {
	ctx := r.dryScope(in).context(BeforeRun)
	text := func(name string) string {
		s, _ := r.text(name, ctx)
		return s
	}
	list := func(name string) []string {
		all, _ := r.list(name, ctx)
		return all
	}
	f := r.file
	var idp Names
	if f.HasIDP && f.options.Provider != nil {
		idp = f.options.Provider.Names()
	}
	diags := r.oneOf("client", text("client"), slices.Concat(f.Clients, idp.Clients))
	diags = append(diags, r.oneOf("user", text("user"), slices.Concat(f.Users, idp.Users))...)
	diags = append(diags, r.chosen(text)...)
	for _, need := range []string{"faults", "variations", "advance"} {
		if r.has(need) && !f.HasIDP {
			diags = append(diags, mistake(r.attributes[need].NameRange, "No embedded provider", "%s is for the provider of an idp block, and the file has none.", need))
		}
	}
	if idp.Faults != nil {
		diags = append(diags, known("faults", list("faults"), r.where("faults"), idp.Faults)...)
		diags = append(diags, known("variations", list("variations"), r.where("variations"), idp.Variations)...)
	}
	return append(diags, r.clashes(text("sign_in") == noSignIn, list("then"))...)
}

func (r *Run) oneOf(kind, got string, have []string) hcl.Diagnostics {
	if got == "" || slices.Contains(have, got) || kind != "client" && kind != "user" {
		return nil
	}
	return hcl.Diagnostics{mistake(r.where(kind), "No "+kind+" of this name", "There is no %s %q. %s", kind, got, offer(got, have))}
}

// chosen reports a client or user that is not named where there are several.
func (r *Run) chosen(text func(string) string) hcl.Diagnostics {
	var diags hcl.Diagnostics
	if text("sign_in") == noSignIn {
		return nil
	}
	for _, k := range []struct {
		kind string
		have []string
	}{{"client", r.file.Clients}, {"user", r.file.Users}} {
		switch {
		case r.has(k.kind), len(k.have) == 1, len(k.have) == 0 && r.file.HasIDP, k.kind == "user" && r.has("refresh_token"):
		case len(k.have) == 0:
			diags = append(diags, mistake(r.At, "No "+k.kind, "Write a %s block: there is none.", k.kind))
		default:
			diags = append(diags, mistake(r.At, "Which "+k.kind+"?", "Write %s = \"…\": there are %s.", k.kind, quoted(k.have)))
		}
	}
	return diags
}

// clashes are attributes and blocks that exclude each other.
func (r *Run) clashes(noExchange bool, then []string) hcl.Diagnostics {
	send, expect := r.one("send"), r.one("expect_error")
	refreshes := r.has("refresh_token") || slices.Contains(then, "refresh")
	var diags hcl.Diagnostics
	for _, c := range []struct {
		is     bool
		at     func() hcl.Range
		detail string
	}{
		{r.has("checks") && send != nil, func() hcl.Range { return send.at }, "checks makes an exchange of its own: leave send out."},
		{r.has("checks") && expect != nil, func() hcl.Range { return expect.at }, "checks says itself what must fail: leave expect_error out."},
		{r.has("checks") && r.has("refresh_token"), func() hcl.Range { return r.where("refresh_token") }, "checks makes an exchange of its own: leave refresh_token out."},
		{r.has("checks") && r.has("then"), func() hcl.Range { return r.where("then") }, "checks makes an exchange of its own, with all steps: leave then out."},
		{noExchange && send != nil, func() hcl.Range { return send.at }, `With sign_in = "none" there is no exchange to send anything in.`},
		{noExchange && expect != nil, func() hcl.Range { return expect.at }, `With sign_in = "none" there is no exchange that could fail.`},
		{noExchange && r.has("checks"), func() hcl.Range { return r.where("checks") }, `With sign_in = "none" there is no exchange to check.`},
		{noExchange && r.has("then"), func() hcl.Range { return r.where("then") }, `With sign_in = "none" there is no exchange to go on from.`},
		{noExchange && r.has("refresh_token"), func() hcl.Range { return r.where("refresh_token") }, `A refresh token is redeemed without a sign-in anyway: leave sign_in out.`},
		{send.has("refresh_token") && !refreshes, func() hcl.Range { return send.where("refresh_token") }, `The run redeems no refresh token: write refresh_token, or then = ["refresh"].`},
		{expect != nil && len(expect.attributes) == 0, func() hcl.Range { return expect.at }, "An error of any kind is expected: want step, code or message."},
	} {
		if c.is {
			diags = append(diags, mistake(c.at(), "Does not go together", "%s", c.detail))
		}
	}
	return diags
}
